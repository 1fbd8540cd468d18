/*
 * expr.h - value expressions of a mapping: text that contains columns of a row,
 * such as "person-{caller|mod 8}". The name of a column may have filters, each
 * after a bar, that are applied from left to right; see usaged-mapping(5). The
 * operand of a filter may be a column with filters: {octets|add {gigawords|mul
 * 4294967296}}. Numbers are exact decimals. {line} is the row's line in the
 * file, from 1; {row} is the number of rows before it.
 */
#ifndef MAPPING_EXPR_H
#define MAPPING_EXPR_H

#include <stdbool.h>
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
	/*
	 * the expression is an amount of an event: filters reject negative
	 * numbers
	 */
	bool amount;
};

/* One record: N cells, the line (from 1), and the number of earlier records. */
struct record_cells {
	const char *const *cells;
	const size_t *lens;
	size_t n;
	int64_t line, row;
	bool comma; /* numbers in cells have a decimal comma */
	/* form of times in cells, for the filter "seconds" */
	const struct time_form *time;
};

/*
 * The names of a row's columns. record_column adds a missing name if there is
 * room.
 */
struct record_columns {
	const char **names;
	size_t n, room;
};

/*
 * Finds the column NAME, or adds it if there is room. Fails with ERR_PARAM if
 * the column is missing and there is no room, or if two columns have this name.
 */
int record_column(struct record_columns *c, const char *name, size_t *ret, struct error *err);

/*
 * Compiles TEXT. The parts live in ARENA; filters find their tables in *TABLES.
 * RET->amount is unchanged.
 */
int expr_compile(const char *text, struct arena *arena, struct table **tables, struct expr *ret,
		 struct error *err);

/* Does the expression use {line} or {row}? */
bool expr_uses_position(const struct expr *e);

/* Resolves the columns of E. The names must outlive the expression. */
int expr_bind(struct expr *t, struct record_columns *c, struct error *err);

/*
 * Returns the text if the expression is a constant or one cell without filters;
 * else NULL.
 */
const char *expr_constant(const struct expr *t, const struct record_cells *row, size_t *ret_len);

/*
 * Appends the text of the expression for this row. A number has a decimal point
 * if the expression is an amount or if a filter made the number. Fails with
 * ERR_PARAM, which names the column at fault.
 */
int expr_apply(const struct expr *t, const struct record_cells *row, struct strbuf *out,
	       struct error *err);

/*
 * Cuts off the spaces and tabs at both ends of TEXT, in place. Returns the new
 * start.
 */
char *trim_spaces(char *text);

#endif
