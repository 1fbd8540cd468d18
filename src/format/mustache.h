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

struct template_text {
	char *name; /* "layout" of layout.html, "types/go" of types/go.txt; or NULL */
	char *path; /* named in errors; or NULL */
	char *text;
	size_t len;
};

/*
 * The partial called NAME (LEN bytes, no NUL), or NULL: it renders as nothing.
 * It must live until the call that asked for it returns.
 */
typedef const struct template_text *mustache_partial(void *ctx, const char *name, size_t len);

/*
 * Appends the template T with DATA to OUT. DATA NULL is null, as in json-c.
 * PARTIAL may be NULL: there are none. Values are escaped for HTML unless the
 * tag says otherwise; false, null, "" and [] are falsy. 0, or -1: T can't be
 * read (ERR_INTERNAL, with its line), something is nested too deep, or OUT's
 * limit is passed (ERR_TOO_LARGE).
 */
int mustache_render(const struct template_text *t, struct json_object *data,
		    mustache_partial *partial, void *ctx, struct strbuf *out, struct error *err);

/*
 * Can T be rendered? 0, or -1 with "PATH:LINE: the fault": a tag or a section
 * that is wrong, or a partial that PARTIAL doesn't know (ERR_INTERNAL).
 */
int mustache_check(const struct template_text *t, mustache_partial *partial, void *ctx,
		   struct error *err);

/*
 * Appends TEXT with & < > " ' escaped: good between tags and in quoted
 * attributes.
 */
void html_add_text(struct strbuf *out, const char *text, size_t len);

#endif
