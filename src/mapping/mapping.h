/*
 * mapping.h - turns records of another program (rows of CSV or JSON objects)
 * into usage events. A mapping is a small INI file, see usaged-mapping(5).
 * Values are expressions: text with {column}, {line} and {row}, each optionally
 * followed by filters: {billsec|ceil 60}, {caller|mod 8}, {tokens|mul 0.005}.
 */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/strbuf.h"
#include "mapping/expr.h"
#include "usage/event.h"

#define MAPPING_COLUMNS_MAX 256
/* attributes that a mapping may give an event */
#define MAPPING_ATTRIBUTES_MAX 32
#define MAPPING_ATTRIBUTE_NAME 64 /* bytes of the name of one */

struct mapping;

/* Errors name file and line. Free with mapping_free. */
int mapping_load(const char *path, struct mapping **ret, struct error *err);
void mapping_free(struct mapping **m);

/*
 * Sets the zone of times without offset. NAME NULL keeps the zone of the
 * mapping. Fails with ERR_PARAM if NAME is no zone, if all times of the mapping
 * have an offset, or if NAME is NULL and the mapping requires a zone (time_zone
 * = ask).
 */
int mapping_set_zone(struct mapping *m, const char *name, struct error *err);

/*
 * Are the records JSON objects, not rows of CSV? The columns of a mapping for
 * JSON are paths: "variables.billsec".
 */
bool mapping_of_json(const struct mapping *m);
char mapping_delimiter(const struct mapping *m);
/* May cells be in quotes? */
bool mapping_quotes(const struct mapping *m);
/* Does the mapping name accounts by their names or numbers instead of SIDs? */
bool mapping_accounts_by_name(const struct mapping *m);

/*
 * Does a field of the event depend on the place of its record in the file? Then
 * the same record in another file is another event, or a conflict.
 */
bool mapping_uses_position(const struct mapping *m);

/*
 * The columns that the mapping gives: for CSV without a header, the columns of
 * [file]; for JSON, all columns that the mapping uses. Returns NULL for CSV
 * with a header, which names the columns. A row must have at least *RET_LEAST
 * of the *RET_N columns; missing cells are empty.
 */
const char *const *mapping_own_columns(const struct mapping *m, size_t *ret_n, size_t *ret_least);

/*
 * Sets the names of the CSV columns, before the first row. NAMES is borrowed
 * during the call.
 */
int mapping_columns(struct mapping *m, const char **names, size_t n, struct error *err);

/*
 * Makes an event of ROW, whose members comma and time needn't be set. The texts
 * of *RET live in SCRATCH (which is cleared first), in the cells or in the
 * mapping. Returns 1 for an event, 0 for a record that the mapping skips, -1
 * for a record that can't be mapped; the error names the column.
 */
int mapping_apply(const struct mapping *m, struct record_cells row, struct strbuf *scratch,
		  struct raw_event *ret, struct error *err);

/*
 * Calls ADD for each attribute of ROW that is not empty; mapping_apply must
 * have made an event of it. The texts are valid until ADD returns. SCRATCH is
 * cleared; it must not be that of mapping_apply. -1: ROW can't be mapped.
 */
typedef void mapping_add(void *arg, const char *name, const char *text, size_t len);
int mapping_attributes(const struct mapping *m, struct record_cells row, struct strbuf *scratch,
		       mapping_add *add, void *arg, struct error *err);

#endif
