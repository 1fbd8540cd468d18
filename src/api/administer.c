#include "api/administer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "base/civil.h"
#include "store/account.h"
#include "base/banned.h"

struct administer_task {
	const struct request *rq;
	admin_work work;
	void *arg;
};

struct admin request_admin(const struct request *rq)
{
	return (struct admin) { .st = rq->store,
				.arena = rq->arena,
				.by = rq->who,
				.author = principal_actor(rq->who, rq->arena),
				.now_us = clock_now_us() };
}

/* Runs in the commit thread; the request waits. */
static int run_job(struct store *st, void *arg, struct error *err)
{
	const struct administer_task *job = arg;
	struct admin a = request_admin(job->rq);

	a.st = st;
	return job->work(&a, job->arg, err);
}

/*
 * Replaces the error's parameter by the operation's own name for it: "user" by
 * "User".
 */
static void spell_param(const struct op *op, struct error *err)
{
	for (const struct param *p = op->params; p->name; p++)
		if (strcasecmp(p->name, err->param) == 0)
			snprintf(err->param, sizeof(err->param), "%s", p->name);
}

int administer(struct request *rq, admin_work work, void *arg, struct error *err)
{
	struct administer_task job = { rq, work, arg };

	if (request_change(rq, run_job, &job, err) == 0)
		return 0;
	spell_param(rq->op, err);
	return -1;
}

static int compare_ids(const void *a, const void *b)
{
	const struct account *x = *(const struct account *const *)a,
			     *y = *(const struct account *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

struct account_names account_names_of(const struct request *rq, const struct account *list,
				      size_t n)
{
	struct account_names ret = { list, n,
				     arena_array(rq->arena, const struct account *, n + 1) };

	for (size_t i = 0; i < n; i++)
		ret.by_id[i] = &list[i];
	qsort(ret.by_id, n, sizeof(*ret.by_id), compare_ids);
	return ret;
}

int account_names_load(const struct request *rq, struct account_names *ret, struct error *err)
{
	struct account *list;
	size_t n;

	if (access_accounts_around(rq, &list, &n, err) < 0)
		return -1;
	*ret = account_names_of(rq, list, n);
	return 0;
}

const struct account *account_names_find(const struct account_names *names, int64_t id)
{
	const struct account wanted = { .id = id }, *key = &wanted;
	const struct account *const *found = bsearch(&key, names->by_id, names->n,
						     sizeof(*names->by_id), compare_ids);

	return found ? *found : NULL;
}

int64_t *account_ids_seen(const struct request *rq, const struct account_names *names,
			  size_t *ret_n)
{
	int64_t *ids = arena_array(rq->arena, int64_t, names->n + 1);

	*ret_n = 0;
	for (size_t i = 0; i < names->n; i++)
		if (principal_sees(rq->who, &names->list[i]))
			ids[(*ret_n)++] = names->list[i].id;
	return ids;
}

const char *const *account_sids(const struct request *rq, const struct account_names *names,
				const int64_t *ids, size_t n)
{
	const char **list = arena_array(rq->arena, const char *, n + 1);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct account *a = account_names_find(names, ids[i]);

		if (a)
			list[found++] = a->sid;
	}
	return list;
}

const char *account_words(const struct request *rq, const struct account_names *names,
			  const int64_t *ids, size_t n)
{
	const char *words = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct account *a = account_names_find(names, ids[i]);

		if (a)
			words = words ? arena_join(rq->arena, words, ", ", a->name, NULL) : a->name;
	}
	return words;
}

const char *const *split_list(const struct request *rq, const char *text, size_t *ret_n)
{
	size_t n = 1;
	const char **list;

	for (const char *p = text; p && *p; p++)
		n += *p == ',';
	list = arena_array(rq->arena, const char *, n);
	*ret_n = 0;
	while (text && *text) {
		size_t len = strcspn(text, ",");

		if (len)
			list[(*ret_n)++] = arena_strn(rq->arena, text, len);
		text += len + (text[len] == ',');
	}
	return list;
}

const char *instant_text(const struct request *rq, int64_t seconds)
{
	char text[INSTANT_TEXT];

	if (!seconds)
		return NULL;
	instant_format(text, seconds * USEC_PER_SEC);
	return arena_str(rq->arena, text);
}

const char *day_text(const struct request *rq, int64_t seconds)
{
	char text[DATE_TEXT];

	if (!seconds)
		return NULL;
	date_format(text, date_from_days(floor_div(seconds, SEC_PER_DAY)));
	return arena_str(rq->arena, text);
}
