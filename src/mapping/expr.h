/*
 * expr.h - value expressions of a mapping: text with columns of a row in it,
 * such as "person-{caller|mod 8}". A {name} may be followed by filters, each
 * after a bar, that are applied from left to right; see usaged-mapping(5). The
 * operand of a filter may be a column, with its own filters: {octets|add
 * {gigawords|mul 4294967296}}. Numbers are exact decimals. Besides the row's
 * columns there are {line}, its line in the file from 1, and {row}, the number
 * of rows before it.
 */
#ifndef MAPPING_EXPR_H
#define MAPPING_EXPR_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "mapping/table.h"
#include "mapping/time_form.h"

struct expr_part;

struct expr {
	struct expr_part *parts;
	size_t n;
	bool amount; /* of an event: filters refuse negative numbers */
};

/*
 * One record: N cells, its line (from 1), and the number of records before it.
 */
struct record_cells {
	const char *const *cells;
	const size_t *lens;
	size_t n;
	int64_t line, row;
	bool comma;                   /* numbers in cells have a decimal comma */
	const struct time_form *time; /* of times in cells, for the filter "seconds" */
};

/* The names of a row's columns. A missing name is added if there is room. */
struct record_columns {
	const char **names;
	size_t n, room;
};

/*
 * Finds the column NAME. ERR_PARAM if the row has none and there is no room to
 * add it, or if it has two.
 */
int record_column(struct record_columns *c, const char *name, size_t *ret, struct error *err);

/*
 * Compiles TEXT. The parts live in ARENA; filters find their tables in *TABLES.
 * RET->amount stays as it is.
 */
int expr_compile(const char *text, struct arena *arena, struct table **tables, struct expr *ret,
		 struct error *err);

/* Resolves the columns of E. The names must outlive it. */
int expr_bind(struct expr *t, struct record_columns *c, struct error *err);

/* The text, if the expression is a constant or an unchanged cell; else NULL. */
const char *expr_constant(const struct expr *t, const struct record_cells *row, size_t *ret_len);

/*
 * Appends the row's text; numbers in it have a decimal point where the
 * expression is an amount or a filter made them. ERR_PARAM names the column at
 * fault.
 */
int expr_apply(const struct expr *t, const struct record_cells *row, struct strbuf *out,
	       struct error *err);

/* TEXT without the spaces and tabs at its ends, which are cut off in place. */
char *trim_spaces(char *text);

#endif
