#include "store/audit.h"

#include "store/internal.h"
#include "base/banned.h"

int store_audit_add(struct store *st, const struct audit *a, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO audit (at, author, action, subject, detail) VALUES "
				 "(?1, ?2, ?3, ?4, ?5)",
				 err);

	db_bind_int(s, 1, a->at);
	db_bind_str(s, 2, a->author);
	db_bind_str(s, 3, a->action);
	db_bind_str(s, 4, a->subject);
	db_bind_str(s, 5, a->detail);
	return db_step(s, err);
}

static void read_audit(struct stmt *s, struct arena *arena, void *to)
{
	struct audit *ret = to;

	*ret = (struct audit) {
		.id = db_get_int(s, 0),
		.at = db_get_int(s, 1),
		.author = db_get_str(s, 2, arena),
		.action = db_get_str(s, 3, arena),
		.subject = db_get_str(s, 4, arena),
		.detail = db_get_str(s, 5, arena),
	};
}

int store_audits(struct store *st, const struct newest *which, struct arena *arena,
		 struct audit **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, at, author, action, subject, detail FROM audit WHERE "
				 "id < ?1 ORDER BY id DESC LIMIT ?2",
				 err);
	struct rows rows;

	db_bind_int(s, 1, which->before ? which->before : INT64_MAX);
	db_bind_int(s, 2, (int64_t)which->limit);
	rows = store_rows(s, read_audit, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}
