#include "store/event_texts.h"

#include <stdlib.h>
#include "base/int_order.h"
#include "store/lists.h"
#include "base/banned.h"

enum kind { VALUE, SOURCE, ACCOUNT, KINDS };

struct text {
	const char *text;            /* of an account: its SID */
	const char *name, *currency; /* of an account */
};

/* The texts of a kind that are looked up. */
struct texts {
	int64_t *ids; /* ascending, each once */
	struct text *list;
	size_t n;
};

static void ask(struct texts *t, int64_t id)
{
	/* neighbours share most of their texts */
	if (id && (!t->n || t->ids[t->n - 1] != id))
		t->ids[t->n++] = id;
}

static void ask_all(struct texts texts[KINDS], const struct found_event *e)
{
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		ask(&texts[VALUE], e->series.dim[d]);
	ask(&texts[ACCOUNT], e->series.account);
	ask(&texts[SOURCE], e->event.source);
	if (e->corrects)
		ask(&texts[SOURCE], e->correction->source);
}

static void sort(struct texts *t, struct arena *arena)
{
	size_t n = 0;

	qsort(t->ids, t->n, sizeof(*t->ids), int_order);
	for (size_t i = 0; i < t->n; i++)
		if (!n || t->ids[n - 1] != t->ids[i])
			t->ids[n++] = t->ids[i];
	t->n = n;
	t->list = arena_array(arena, struct text, n);
}

#define SELECT(kind, columns, table, parameter)                            \
	"SELECT " kind ", l.rowid, " columns " FROM list(" parameter ") l" \
	" CROSS JOIN " table " t WHERE t.id = l.a"

static int read_all(struct store *st, struct texts texts[KINDS], struct arena *arena,
		    struct error *err)
{
	struct stmt *s = prepare(
		st,
		SELECT("0", "t.text, NULL, NULL", "dimension_value", "?1") " UNION ALL " SELECT(
			"1", "t.text, NULL, NULL", "source",
			"?2") " UNION ALL " SELECT("2", "t.sid, t.name, t.currency", "account",
						   "?3"),
		err);
	int rc;

	for (int k = 0; k < KINDS; k++)
		bind_ids(s, k + 1, arena, texts[k].ids, texts[k].n);
	while ((rc = db_step(s, err)) > 0) {
		struct text *t = &texts[db_get_int(s, 0)].list[db_get_int(s, 1)];

		t->text = db_get_str(s, 2, arena);
		t->name = db_get_str(s, 3, arena);
		t->currency = db_get_str(s, 4, arena);
	}
	return rc;
}

static const struct text *text_of(const struct texts *t, int64_t id)
{
	static const struct text none;
	const int64_t *at = id ? bsearch(&id, t->ids, t->n, sizeof(id), int_order) : NULL;

	return at ? &t->list[at - t->ids] : &none;
}

static void set_all(const struct texts texts[KINDS], struct found_event *e)
{
	const struct text *account = text_of(&texts[ACCOUNT], e->series.account);

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		e->dim[d] = text_of(&texts[VALUE], e->series.dim[d])->text;
	e->account_sid = account->text;
	e->account_name = account->name;
	e->currency = account->currency;
	e->source = text_of(&texts[SOURCE], e->event.source)->text;
	if (e->corrects)
		e->corrects_source = text_of(&texts[SOURCE], e->correction->source)->text;
}

int store_event_texts(struct store *st, struct found_event *list, size_t n, struct arena *arena,
		      struct error *err)
{
	static const size_t most[KINDS] = {
		[VALUE] = DIMENSIONS_BUILT_IN, [SOURCE] = 2, [ACCOUNT] = 1
	};
	struct texts texts[KINDS] = { 0 };

	for (int k = 0; k < KINDS; k++)
		texts[k].ids = arena_array(arena, int64_t, most[k] * n);
	for (size_t i = 0; i < n; i++)
		if (list[i].event.series)
			ask_all(texts, &list[i]);
	for (int k = 0; k < KINDS; k++)
		sort(&texts[k], arena);
	if (read_all(st, texts, arena, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (list[i].event.series)
			set_all(texts, &list[i]);
	return 0;
}
