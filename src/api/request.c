#include "api/request.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/iso_time.h"
#include "base/utf8.h"
#include "usage/commit_thread.h"
#include "base/banned.h"

enum { TEXT_MAX = 1024, PAGE_SIZE_TYPE_MAX = 2147483647 };

/* ---- one value of each type ---- */

static int check_int(struct arg *a, struct error *err)
{
	const struct param *p = a->param;
	int64_t max = p->type == PT_PAGE_SIZE ? PAGE_SIZE_TYPE_MAX : p->max;

	if (a->text[strspn(a->text, "-0123456789")] ||
	    decimal_parse(a->text, strlen(a->text), 0, INT64_MAX, &a->n) != DECIMAL_OK ||
	    a->n < p->min || a->n > max)
		return error_set(err, ERR_PARAM, p->name,
				 "'%.40s' is not a whole number from %lld to %lld", a->text,
				 (long long)p->min, (long long)p->max);
	if (a->n > p->max)
		a->n = p->max;
	return 0;
}

static int check_bool(struct arg *a, struct error *err)
{
	if (strcasecmp(a->text, "true") != 0 && strcasecmp(a->text, "false") != 0)
		return error_set(err, ERR_PARAM, a->param->name,
				 "'%.40s' is neither true nor false", a->text);
	a->yes = a->text[0] == 't' || a->text[0] == 'T';
	return 0;
}

static int check_enum(struct arg *a, struct error *err)
{
	const struct param *p = a->param;
	char list[200] = "";
	size_t len = 0;

	for (const char *const *v = p->values; *v; v++) {
		if (strcmp(a->text, *v) == 0) {
			a->n = v - p->values;
			return 0;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					v == p->values ? "" : ", ", *v);
	}
	return error_set(err, ERR_PARAM, p->name, "'%.40s' is not one of %s", a->text, list);
}

static int check_date(const struct request *rq, struct arg *a, struct error *err)
{
	const struct dialect *d = rq->op->dialect;
	const struct arg *zone = NULL;

	for (int i = 0; rq->op->params[i].name; i++)
		if (rq->op->params[i].type == PT_ZONE)
			zone = &rq->args[i];
	if (d->parse_date(a->text, strlen(a->text),
			  zone_date(zone && zone->zone ? zone->zone : zone_find(NULL), rq->now),
			  &a->date))
		return 0;
	if (d->errors[ERR_FORMAT].name)
		return error_set(err, ERR_FORMAT, a->param->name,
				 "String '%.40s' was not recognized as a valid DateTime; %s",
				 a->text, d->date_hint);
	return error_set(err, ERR_FORMAT, a->param->name, "'%.40s' is not a date; %s", a->text,
			 d->date_hint);
}

static int check_instant(struct arg *a, struct error *err)
{
	if (!iso_time_parse(a->text, strlen(a->text), &a->instant_us))
		return error_set(err, ERR_FORMAT, a->param->name,
				 "'%.40s' is not a time of ISO 8601, such as 2026-11-21T10:00:00Z",
				 a->text);
	return 0;
}

static int check_zone(struct arg *a, struct error *err)
{
	a->zone = zone_find(a->text);
	if (!a->zone)
		return error_set(
			err, ERR_PARAM, a->param->name,
			"'%.40s' is not a time zone of the IANA list, such as Europe/Vienna",
			a->text);
	return 0;
}

static int check_category(const struct request *rq, struct arg *a, struct error *err)
{
	a->category = catalogue_find(rq->catalogue, a->text, strlen(a->text));
	if (a->category == CATALOGUE_NONE)
		return error_set(err, ERR_PARAM, a->param->name,
				 "'%.64s' is not a category of this server", a->text);
	return 0;
}

static int check_group(const struct request *rq, struct arg *a, struct error *err)
{
	const struct dimensions *d = &rq->catalogue->dimensions;
	const char *names = "";

	a->n = dimension_find(d, a->text, strlen(a->text));
	if (a->n < DIMENSIONS)
		return 0;
	for (const char *const *v = a->param->values; *v; v++) {
		if (strcmp(*v, a->text) == 0) {
			a->n = DIMENSIONS + (v - a->param->values);
			return 0;
		}
		names = arena_join(rq->arena, names, ", ", *v, NULL);
	}
	for (int i = DIMENSIONS - 1; i >= 0; i--)
		if (d->info[i])
			names = arena_join(rq->arena, ", ", d->info[i]->group, names, NULL);
	return error_set(err, ERR_PARAM, a->param->name, "'%.64s' is none of %.400s", a->text,
			 names + 2);
}

static int check_text(const struct arg *a, struct error *err)
{
	const struct param *p = a->param;
	size_t len = strlen(a->text);

	if ((int64_t)len < p->min || (int64_t)len > (p->max ? p->max : TEXT_MAX))
		return error_set(err, ERR_PARAM, p->name, "must have from %lld to %lld bytes",
				 (long long)p->min, (long long)(p->max ? p->max : TEXT_MAX));
	if (!utf8_plain(a->text, len)) /* no event can have this value */
		return error_set(err, ERR_PARAM, p->name,
				 "must be UTF-8 without control characters");
	return 0;
}

static int check_value(const struct request *rq, struct arg *a, struct error *err)
{
	switch (a->param->type) {
	case PT_ACCOUNT:
	case PT_TEXT:
		return check_text(a, err);
	case PT_PAGE_SIZE:
	case PT_INT:
		return check_int(a, err);
	case PT_BOOL:
		return check_bool(a, err);
	case PT_ENUM:
		return check_enum(a, err);
	case PT_DATE:
		return check_date(rq, a, err);
	case PT_INSTANT:
		return check_instant(a, err);
	case PT_ZONE:
		return check_zone(a, err);
	case PT_CATEGORY:
		return check_category(rq, a, err);
	case PT_GROUP:
		return check_group(rq, a, err);
	}
	return error_set(err, ERR_INTERNAL, a->param->name, "has no known type");
}

/* ---- binding ---- */

bool param_named(const char *name, size_t len, const char *want, bool any_case)
{
	size_t want_len = strlen(want);

	if (!any_case)
		return len == want_len && memcmp(name, want, len) == 0;
	for (;; name++, len--, want++) {
		while (len && *name == '_') {
			name++;
			len--;
		}
		while (*want == '_')
			want++;
		if (!len || !*want)
			return !len && !*want;
		if (tolower((unsigned char)*name) != tolower((unsigned char)*want))
			return false;
	}
}

const struct arg *request_arg(const struct request *rq, const char *name)
{
	for (int i = 0; rq->op->params[i].name; i++)
		if (strcmp(rq->op->params[i].name, name) == 0)
			return &rq->args[i];
	assert(!"an operation reads a parameter that isn't in its table");
	return NULL;
}

/*
 * The value in VARIABLE ("NAME=value", "HTTP_" removed) if the variable is the
 * header NAME; else NULL.
 */
static const char *header_value(const char *variable, const char *name)
{
	for (; *name; name++, variable++)
		if (*variable != (*name == '-' ? '_' : toupper((unsigned char)*name)))
			return NULL;
	return *variable == '=' ? variable + 1 : NULL;
}

const char *request_header(const struct request *rq, const char *name)
{
	for (char *const *v = rq->variables; v && *v; v++) {
		const char *value = strncmp(*v, "HTTP_", 5) == 0 ? header_value(*v + 5, name)
								 : NULL;

		if (value)
			return value;
	}
	return NULL;
}

struct arg *request_args(struct arena *arena, const struct op *op)
{
	struct arg *args = arena_array(arena, struct arg, PARAMS_MAX);

	for (int i = 0; op->params[i].name; i++)
		args[i] = (struct arg) { .param = &op->params[i] };
	return args;
}

const struct param *request_param(const struct request *rq, const char *name)
{
	size_t len = strlen(name);

	for (const struct param *p = rq->op->params; p->name; p++)
		if (param_named(name, len, p->name, rq->op->dialect->any_case))
			return p;
	return NULL;
}

void request_give(struct request *rq, const struct param *p, const char *value)
{
	struct arg *arg = &rq->args[p - rq->op->params];
	bool joins = arg->given && *arg->text && rq->op->dialect->any_case;

	if (!*value && !((p->flags & PARAM_CLEARS) && !arg->given))
		return;
	arg->text = joins ? arena_join(rq->arena, arg->text, ",", value, NULL) : value;
	arg->given = true;
}

static int check_arg(const struct request *rq, struct arg *arg, struct error *err)
{
	if (!arg->given)
		arg->text = arg->param->def;
	return arg->text && *arg->text ? check_value(rq, arg, err) : 0;
}

/*
 * Checks that required parameters are given; the error names all that are
 * missing.
 */
static int check_required(const struct request *rq, struct error *err)
{
	char names[sizeof(err->param)] = "";
	size_t len = 0;

	for (int i = 0; rq->op->params[i].name; i++) {
		const struct param *p = &rq->op->params[i];

		if ((p->flags & PARAM_REQUIRED) && !rq->args[i].text && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? "," : "", p->name);
	}
	return len ? error_set(err, ERR_MISSING, names, "Value cannot be null; it must be given")
		   : 0;
}

int request_check(struct request *rq, struct error *err)
{
	/* time zones first: dates relative to today need them */
	for (int zones = 1; zones >= 0; zones--)
		for (int i = 0; rq->op->params[i].name; i++)
			if ((rq->op->params[i].type == PT_ZONE) == zones &&
			    check_arg(rq, &rq->args[i], err) < 0)
				return -1;
	return check_required(rq, err);
}

/*
 * Checks only the parameters that identify a form's record. Other parameters
 * may be invalid, because the form shows them again.
 */
static int check_subject(struct request *rq, struct error *err)
{
	assert(rq->admitted);
	for (int i = 0; rq->op->params[i].name; i++)
		if ((rq->op->params[i].flags & (PARAM_PATH | PARAM_SUBJECT)) &&
		    check_arg(rq, &rq->args[i], err) < 0)
			return -1;
	return 0;
}

int request_ask(struct request *rq, struct writer *w, struct error *err)
{
	if (check_subject(rq, err) < 0)
		return -1;
	if (rq->op->form->ask)
		return rq->op->form->ask(rq, w, err);
	writer_about(w, rq->op->title, arena_join(rq->arena, rq->op->doc, ".", NULL));
	writer_begin(w, NULL, rq->op->returns);
	writer_end(w);
	return 0;
}

int request_fill(struct request *rq, struct error *err)
{
	if (!rq->op->form->fill)
		return 0;
	return check_subject(rq, err) < 0 ? -1 : rq->op->form->fill(rq, err);
}

void request_preset(struct request *rq, const char *name, const char *value)
{
	const struct arg *arg = request_arg(rq, name);

	if (!arg->given || !*arg->text)
		request_give(rq, arg->param, value);
}

/* ---- cookies ---- */

const char *request_cookie(const struct request *rq, const char *name, size_t *ret_len)
{
	const char *cookies = rq->cookie;
	size_t name_len = strlen(name);

	while (*cookies) {
		size_t len;

		cookies += strspn(cookies, "; \t");
		len = strcspn(cookies, ";");
		if (len > name_len && cookies[name_len] == '=' &&
		    memcmp(cookies, name, name_len) == 0) {
			for (*ret_len = len - name_len - 1;
			     *ret_len && strchr(" \t", cookies[name_len + *ret_len]); --*ret_len)
				;
			return cookies + name_len + 1;
		}
		cookies += len;
	}
	return NULL;
}

/*
 * The place for the cookie NAME: the place of an earlier cookie of this name,
 * or a new place.
 */
static const char **cookie_place(struct reply *r, const char *name)
{
	size_t len = strlen(name), i = 0;

	while (i < r->n_cookies &&
	       (strncmp(r->cookies[i], name, len) != 0 || r->cookies[i][len] != '='))
		i++;
	r->n_cookies += i == r->n_cookies;
	assert(r->n_cookies <= REPLY_COOKIES);
	return &r->cookies[i];
}

/* Uses Max-Age: some clients split Expires at its comma. */
void request_set_cookie(struct request *rq, const char *name, const char *value, int64_t seconds)
{
	const char *age = seconds == COOKIE_SESSION
				  ? ""
				  : arena_printf(rq->arena, "; Max-Age=%lld", (long long)seconds);
	const char *secure = strncmp(rq->base_url, "https:", 6) == 0 ? "; Secure" : "";

	*cookie_place(&rq->reply, name) = arena_join(rq->arena, name, "=", value, age,
						     "; Path=/; HttpOnly", secure, "; SameSite=Lax",
						     NULL);
}

/* ---- calls ---- */

int request_begin_read(struct request *rq, struct error *err)
{
	return rq->unread ? rq->identify(rq, err) : 0;
}

int request_change(struct request *rq, int (*job)(struct store *st, void *arg, struct error *err),
		   void *arg, struct error *err)
{
	if (!rq->worker->commits)
		return error_set(err, ERR_BUSY, NULL, "changes need a running server");
	store_end(rq->store);
	if (commit_thread_run(rq->worker->commits, job, arg, err) < 0)
		return -1;
	return store_begin_read(rq->store, err);
}

int request_run(struct request *rq, struct writer *w, struct error *err)
{
	assert(rq->admitted);
	return request_check(rq, err) < 0 ? -1 : rq->op->run(rq, w, err);
}
