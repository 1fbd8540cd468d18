#include "store/store.h"

#include "store/internal.h"
#include "base/banned.h"

int store_audit_add(struct store *st, const struct audit *a, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO audit (at, author, action, subject, detail) VALUES "
				 "(?1, ?2, ?3, ?4, ?5)",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, a->at);
	bind_text(st, s, 2, a->author);
	bind_text(st, s, 3, a->action);
	bind_text(st, s, 4, a->subject);
	bind_text(st, s, 5, a->detail);
	return step(st, s, err);
}

static int read_audit(struct store *st, struct stmt *s, struct arena *arena, void *to,
		      struct error *err)
{
	struct audit *ret = to;

	(void)err;
	*ret = (struct audit) {
		.id = get_int(st, s, 0),
		.at = get_int(st, s, 1),
		.author = get_text(st, s, 2, arena),
		.action = get_text(st, s, 3, arena),
		.subject = get_text(st, s, 4, arena),
		.detail = get_text(st, s, 5, arena),
	};
	return 0;
}

int store_audits(struct store *st, int64_t before, size_t limit, struct arena *arena,
		 struct audit **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, at, author, action, subject, detail FROM audit WHERE "
				 "id < ?1 ORDER BY id DESC LIMIT ?2",
				 err);
	struct rows rows;

	if (!s)
		return -1;
	bind_int(st, s, 1, before ? before : INT64_MAX);
	bind_int(st, s, 2, (int64_t)limit);
	if (store_rows(st, s, read_audit, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}
