/*
 * layout.h - makes whole pages of templates. layout.html is the frame of every
 * page. {{>content}} in it is the template of the kind of page ("report",
 * "login"...). {{>body}} in that template is the place of an answer's tables.
 */
#ifndef FORMAT_LAYOUT_H
#define FORMAT_LAYOUT_H

#include "format/writer.h"

struct json_object;
struct templates;

/*
 * Checks that T has every template that pages need, and that each template has
 * its places. Returns 0, or -1 with ERR_INTERNAL, which names the template and
 * the missing place.
 */
int layout_check(const struct templates *t, struct error *err);

/*
 * Appends a whole page without an answer: the template CONTENT inside the
 * layout. The template sees the members of DATA and of the layout (title, site,
 * nav...). Releases DATA. Returns 0, or -1: a template is missing or broken
 * (ERR_INTERNAL), or OUT is full (ERR_TOO_LARGE).
 */
int layout_page(const struct writer_options *o, const char *content, const char *title,
		struct json_object *data, struct strbuf *out, struct error *err);

#endif
