/*
 * template.h - text with columns of a row in it: "person-{caller|mod 8}". A
 * {name}
 * may be followed by filters, each after a bar, that are applied from left to
 * right; usaged-mapping(5) says what they do. The operand of a filter may be a
 * column, with filters of its own: {octets|add {gigawords|mul 4294967296}}.
 * Numbers
 * are exact decimals. Besides the row's columns there are {line}, its line in
 * the file from 1, and {row}, the rows of data before it.
 */
#ifndef INGEST_TEMPLATE_H
#define INGEST_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "ingest/table.h"
#include "ingest/time_form.h"

struct template_part;

struct template
{
	struct template_part *parts;
	size_t n;
	bool amount; /* of an event: filters refuse negative numbers */
};

struct csv_row {
	const char *const *cells;
	const size_t *lens;
	size_t n;
	int64_t line, row;
	bool comma;                   /* numbers in cells have a decimal comma */
	const struct time_form *time; /* of times in cells, for the filter "seconds" */
};

/*
 * The names of a row's columns. One that isn't there is added while there is
 * ROOM for more than N.
 */
struct record_columns {
	const char **names;
	size_t n, room;
};

/* ERR_PARAM, naming the column, if it isn't there. */
int record_column(struct record_columns *c, const char *name, size_t *ret, struct error *err);

/*
 * The parts live in ARENA; tables that filters name are got from *TABLES.
 * RET->amount stays as it is.
 */
int template_compile(const char *text, struct arena *arena, struct table **tables,
		     struct template *ret, struct error *err);

/* Finds its columns. NAMES must stay. */
int template_bind(struct template *t, struct record_columns *c, struct error *err);

/* A text that is there already (a constant, or a cell as it is), or NULL. */
const char *template_constant(const struct template *t, const struct csv_row *row, size_t *ret_len);

/*
 * Appends the row's text; numbers in it have a decimal point where the template
 * is an amount or a filter made them. ERR_PARAM names the column at fault.
 */
int template_apply(const struct template *t, const struct csv_row *row, struct strbuf *out,
		   struct error *err);

/* TEXT without the spaces and tabs at its ends, which are cut off in place. */
char *trim_spaces(char *text);

#endif
