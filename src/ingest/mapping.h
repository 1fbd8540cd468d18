/*
 * mapping.h - how rows of someone else's CSV become usage events: a small INI file, see
 * usaged-mapping(5). Values are templates: text with {column}, {line} and {row}, each perhaps
 * followed by exact filters: {billsec|ceil 60}, {caller|mod 8}, {tokens|mul 0.005}.
 */
#ifndef INGEST_MAPPING_H
#define INGEST_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/strbuf.h"
#include "usage/event.h"

struct mapping;

/* Errors name file and line. Free with mapping_free. */
int mapping_load(const char *path, struct mapping **ret, struct error *err);
void mapping_free(struct mapping **m);

bool mapping_has_header(const struct mapping *m);
char mapping_delimiter(const struct mapping *m);
/* Of a file without a header: how many its own [file] section names. */
size_t mapping_column_count(const struct mapping *m);
/* Does the mapping name accounts by their names instead of SIDs? */
bool mapping_accounts_by_name(const struct mapping *m);

/* Tells the mapping a file's columns, before its first row (NULL, 0: those of its own [file] section). */
int mapping_columns(struct mapping *m, const char *const *names, size_t n, struct error *err);

/*
 * One row of N cells into *ret, whose texts live in SCRATCH (cleared first). 1 an event, 0 a row the
 * mapping leaves out, -1 a row that can't be mapped (column and reason). LINE from 1, ROW counts data rows from 0.
 */
int mapping_apply(const struct mapping *m, const char *const *cells, const size_t *lens, size_t n, int64_t line, int64_t row,
		  struct strbuf *scratch, struct raw_event *ret, struct error *err);

#endif
