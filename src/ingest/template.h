/*
 * template.h - text with columns of a row in it: "person-{caller|mod 8}". A {name} may be
 * followed by filters, each after a bar, that are applied from left to right:
 *
 *   add N, mul N    sum and product
 *   div N           quotient; an error if it has no exact decimal form
 *   mod N           what is left of whole multiples of N
 *   ceil N          how many N it takes: divided and rounded up to a whole number
 *   lower, upper    letters a to z
 *
 * Numbers are exact decimals. Besides the row's columns there are {line}, its line in the file from 1, and {row},
 * rows of data before it.
 */
#ifndef INGEST_TEMPLATE_H
#define INGEST_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

struct template_part;

struct template {
	struct template_part *parts;
	size_t n;
};

struct csv_row {
	const char *const *cells;
	const size_t *lens;
	size_t n;
	int64_t line, row;
};

/* The parts live in ARENA. */
int template_compile(const char *text, struct arena *arena, struct template *ret, struct error *err);

/* Finds its columns among NAMES. */
int template_bind(struct template *t, const char *const *names, size_t n, struct error *err);

/* A text that is there already (a constant, or a cell as it is), or NULL. */
const char *template_constant(const struct template *t, const struct csv_row *row, size_t *ret_len);

/* Appends the row's text. ERR_PARAM names the column at fault. */
int template_apply(const struct template *t, const struct csv_row *row, struct strbuf *out, struct error *err);

/* TEXT without the spaces and tabs at its ends, which are cut off in place. */
char *trim_spaces(char *text);

#endif
