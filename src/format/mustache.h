/*
 * mustache.h - templates: the core of the public Mustache specification
 * (interpolation, sections, inverted sections, comments, partials, set
 * delimiters), over json-c data.
 */
#ifndef FORMAT_MUSTACHE_H
#define FORMAT_MUSTACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/strbuf.h"

struct json_object;

enum {
	MUSTACHE_DEPTH = 64,         /* sections and partials inside each other */
	MUSTACHE_TEMPLATE = 1 << 20, /* bytes of a template */
	MUSTACHE_NAME = 64,          /* bytes of one name between dots, with a NUL */
	/* tags and texts rendered, so that partials that call each other end */
	MUSTACHE_STEPS = 1 << 20
};

/*
 * The partial called NAME (LEN bytes, no NUL), or NULL: it renders as nothing.
 * Its text must live until mustache_render returns.
 */
typedef const char *mustache_partial(void *ctx, const char *name, size_t len, size_t *ret_len);

/*
 * Appends TEMPLATE with DATA to OUT. DATA NULL is null, as in json-c. PARTIAL
 * may be NULL: there are none. Values are escaped for HTML unless the tag says
 * otherwise; false, null, "" and [] are falsy. 0, or -1: the template can't be
 * read (ERR_INTERNAL, with its line), something is too deep, or OUT's limit is
 * passed (ERR_TOO_LARGE).
 */
int mustache_render(const char *template, size_t len, struct json_object *data,
		    mustache_partial *partial, void *ctx, struct strbuf *out, struct error *err);

/* Is there a partial called NAME (LEN bytes, no NUL)? */
typedef bool mustache_exists(void *ctx, const char *name, size_t len);

/*
 * Can TEMPLATE be rendered? 0, or -1 with "FILE:LINE: what is wrong": a tag or
 * a section, or a partial that doesn't exist (ERR_INTERNAL).
 */
int mustache_check(const char *file, const char *template, size_t len, mustache_exists *exists,
		   void *ctx, struct error *err);

/*
 * Appends TEXT with & < > " ' escaped: good between tags and in quoted
 * attributes.
 */
void html_add_text(struct strbuf *out, const char *text, size_t len);

#endif
