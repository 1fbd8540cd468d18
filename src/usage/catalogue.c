#include "usage/catalogue.h"

#include <csv.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "store/category.h"
#include "base/banned.h"

#define CATEGORY_NAME_BYTES 64
#define CATEGORIES_MAX      100000
#define CELL_BYTES          256
#define LINE_BYTES          4096

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct category *)a)->name, ((const struct category *)b)->name);
}

/* Compares NAME of LEN bytes with a text, in byte order. */
static int compare_name(const char *name, size_t len, const char *text)
{
	size_t text_len = strlen(text);
	int order = memcmp(name, text, len < text_len ? len : text_len);

	return order ? order : (len > text_len) - (len < text_len);
}

static const int32_t *index_by_id(struct arena *arena, const struct category *list, size_t n,
				  int64_t max_id)
{
	int32_t *index = arena_array(arena, int32_t, (size_t)max_id + 1);

	for (int64_t id = 0; id <= max_id; id++)
		index[id] = -1;
	for (size_t i = 0; i < n; i++)
		index[list[i].id] = (int32_t)i;
	return index;
}

int catalogue_load(struct store *st, struct arena *arena, const struct catalogue **ret,
		   struct error *err)
{
	struct catalogue *c = arena_new(arena, struct catalogue);
	struct category *list;
	size_t *parent;
	size_t *listed;

	if (store_categories(st, arena, &list, &c->n, err) < 0 ||
	    dimensions_load(st, arena, &c->dimensions, err) < 0)
		return -1;
	c->max_id = c->n ? list[c->n - 1].id : 0;
	if (c->n)
		qsort(list, c->n, sizeof(*list), compare_names);
	c->categories = list;
	c->index_by_id = index_by_id(arena, list, c->n, c->max_id);
	parent = arena_array(arena, size_t, c->n);
	listed = arena_array(arena, size_t, c->n);
	for (size_t i = 0; i < c->n; i++) {
		parent[i] = catalogue_index(c, list[i].parent);
		if (list[i].metered || list[i].used)
			listed[c->n_listed++] = i;
	}
	c->parent = parent;
	c->listed = listed;
	c->totalprice = catalogue_find(c, CATEGORY_TOTALPRICE, strlen(CATEGORY_TOTALPRICE));
	*ret = c;
	return 0;
}

size_t catalogue_find(const struct catalogue *c, const char *name, size_t len)
{
	size_t from = 0;
	size_t to = c->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = compare_name(name, len, c->categories[mid].name);

		if (order == 0)
			return mid;
		if (order > 0)
			from = mid + 1;
		else
			to = mid;
	}
	return CATALOGUE_NONE;
}

size_t catalogue_index(const struct catalogue *c, int64_t id)
{
	if (id < 0 || id > c->max_id || c->index_by_id[id] < 0)
		return CATALOGUE_NONE;
	return (size_t)c->index_by_id[id];
}

int catalogue_check_category(const char *name, size_t len, bool known, struct error *err)
{
	if (len == strlen(CATEGORY_TOTALPRICE) && memcmp(name, CATEGORY_TOTALPRICE, len) == 0)
		return error_set(err, ERR_PARAM, "category",
				 "no event can have the category " CATEGORY_TOTALPRICE
				 ": it is the sum of all prices");
	if (!known)
		return error_set(err, ERR_PARAM, "category", "there is no category \"%.*s\"",
				 (int)len, name);
	return 0;
}

bool catalogue_within(const struct catalogue *c, size_t i, size_t of)
{
	for (; i != CATALOGUE_NONE; i = c->parent[i]) {
		if (i == of)
			return true;
	}
	return false;
}

bool category_name_valid(const char *name, size_t len)
{
	if (len < 1 || len > CATEGORY_NAME_BYTES || name[0] < 'a' || name[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++) {
		char ch = name[i];

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && ch != '-' &&
		    ch != '_')
			return false;
	}
	return true;
}

/* ---- the catalogue file ---- */

enum catalogue_column {
	COL_CATEGORY,
	COL_PARENT,
	COL_DESCRIPTION,
	COL_COUNT_UNIT,
	COL_USAGE_UNIT,
	COL_METERED,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	[COL_CATEGORY] = "category",       [COL_PARENT] = "parent",
	[COL_DESCRIPTION] = "description", [COL_COUNT_UNIT] = "count_unit",
	[COL_USAGE_UNIT] = "usage_unit",   [COL_METERED] = "metered",
};

struct catalogue_row {
	size_t line;
	const char *cell[COLUMNS];
};

struct catalogue_file {
	const char *path;
	struct arena arena;
	struct catalogue_row *rows;
	size_t n;
	size_t size;
	struct catalogue_row row; /* the current row */
	size_t column;
	size_t line;
	bool header_read;
	struct error *err;
	bool failed;
};

static void refuse(struct catalogue_file *f, size_t line, const char *what)
{
	f->failed = true;
	error_set(f->err, ERR_PARAM, "catalogue", "%s:%zu: %s", f->path, line, what);
}

static void take_cell(void *text, size_t len, void *arg)
{
	struct catalogue_file *f = arg;

	if (f->failed)
		return;
	if (f->column >= COLUMNS)
		refuse(f, f->line, "more cells than the header has");
	else if (len > CELL_BYTES || !utf8_plain(text, len))
		refuse(f, f->line,
		       "a cell must be UTF-8 without control characters, of at most 256 bytes");
	else
		f->row.cell[f->column++] = arena_strn(&f->arena, text, len);
}

static void check_header(struct catalogue_file *f)
{
	for (int i = 0; i < COLUMNS; i++) {
		if (strcmp(f->row.cell[i], column_names[i]) != 0)
			refuse(f, f->line,
			       "the header must be "
			       "category,parent,description,count_unit,usage_unit,metered");
	}
	f->header_read = true;
}

static void keep_row(struct catalogue_file *f)
{
	const char *const *cell = f->row.cell;

	if (!category_name_valid(cell[COL_CATEGORY], strlen(cell[COL_CATEGORY])))
		refuse(f, f->line,
		       "category must be 1 to 64 of a-z, 0-9, \"-\" and \"_\", beginning with a "
		       "letter");
	else if (strcmp(cell[COL_METERED], "yes") != 0 && strcmp(cell[COL_METERED], "no") != 0)
		refuse(f, f->line, "metered must be yes or no");
	else if (f->n == CATEGORIES_MAX)
		refuse(f, f->line, "more than 100000 categories");
	if (f->n == f->size) {
		size_t size = f->size ? 2 * f->size : 64;

		f->rows = arena_grow(&f->arena, f->rows, f->size * sizeof(*f->rows),
				     size * sizeof(*f->rows));
		f->size = size;
	}
	f->row.line = f->line;
	f->rows[f->n++] = f->row;
}

static void take_row(int end, void *arg)
{
	struct catalogue_file *f = arg;

	(void)end;
	if (f->failed)
		return;
	if (f->column < COLUMNS)
		refuse(f, f->line,
		       "fewer cells than "
		       "category,parent,description,count_unit,usage_unit,metered");
	else if (!f->header_read)
		check_header(f);
	else
		keep_row(f);
	f->row = (struct catalogue_row) { 0 };
	f->column = 0;
}

/* Parses line by line, so that errors have line numbers. */
static int parse(struct catalogue_file *f, struct csv_parser *p, FILE *in)
{
	char buf[LINE_BYTES];

	while (!f->failed && fgets(buf, sizeof(buf), in)) {
		size_t len = strlen(buf);

		f->line++;
		/* a NUL ends the text of a line early */
		if (!len || (buf[len - 1] != '\n' && !feof(in)))
			refuse(f, f->line, "the line is too long, or has a NUL");
		else if (csv_parse(p, buf, len, take_cell, take_row, f) != len)
			refuse(f, f->line, csv_strerror(csv_error(p)));
	}
	if (ferror(in))
		return error_system(f->err, f->path, errno);
	if (!f->failed && csv_fini(p, take_cell, take_row, f) < 0)
		refuse(f, f->line, csv_strerror(csv_error(p)));
	if (!f->failed && !f->header_read)
		refuse(f, 1, "the header is missing");
	return f->failed ? -1 : 0;
}

static int read_file(struct catalogue_file *f)
{
	struct csv_parser p;
	FILE *in = fopen(f->path, "re");
	int rc;

	if (!in)
		return error_system(f->err, f->path, errno);
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		abort();
	rc = parse(f, &p, in);
	csv_free(&p);
	fclose(in);
	return rc;
}

/* Maps the names of categories in the ledger to their ids. */
static int known_categories(struct store *st, struct catalogue_file *f, GHashTable *known)
{
	struct category *list;
	size_t n;

	if (store_categories(st, &f->arena, &list, &n, f->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		g_hash_table_insert(known, (void *)list[i].name,
				    GSIZE_TO_POINTER((size_t)list[i].id));
	return 0;
}

static int add_row(struct store *st, const struct catalogue_row *r, int64_t parent,
		   GHashTable *known, struct error *err)
{
	struct category c = {
		.name = r->cell[COL_CATEGORY],
		.parent = parent,
		.description = r->cell[COL_DESCRIPTION],
		.count_unit = r->cell[COL_COUNT_UNIT],
		.usage_unit = r->cell[COL_USAGE_UNIT],
		.metered = strcmp(r->cell[COL_METERED], "yes") == 0,
	};

	if (store_category_add(st, &c, err) < 0)
		return -1;
	g_hash_table_insert(known, (void *)c.name, GSIZE_TO_POINTER((size_t)c.id));
	return 0;
}

/*
 * Adds the rows whose parent exists, and keeps the other rows for the next
 * round. Returns the number of rows added, or -1.
 */
static int add_round(struct store *st, struct catalogue_file *f, GHashTable *known)
{
	size_t left = 0;
	size_t all = f->n;

	for (size_t i = 0; i < all; i++) {
		const struct catalogue_row *r = &f->rows[i];
		const char *parent = r->cell[COL_PARENT];

		if (*parent && !g_hash_table_contains(known, parent))
			f->rows[left++] = *r;
		else if (add_row(st, r,
				 (int64_t)GPOINTER_TO_SIZE(g_hash_table_lookup(known, parent)),
				 known, f->err) < 0)
			return -1;
	}
	f->n = left;
	return (int)(all - left);
}

/* Drops the rows of categories that exist. Fails if two rows have one name. */
static int drop_known(struct catalogue_file *f, GHashTable *known)
{
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
	size_t left = 0;

	for (size_t i = 0; i < f->n && !f->failed; i++) {
		const char *name = f->rows[i].cell[COL_CATEGORY];

		if (!g_hash_table_add(seen, (void *)name))
			refuse(f, f->rows[i].line, "this category is in the file twice");
		if (!g_hash_table_contains(known, name))
			f->rows[left++] = f->rows[i];
	}
	g_hash_table_destroy(seen);
	f->n = left;
	return f->failed ? -1 : 0;
}

static int import_rows(struct store *st, struct catalogue_file *f, GHashTable *known,
		       size_t *ret_added)
{
	int added = 1;

	if (known_categories(st, f, known) < 0 || drop_known(f, known) < 0)
		return -1;
	*ret_added = f->n;
	while (f->n && added > 0)
		added = add_round(st, f, known);
	if (added < 0)
		return -1;
	if (f->n)
		refuse(f, f->rows[0].line, "the parent does not exist, or is below this category");
	return f->failed ? -1 : 0;
}

int catalogue_import(struct store *st, const char *path, size_t *ret_added, struct error *err)
{
	struct catalogue_file f = { .path = path, .err = err };
	GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
	int rc;

	arena_init(&f.arena);
	rc = read_file(&f);
	if (rc == 0)
		rc = import_rows(st, &f, known, ret_added);
	g_hash_table_destroy(known);
	arena_release(&f.arena);
	return rc;
}
