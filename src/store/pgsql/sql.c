#include "store/pgsql/sql.h"

#include <ctype.h>
#include <stdlib.h>
#include "store/pgsql/types.h"
#include "base/banned.h"

/* A parameter in the SQL: its number, and the text behind it. */
static int read_param(const char *at, int largest, const char **ret_end)
{
	char *end;
	long n = strtol(at + 1, &end, 10);

	*ret_end = end;
	return end == at + 1 ? largest + 1 : (int)n;
}

/* The end of the text in quotes that AT begins. */
static const char *skip_quoted(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end ? end + 1 : at + strlen(at);
}

int pg_count_params(const char *sql)
{
	int largest = 0;

	while (*sql) {
		if (*sql == '\'' || *sql == '"') {
			sql = skip_quoted(sql);
		} else if (*sql == '?') {
			int n = read_param(sql, largest, &sql);

			largest = n > largest ? n : largest;
		} else {
			sql++;
		}
	}
	return largest;
}

enum db_cell_kind pg_column_kind(const struct db_list *list, int column)
{
	return list->n ? list->cells[column].kind : DB_CELL_NUMBER;
}

/* The number of the first array of the list that is parameter N. */
static int first_array(const struct pg_param *params, int n_params, int n)
{
	int ret = n_params + 1;

	for (int i = 0; i < n - 1; i++)
		if (params[i].kind == PG_LIST)
			ret += params[i].list->columns;
	return ret;
}

/* A table with the columns a, b, c ... and rowid. */
static void append_list(GString *to, const struct db_list *list, int first)
{
	static const char *const types[] = {
		[DB_CELL_NUMBER] = "bigint", [DB_CELL_TEXT] = "text", [DB_CELL_BLOB] = "bytea"
	};

	g_string_append(to, "(SELECT ");
	for (int c = 0; c < list->columns; c++)
		g_string_append_printf(to, "%c%s, ", 'a' + c,
				       pg_column_kind(list, c) == DB_CELL_TEXT ? " COLLATE \"C\" "
									       : "");
	g_string_append(to, "ord - 1 AS rowid FROM unnest(");
	for (int c = 0; c < list->columns; c++)
		g_string_append_printf(to, "%s$%d::%s[]", c ? ", " : "", first + c,
				       types[pg_column_kind(list, c)]);
	g_string_append(to, ") WITH ORDINALITY u(");
	for (int c = 0; c < list->columns; c++)
		g_string_append_printf(to, "%c, ", 'a' + c);
	g_string_append(to, "ord))");
}

/*
 * The condition at(COLUMN, ?N) that SQL begins with: that COLUMN is in the list.
 * One number is compared, so that the condition is an equation. Returns the end
 * of it in SQL; NULL: it is another text.
 */
static const char *append_at(GString *to, const char *sql, const struct pg_param *params, int n)
{
	static const char at[] = " at(";
	const char *comma = strncmp(sql, at, strlen(at)) == 0 ? strchr(sql, ',') : NULL;
	const char *end;
	size_t len = strlen(at);
	int number;

	if (!comma || strncmp(comma, ", ?", 3) != 0)
		return NULL;
	number = read_param(comma + 2, 0, &end);
	if (params[number - 1].list->n == 0) {
		g_string_append(to, " true");
	} else {
		g_string_append_c(to, ' ');
		g_string_append_len(to, sql + len, comma - sql - (ptrdiff_t)len);
		g_string_append_printf(to,
				       params[number - 1].list->n == 1 ? " = ($%d::bigint[])[1]"
								       : " = ANY ($%d::bigint[])",
				       first_array(params, n, number));
	}
	return end + 1; /* behind the bracket */
}

void pg_translate(const char *sql, const struct pg_param *params, int n, GString *to)
{
	static const char list_of[] = "list(";
	int largest = 0;

	while (*sql) {
		bool list = strncmp(sql, list_of, strlen(list_of)) == 0 && sql[5] == '?';
		const char *from = sql, *end = append_at(to, sql, params, n);

		if (end) {
			sql = end;
		} else if (*sql == '\'' || *sql == '"') {
			sql = skip_quoted(sql);
			g_string_append_len(to, from, sql - from);
		} else if (*sql == '{' || *sql == '}') {
			sql++;
		} else if (*sql == '?' || list) {
			int number = read_param(list ? sql + 5 : sql, largest, &sql);

			largest = number > largest ? number : largest;
			if (list) {
				append_list(to, params[number - 1].list,
					    first_array(params, n, number));
				sql++; /* the bracket */
			} else {
				g_string_append_printf(to, "$%d", number);
			}
		} else {
			g_string_append_c(to, *sql++);
		}
	}
}

/* ---- PostgreSQL's binary form ---- */

static void put_32(unsigned char to[4], uint32_t n)
{
	n = GUINT32_TO_BE(n);
	memcpy(to, &n, sizeof(n));
}

static void append_32(GByteArray *to, uint32_t n)
{
	unsigned char bytes[4];

	put_32(bytes, n);
	g_byte_array_append(to, bytes, sizeof(bytes));
}

void pg_put_number(unsigned char to[8], int64_t n)
{
	uint64_t bytes = GUINT64_TO_BE((uint64_t)n);

	memcpy(to, &bytes, sizeof(bytes));
}

/* A length of 8, and the number. */
static void append_number(GByteArray *to, int64_t n)
{
	unsigned char bytes[4 + 8];

	put_32(bytes, 8);
	pg_put_number(bytes + 4, n);
	g_byte_array_append(to, bytes, sizeof(bytes));
}

void pg_append_array(const struct db_list *list, int column, GByteArray *to)
{
	static const uint32_t types[] = { [DB_CELL_NUMBER] = PG_TYPE_INT8,
					  [DB_CELL_TEXT] = PG_TYPE_TEXT,
					  [DB_CELL_BLOB] = PG_TYPE_BYTEA };
	enum db_cell_kind kind = pg_column_kind(list, column);

	append_32(to, list->n ? 1 : 0); /* dimensions */
	append_32(to, 0);               /* no NULL */
	append_32(to, types[kind]);
	if (!list->n)
		return;
	append_32(to, (uint32_t)list->n);
	append_32(to, 1); /* the first index */
	for (size_t i = 0; i < list->n; i++) {
		const struct db_cell *c = &list->cells[i * (size_t)list->columns + (size_t)column];

		if (kind == DB_CELL_NUMBER) {
			append_number(to, c->n);
		} else {
			append_32(to, (uint32_t)c->len);
			g_byte_array_append(to, c->bytes, (guint)c->len);
		}
	}
}

static uint16_t read_16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/*
 * numeric_send of PostgreSQL: the number of digits, the power of 10,000 of the
 * first one, the sign, the number of decimal places; then the digits, each from
 * 0 to 9,999.
 */
wide pg_get_numeric(struct stmt *s, int column)
{
	enum { HEAD = 8, NEGATIVE = 0x4000 };
	size_t len;
	const unsigned char *at = db_get_blob(s, column, &len);
	wide n = 0;
	int digits, weight;

	if (len < HEAD)
		return 0;
	digits = read_16(at);
	weight = (int16_t)read_16(at + 2);
	for (int i = 0; i <= weight; i++)
		n = n * 10000 + (i < digits ? read_16(at + HEAD + 2 * i) : 0);
	return read_16(at + 4) == NEGATIVE ? -n : n;
}

/* ---- COPY ---- */

void pg_copy_begin(GByteArray *to)
{
	static const char head[] = "PGCOPY\n\377\r\n";

	g_byte_array_append(to, (const guint8 *)head, sizeof(head)); /* with its NUL */
	append_32(to, 0);                                            /* flags */
	append_32(to, 0); /* bytes of the extension of the head */
}

static void append_16(GByteArray *to, uint16_t n)
{
	uint16_t bytes = GUINT16_TO_BE(n);

	g_byte_array_append(to, (const guint8 *)&bytes, sizeof(bytes));
}

void pg_copy_row(GByteArray *to, int fields)
{
	append_16(to, (uint16_t)fields);
}

void pg_copy_number(GByteArray *to, int64_t n)
{
	append_number(to, n);
}

void pg_copy_text(GByteArray *to, const char *text, size_t len)
{
	append_32(to, (uint32_t)len);
	g_byte_array_append(to, (const guint8 *)text, (guint)len);
}

void pg_copy_null(GByteArray *to)
{
	append_32(to, UINT32_MAX);
}

void pg_copy_end(GByteArray *to)
{
	append_16(to, UINT16_MAX);
}
