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
struct mustache_tokens;

enum {
	MUSTACHE_DEPTH = 64,         /* sections and partials inside each other */
	MUSTACHE_TEMPLATE = 1 << 20, /* bytes of a template */
	MUSTACHE_NAME = 64,          /* bytes of one name between dots, with a NUL */
	/*
	 * the most tags and texts to render: ends endless recursion of partials
	 */
	MUSTACHE_STEPS = 1 << 20
};

struct template_text {
	char *name; /* "layout" of layout.html, "types/go" of types/go.txt; or NULL */
	char *path; /* path for errors; or NULL */
	char *text;
	size_t len;
	struct mustache_tokens *tokens; /* as mustache_cut makes them; or NULL */
};

/*
 * Cuts T into its tokens, so that rendering need not: sets t->tokens. Returns 0,
 * or -1 with ERR_INTERNAL and "PATH:LINE: the fault". T's text must not change
 * afterwards.
 */
int mustache_cut(struct template_text *t, struct error *err);
void mustache_tokens_free(struct mustache_tokens **tokens);

/*
 * Returns the partial called NAME (LEN bytes, no NUL). NULL renders as nothing.
 * The partial must live until mustache_render or mustache_check returns.
 */
typedef const struct template_text *mustache_partial(void *ctx, const char *name, size_t len);

/*
 * Sets the members of ITEM, an object, to those of the item number I. False:
 * there is none. ITEM is empty before the first call, then has the members of the
 * item before.
 */
typedef bool mustache_item(void *arg, size_t i, struct json_object *item);

/*
 * A list for data, of at least one item, whose items are made one after the
 * other while it is rendered. FREE_ARG is called when the list is freed.
 */
struct json_object *mustache_list(mustache_item *item, void *arg, void (*free_arg)(void *arg));

/*
 * Items that are the same in many lists, such as the choices of a time zone. A
 * section of a template that was cut renders them once and keeps their text, if
 * it names only their own members.
 */
struct mustache_share {
	/* the items, which live as long as the process; ARG of the next */
	const void *items;
	mustache_item *item;
	size_t n;
	/* in a list: the number of the first, and of one that differs there */
	size_t first, marked;
};

/* Tells that the items of LIST, made by mustache_list, are in part those of SHARE. */
void mustache_list_share(struct json_object *list, const struct mustache_share *share);

/*
 * Appends the template T with DATA to OUT. DATA NULL is null, as in json-c.
 * PARTIAL NULL: there are no partials. Values are escaped for HTML unless the
 * tag says otherwise. false, null, "" and [] are falsy. Returns 0, or -1: T is
 * malformed (ERR_INTERNAL, with the line), the nesting is too deep, or OUT is
 * full (ERR_TOO_LARGE).
 */
int mustache_render(const struct template_text *t, struct json_object *data,
		    mustache_partial *partial, void *ctx, struct strbuf *out, struct error *err);

/* A partial that divides a template in two. It stands in no section. */
extern const struct template_text mustache_divider;

enum mustache_part { MUSTACHE_WHOLE, MUSTACHE_BEFORE, MUSTACHE_AFTER };

struct mustache_division {
	mustache_partial *partial; /* returns &mustache_divider for one name */
	void *ctx;
	enum mustache_part part;
};

/*
 * The same, of the part of T before or after the divider. Of a part, nothing of
 * the other one is looked up. 1: the divider was found, 0: not; or -1.
 */
int mustache_render_part(const struct template_text *t, struct json_object *data,
			 const struct mustache_division *d, struct strbuf *out, struct error *err);

/*
 * Checks that T can be rendered. Returns 0, or -1 with ERR_INTERNAL and
 * "PATH:LINE: the fault": a malformed tag or section, or a partial that PARTIAL
 * doesn't know.
 */
int mustache_check(const struct template_text *t, mustache_partial *partial, void *ctx,
		   struct error *err);

/*
 * Appends TEXT with & < > " ' escaped, for use between tags and in quoted
 * attributes.
 */
void html_add_text(struct strbuf *out, const char *text, size_t len);

#endif
