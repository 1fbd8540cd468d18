/*
 * layout.h - whole pages made of templates. layout.html is the frame of every
 * page. Its {{>content}} is the template of the kind of page ("report",
 * "login"...), whose {{>body}} is the place of an answer's tables.
 */
#ifndef FORMAT_LAYOUT_H
#define FORMAT_LAYOUT_H

#include "format/writer.h"

struct json_object;
struct templates;

/*
 * Does T have every template that pages need, each with its places? 0, or -1,
 * ERR_INTERNAL: which template lacks what.
 */
int layout_check(const struct templates *t, struct error *err);

/*
 * Appends a whole page without an answer: the template CONTENT inside the
 * layout. The members of DATA, which is given up, stand beside the layout's own
 * (title, site, nav...). 0, or -1: a template is missing or broken
 * (ERR_INTERNAL), or OUT is full (ERR_TOO_LARGE).
 */
int layout_page(const struct writer_options *o, const char *content, const char *title,
		struct json_object *data, struct strbuf *out, struct error *err);

#endif
