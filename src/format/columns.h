/*
 * columns.h - the columns of a table of records, for CSV, pages and terminals.
 * Only for this folder.
 */
#ifndef FORMAT_COLUMNS_H
#define FORMAT_COLUMNS_H

#include "base/strbuf.h"
#include "format/writer.h"

enum { COLUMNS_MAX = 64 };

struct column {
	/* the object inside the record that holds the field, or NULL */
	const struct field *parent;
	const struct field *field;
};

struct columns {
	size_t n;
	struct column at[COLUMNS_MAX];
};

/*
 * Finds the columns of records of SHAPE, except fields with one of the flags
 * WITHOUT and objects for programs (FIELD_MACHINE). WHOLE: an object or a list
 * is one column; else each field of an object is a column, and lists have no
 * column. Returns false if there are more than COLUMNS_MAX.
 */
bool columns_of(struct columns *c, const struct shape *shape, unsigned without, bool whole);

/* The same for a table that people read: omits the columns that W hides. */
bool columns_shown(const struct writer *w, struct columns *c, const struct shape *shape,
		   unsigned without);

/*
 * Returns the index of the column of F in the row of the node at DEPTH; c->n if
 * F has no column. The writer fails if the column is before AT, since fields
 * must come in the shape's order.
 */
size_t columns_seek(struct writer *w, const struct columns *c, const struct field *f, int depth,
		    size_t at);

/*
 * Appends the column's name in words: "Period start time" for the field
 * start_time of the object period.
 */
void column_add_heading(struct strbuf *out, const struct column *c);

#endif
