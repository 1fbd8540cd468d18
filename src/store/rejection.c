#include "store/store.h"

#include "store/internal.h"
#include "base/banned.h"

/* A cut in the middle of a character would leave no text. */
static size_t cut(const char *record)
{
	size_t len = strnlen(record, REJECTION_RECORD_MAX + 1);

	if (len <= REJECTION_RECORD_MAX)
		return len;
	for (len = REJECTION_RECORD_MAX; len > 0 && ((unsigned char)record[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

int store_rejection_add(struct store *st, const struct rejection *r, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO rejection (at, author, account, source, event, code, field, "
			"message, record,"
			" file, line) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
			err);

	if (!s)
		return -1;
	bind_int(st, s, 1, r->at);
	bind_text(st, s, 2, r->author);
	bind_id(st, s, 3, r->account);
	bind_text(st, s, 4, r->source);
	bind_text(st, s, 5, r->event);
	bind_text(st, s, 6, r->code);
	bind_text(st, s, 7, r->field);
	bind_text(st, s, 8, r->message);
	st->ops->bind_text(s, 9, r->record, cut(r->record));
	bind_text(st, s, 10, r->file ? r->file : "");
	bind_int(st, s, 11, r->line);
	return step(st, s, err);
}

static bool is_one_of(int64_t account, const int64_t *accounts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (accounts[i] == account)
			return true;
	}
	return false;
}

static void read_rejection(struct store *st, struct stmt *s, struct arena *arena,
			   struct rejection *ret)
{
	*ret = (struct rejection) {
		.id = get_int(st, s, 0),
		.at = get_int(st, s, 1),
		.author = get_text(st, s, 2, arena),
		.account = get_int(st, s, 3),
		.source = get_text(st, s, 4, arena),
		.event = get_text(st, s, 5, arena),
		.code = get_text(st, s, 6, arena),
		.field = get_text(st, s, 7, arena),
		.message = get_text(st, s, 8, arena),
		.record = get_text(st, s, 9, arena),
		.file = get_text(st, s, 10, arena),
		.line = get_int(st, s, 11),
	};
}

int store_rejections(struct store *st, const struct rejection_query *q, struct arena *arena,
		     struct rejection **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, at, author, account, source, event, code, field, "
				 "message, record, file, line FROM rejection"
				 " WHERE (?1 = 0 OR id < ?1) AND +at >= ?2 AND (?3 = '' OR code = "
				 "?3) ORDER BY id DESC",
				 err);
	struct rejection *list = NULL;
	size_t found = 0;
	size_t size = 0;
	int rc = 1;

	if (!s)
		return -1;
	bind_int(st, s, 1, q->before);
	bind_int(st, s, 2, q->since);
	bind_text(st, s, 3, q->code ? q->code : "");
	while (found < q->limit && (rc = step(st, s, err)) > 0) {
		if (q->accounts && !is_one_of(get_int(st, s, 3), q->accounts, q->n))
			continue;
		list = store_room(arena, list, found, &size, sizeof(*list));
		read_rejection(st, s, arena, &list[found++]);
	}
	if (rc < 0)
		return -1;
	if (rc > 0)
		st->ops->reset(s);
	*ret = list;
	*ret_n = found;
	return 0;
}

/* The first author after AUTHOR: 1 and *ret in ARENA, 0 none, -1. */
static int next_author(struct store *st, const char *author, struct arena *arena, const char **ret,
		       struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT author FROM rejection WHERE author > ?1 ORDER BY author LIMIT 1", err);
	int rc;

	if (!s)
		return -1;
	bind_text(st, s, 1, author);
	rc = step(st, s, err);
	if (rc <= 0)
		return rc;
	*ret = get_text(st, s, 0, arena);
	st->ops->reset(s);
	return 1;
}

static int prune_author(struct store *st, const char *author, int64_t keep, struct error *err)
{
	struct stmt *s = prepare(
		st,
		"DELETE FROM rejection WHERE author = ?1 AND id <="
		" (SELECT id FROM rejection WHERE author = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		err);

	if (!s)
		return -1;
	bind_text(st, s, 1, author);
	bind_int(st, s, 2, keep);
	return step(st, s, err);
}

int store_rejections_prune(struct store *st, int64_t before, int64_t keep, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM rejection WHERE at < ?1", err);
	const char *author = "";
	struct arena arena;
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, before);
	if (step(st, s, err) < 0)
		return -1;
	arena_init(&arena);
	do
		rc = prune_author(st, author, keep, err) < 0
			     ? -1
			     : next_author(st, author, &arena, &author, err);
	while (rc > 0);
	arena_release(&arena);
	return rc;
}
