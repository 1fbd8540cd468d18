#include "usage/suspension.h"

#include <stdlib.h>
#include "base/civil.h"
#include "store/account.h"
#include "base/banned.h"

struct suspensions {
	struct arena arena;
	struct suspension *list; /* in the order of account ids */
	size_t n;
	int64_t version; /* store_version when read; -1: never */
};

int suspension_check(int64_t since, int64_t time_us, struct error *err)
{
	char text[INSTANT_TEXT];

	if (!since || time_us < since * USEC_PER_SEC)
		return 0;
	instant_format(text, since * USEC_PER_SEC);
	return error_set(
		err, ERR_SUSPENDED, "time",
		"the account has been suspended since %s: only events of earlier times count",
		text);
}

struct suspensions *suspensions_new(void)
{
	struct suspensions *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	arena_init(&s->arena);
	s->version = -1;
	return s;
}

void suspensions_free(struct suspensions **s)
{
	if (!*s)
		return;
	arena_release(&(*s)->arena);
	free(*s);
	*s = NULL;
}

int suspensions_load(struct suspensions *s, struct store *st, struct error *err)
{
	int64_t version;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (version == s->version)
		return 0;
	s->version = -1;
	arena_reset(&s->arena);
	if (store_suspensions(st, &s->arena, &s->list, &s->n, err) < 0)
		return -1;
	s->version = version;
	return 0;
}

bool suspensions_any(const struct suspensions *s)
{
	return s->n > 0;
}

static int compare_account(const void *account, const void *suspension)
{
	int64_t a = *(const int64_t *)account;
	int64_t b = ((const struct suspension *)suspension)->account;

	return (a > b) - (a < b);
}

int64_t suspensions_since(const struct suspensions *s, int64_t account)
{
	const struct suspension *found =
		s->n ? bsearch(&account, s->list, s->n, sizeof(*s->list), compare_account) : NULL;

	return found ? found->since : 0;
}
