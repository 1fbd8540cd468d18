/*
 * posting_replace.c - puts the references of an hour right in a ledger that
 * goes on growing.
 */
#include "store/internal.h"

#include "base/banned.h"

/* How many bytes the PART of an hour had in the snapshot. */
static int bytes_before(struct store *from, const struct posting_hour *hour, int64_t part,
			int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(
		from,
		"SELECT length(events) FROM posting WHERE account = ?1 AND hour = ?2 AND part = ?3",
		err);

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	db_bind_int(s, 3, part);
	*ret = 0;
	return store_one(s, ret, err);
}

/* Bytes of runs that came after the snapshot. */
struct new_runs {
	const char *bytes;
	size_t len;
	struct new_runs *next;
};

/* The runs that TO has more than FROM, in order: parts only grow at their ends. */
static int collect_new_runs(struct store *from, struct store *to, const struct posting_hour *hour,
			    struct arena *arena, struct new_runs **ret, struct error *err)
{
	struct stmt *s = prepare(
		to,
		"SELECT part, events FROM posting WHERE account = ?1 AND hour = ?2 ORDER BY part",
		err);
	int rc;

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	while ((rc = db_step(s, err)) > 0) {
		size_t len;
		const char *bytes = db_get_blob(s, 1, &len);
		int64_t before;

		if (bytes_before(from, hour, db_get_int(s, 0), &before, err) < 0) {
			db_reset(s);
			return -1;
		}
		if ((size_t)before >= len)
			continue;
		*ret = arena_new(arena, struct new_runs);
		(*ret)->len = len - (size_t)before;
		(*ret)->bytes = arena_strn(arena, bytes + before, (*ret)->len);
		ret = &(*ret)->next;
	}
	return rc;
}

static int remove_parts(struct store *st, const struct posting_hour *hour, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM posting WHERE account = ?1 AND hour = ?2", err);

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	return db_step(s, err);
}

int store_postings_replace(struct store *from, struct store *to, const struct posting_hour *want,
			   struct error *err)
{
	struct new_runs *runs = NULL;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = collect_new_runs(from, to, want, &arena, &runs, err);
	if (rc == 0)
		rc = remove_parts(to, want, err);
	if (rc == 0)
		rc = store_postings_add(to, want->account, want->list, want->n, err);
	for (; runs && rc == 0; runs = runs->next)
		rc = store_posting_append(to, want->account, want->hour, runs->bytes, runs->len,
					  err);
	arena_release(&arena);
	return rc;
}
