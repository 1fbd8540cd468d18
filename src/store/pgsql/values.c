#include "store/pgsql/values.h"

#include "store/pgsql/types.h"
#include "base/banned.h"

static void add_value(struct pg_values *v, Oid type, const void *bytes, size_t len)
{
	v->types[v->n] = type;
	v->values[v->n] = bytes;
	v->lengths[v->n] = (int)len;
	v->formats[v->n++] = 1;
}

static void add_list(struct pg_values *v, const struct db_list *list)
{
	static const Oid types[] = { [DB_CELL_NUMBER] = PG_TYPE_INT8_ARRAY,
				     [DB_CELL_TEXT] = PG_TYPE_TEXT_ARRAY,
				     [DB_CELL_BLOB] = PG_TYPE_BYTEA_ARRAY };

	for (int c = 0; c < list->columns && v->n < PG_VALUES; c++) {
		GByteArray *array = g_byte_array_new();

		pg_append_array(list, c, array);
		v->arrays[v->n_arrays++] = array;
		add_value(v, types[pg_column_kind(list, c)], array->data, array->len);
	}
}

void pg_values_init(struct pg_values *v, const struct pg_param *params, int n)
{
	v->n = v->n_arrays = 0;
	for (int i = 0; i < n; i++) {
		const struct pg_param *p = &params[i];

		if (p->kind == PG_NUMBER)
			pg_put_number(v->numbers[i], p->n);
		if (p->kind == PG_NUMBER)
			add_value(v, PG_TYPE_INT8, v->numbers[i], sizeof(v->numbers[i]));
		else if (p->kind == PG_NULL || p->kind == PG_LIST)
			/* a list has arrays instead, but keeps its number */
			add_value(v, p->kind == PG_LIST ? PG_TYPE_INT8 : 0, NULL, 0);
		else
			add_value(v, p->kind == PG_TEXT ? PG_TYPE_TEXT : PG_TYPE_BYTEA,
				  p->bytes ? p->bytes : "", p->len);
	}
	for (int i = 0; i < n; i++)
		if (params[i].kind == PG_LIST)
			add_list(v, params[i].list);
}

void pg_values_init_array(struct pg_values *v, const int64_t *numbers, size_t n)
{
	struct db_cell *cells = g_new0(struct db_cell, n);

	for (size_t i = 0; i < n; i++)
		cells[i].n = numbers[i];
	v->n = v->n_arrays = 0;
	add_list(v, &(struct db_list) { cells, n, 1 });
	g_free(cells);
}

void pg_values_keep(struct pg_values *v, const struct pg_param *params, int n)
{
	for (int i = 0; i < n; i++) {
		const struct pg_param *p = &params[i];
		GByteArray *copy;

		if (p->kind != PG_TEXT && p->kind != PG_BLOB)
			continue;
		copy = g_byte_array_sized_new((guint)p->len + 1);
		g_byte_array_append(copy, (const guint8 *)v->values[i], (guint)p->len);
		v->arrays[v->n_arrays++] = copy;
		/* of an empty text, too, there has to be an address */
		v->values[i] = copy->data ? (const char *)copy->data : "";
	}
}

void pg_values_release(struct pg_values *v)
{
	for (int i = 0; i < v->n_arrays; i++)
		g_byte_array_free(v->arrays[i], TRUE);
}

struct pg_command pg_values_command(const struct pg_values *v, const char *sql)
{
	return (struct pg_command) { .sql = sql,
				     .n = v->n,
				     .types = v->types,
				     .values = v->values,
				     .lengths = v->lengths,
				     .formats = v->formats,
				     .prepare = true };
}

int64_t pg_number_of(const PGresult *r, int row, int column)
{
	const unsigned char *at = (const unsigned char *)PQgetvalue(r, row, column);
	int len = PQgetlength(r, row, column); /* of NULL: 0 */
	uint64_t n = 0;

	if (PQftype(r, column) == PG_TYPE_TEXT)
		return strtoll((const char *)at, NULL, 10);
	if (len == sizeof(n)) {
		memcpy(&n, at, sizeof(n));
		return (int64_t)GUINT64_FROM_BE(n);
	}
	/* extend the sign */
	if (len > 1 && at[0] & 0x80)
		n = UINT64_MAX;
	for (int i = 0; i < len; i++)
		n = n << 8 | at[i];
	return (int64_t)n;
}
