#include "store/pgsql/answers.h"

#include "base/banned.h"

enum { ANSWERS_BYTES = 256 << 10 /* with their questions */ };

struct pg_answers {
	GHashTable *by_question; /* PGresult by GBytes */
	GPtrArray *old;          /* PGresult that were replaced */
	size_t bytes;            /* of all since they were forgotten, and of those replaced */
};

static void clear(void *r)
{
	PQclear(r);
}

struct pg_answers *pg_answers_new(void)
{
	struct pg_answers *a = g_new0(struct pg_answers, 1);

	a->by_question = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					       (GDestroyNotify)g_bytes_unref, clear);
	a->old = g_ptr_array_new_with_free_func(clear);
	return a;
}

void pg_answers_free(struct pg_answers *a)
{
	g_hash_table_destroy(a->by_question);
	g_ptr_array_free(a->old, TRUE);
	g_free(a);
}

/* The SQL and the parameters, each with its length. */
static GBytes *key_of(const struct pg_command *question)
{
	GByteArray *key = g_byte_array_new();

	g_byte_array_append(key, (const guint8 *)question->sql, (guint)strlen(question->sql) + 1);
	for (int i = 0; i < question->n; i++) {
		int len = question->values[i] ? question->lengths[i] : -1;

		g_byte_array_append(key, (const guint8 *)&len, sizeof(len));
		if (len > 0)
			g_byte_array_append(key, (const guint8 *)question->values[i], (guint)len);
	}
	return g_byte_array_free_to_bytes(key);
}

const PGresult *pg_answers_find(const struct pg_answers *a, const struct pg_command *question)
{
	GBytes *key = key_of(question);
	const PGresult *r = g_hash_table_lookup(a->by_question, key);

	g_bytes_unref(key);
	return r;
}

void pg_answers_keep(struct pg_answers *a, const struct pg_command *question, PGresult *r)
{
	GBytes *key = key_of(question);
	gpointer old_key, old;

	if (g_hash_table_steal_extended(a->by_question, key, &old_key, &old)) {
		g_bytes_unref(old_key);
		g_ptr_array_add(a->old, old);
	}
	if (a->bytes > ANSWERS_BYTES) { /* too many in one read */
		g_bytes_unref(key);
		PQclear(r);
		return;
	}
	a->bytes += g_bytes_get_size(key) + PQresultMemorySize(r);
	g_hash_table_insert(a->by_question, key, r);
}

void pg_answers_trim(struct pg_answers *a)
{
	g_ptr_array_set_size(a->old, 0);
	if (a->bytes <= ANSWERS_BYTES)
		return;
	g_hash_table_remove_all(a->by_question);
	a->bytes = 0;
}

static bool cells_equal(const PGresult *a, const PGresult *b, int row, int column)
{
	int len = PQgetlength(a, row, column);

	return PQgetisnull(a, row, column) == PQgetisnull(b, row, column) &&
	       len == PQgetlength(b, row, column) &&
	       memcmp(PQgetvalue(a, row, column), PQgetvalue(b, row, column), (size_t)len) == 0;
}

bool pg_answers_equal(const PGresult *a, const PGresult *b)
{
	if (PQntuples(a) != PQntuples(b) || PQnfields(a) != PQnfields(b))
		return false;
	for (int row = 0; row < PQntuples(a); row++)
		for (int column = 0; column < PQnfields(a); column++)
			if (!cells_equal(a, b, row, column))
				return false;
	return true;
}
