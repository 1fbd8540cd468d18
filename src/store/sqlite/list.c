/*
 * list.c - the table list(?1): the rows of a struct db_list, bound by
 * db_bind_list.
 */
#include "store/sqlite/list.h"

#include <sqlite3.h>
#include <string.h>
#include "base/banned.h"

/* the type of the pointers that db_bind_list binds */
#define POINTER_TYPE "db_list"

enum { COLUMN_HIDDEN = DB_LIST_COLUMNS };

struct cursor {
	sqlite3_vtab_cursor base;
	const struct db_list *list;
	size_t row;
};

static int connect(sqlite3 *handle, void *aux, int argc, const char *const *argv,
		   sqlite3_vtab **ret, char **message)
{
	(void)aux;
	(void)argc;
	(void)argv;
	(void)message;
	*ret = sqlite3_malloc(sizeof(**ret));
	if (!*ret)
		return SQLITE_NOMEM;
	memset(*ret, 0, sizeof(**ret));
	return sqlite3_declare_vtab(
		handle, "CREATE TABLE x(a, b, c, d, e, f, g, h, i, j, k, l, list HIDDEN)");
}

static int disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

/* The list comes first in any join; it is read from its first row to its last. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	for (int i = 0; i < info->nConstraint; i++) {
		if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != COLUMN_HIDDEN ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 1;
		info->estimatedRows = 10;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	struct cursor *c = sqlite3_malloc(sizeof(*c));

	(void)table;
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct cursor) { .row = 0 };
	*ret = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *cursor, int number, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)cursor;

	(void)number;
	(void)text;
	c->list = argc == 1 ? sqlite3_value_pointer(argv[0], POINTER_TYPE) : NULL;
	c->row = 0;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	((struct cursor *)cursor)->row++;
	return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *cursor)
{
	const struct cursor *c = (const struct cursor *)cursor;

	return !c->list || c->row >= c->list->n;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int i)
{
	const struct cursor *c = (const struct cursor *)cursor;
	const struct db_cell *cell;

	if (i >= c->list->columns)
		return SQLITE_OK;
	cell = &c->list->cells[c->row * (size_t)c->list->columns + (size_t)i];
	if (cell->kind == DB_CELL_TEXT)
		sqlite3_result_text64(to, cell->bytes, cell->len, SQLITE_STATIC, SQLITE_UTF8);
	else if (cell->kind == DB_CELL_BLOB)
		sqlite3_result_blob64(to, cell->bytes, cell->len, SQLITE_STATIC);
	else
		sqlite3_result_int64(to, cell->n);
	return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((const struct cursor *)cursor)->row;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = connect, /* without xCreate, the table needs no CREATE */
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = row_id,
};

int db_list_register(struct sqlite3 *handle)
{
	return sqlite3_create_module(handle, "list", &module, NULL);
}

int db_list_bind(struct sqlite3_stmt *handle, int n, const struct db_list *list)
{
	return sqlite3_bind_pointer(handle, n, (void *)list, POINTER_TYPE, NULL);
}
