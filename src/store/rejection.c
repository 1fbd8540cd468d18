#include "store/rejection.h"

#include "store/internal.h"
#include "base/banned.h"

/*
 * The length of the record after cutting at the limit. Cuts between characters,
 * because half a character is not valid UTF-8.
 */
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

	db_bind_int(s, 1, r->at);
	db_bind_str(s, 2, r->author);
	db_bind_id(s, 3, r->account);
	db_bind_str(s, 4, r->source);
	db_bind_str(s, 5, r->event);
	db_bind_str(s, 6, r->code);
	db_bind_str(s, 7, r->field);
	db_bind_str(s, 8, r->message);
	db_bind_text(s, 9, r->record, cut(r->record));
	db_bind_str(s, 10, r->file ? r->file : "");
	db_bind_int(s, 11, r->line);
	return db_later(s, err);
}

static bool is_one_of(int64_t account, const int64_t *accounts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (accounts[i] == account)
			return true;
	}
	return false;
}

static void read_rejection(struct stmt *s, struct arena *arena, struct rejection *ret)
{
	*ret = (struct rejection) {
		.id = db_get_int(s, 0),
		.at = db_get_int(s, 1),
		.author = db_get_str(s, 2, arena),
		.account = db_get_int(s, 3),
		.source = db_get_str(s, 4, arena),
		.event = db_get_str(s, 5, arena),
		.code = db_get_str(s, 6, arena),
		.field = db_get_str(s, 7, arena),
		.message = db_get_str(s, 8, arena),
		.record = db_get_str(s, 9, arena),
		.file = db_get_str(s, 10, arena),
		.line = db_get_int(s, 11),
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

	db_bind_int(s, 1, q->before);
	db_bind_int(s, 2, q->since);
	db_bind_str(s, 3, q->code ? q->code : "");
	while (found < q->limit && (rc = db_step(s, err)) > 0) {
		if (q->accounts && !is_one_of(db_get_int(s, 3), q->accounts, q->n))
			continue;
		list = store_room(arena, list, found, &size, sizeof(*list));
		read_rejection(s, arena, &list[found++]);
	}
	db_reset(s);
	*ret = list;
	*ret_n = found;
	return rc < 0 ? -1 : 0;
}

/* Finds the first author after AUTHOR. 1 found, in ARENA, 0 none, -1 failed. */
static int next_author(struct store *st, const char *author, struct arena *arena, const char **ret,
		       struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT author FROM rejection WHERE author > ?1 ORDER BY author LIMIT 1", err);

	db_bind_str(s, 1, author);
	return store_text(s, arena, ret, err);
}

static int prune_author(struct store *st, const char *author, int64_t keep, struct error *err)
{
	struct stmt *s = prepare(
		st,
		"DELETE FROM rejection WHERE author = ?1 AND id <="
		" (SELECT id FROM rejection WHERE author = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		err);

	db_bind_str(s, 1, author);
	db_bind_int(s, 2, keep);
	return db_step(s, err);
}

int store_rejections_prune(struct store *st, int64_t before, int64_t keep, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM rejection WHERE at < ?1", err);
	const char *author = "";
	struct arena arena;
	int rc;

	db_bind_int(s, 1, before);
	if (db_step(s, err) < 0)
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
