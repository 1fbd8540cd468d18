/*
 * dimension_filter.h - filters by dimensions: the parameters of built-in
 * dimensions (Customer, Sim ...), and the parameter Filter, which has terms of
 * any dimension:
 *
 *   team:red,region:eu*
 *
 * A value that ends with * is a prefix. A backslash stands before a comma, an
 * asterisk or a backslash of the value itself.
 */
#ifndef API_DIMENSION_FILTER_H
#define API_DIMENSION_FILTER_H

#include "api/request.h"

enum { FILTER_BYTES = 2000 };

#define FILTER_PARAM                                                                         \
	{                                                                                    \
		"Filter", PT_TEXT, .flags = PARAM_RARE, .max = FILTER_BYTES,                 \
				   .doc = "Only with these values of dimensions, such as "   \
					  "team:red,region:eu*; with * values that begin so" \
	}

/* By dimension: only this value or, with `prefix`, values that begin so. */
struct dimension_filter {
	const char *text[DIMENSIONS]; /* NULL: any */
	bool prefix[DIMENSIONS];
};

/*
 * Reads the filters of the request: its parameters of built-in dimensions, and
 * Filter. ERR_PARAM "Filter": what is wrong with a term. In the request's
 * arena.
 */
int dimension_filter_read(const struct request *rq, struct dimension_filter *ret,
			  struct error *err);

/*
 * The text of the parameter Filter for the filters of F whose dimensions the
 * operation has no parameter for; NULL: there are none.
 */
const char *dimension_filter_text(const struct request *rq, const struct dimension_filter *f);

/* The operation's parameter for the dimension D alone, or NULL. */
const struct param *dimension_param(const struct request *rq, int d);

/* ", customer reception, team red*" for each filter. */
const char *dimension_filter_words(const struct request *rq, const struct dimension_filter *f);

#endif
