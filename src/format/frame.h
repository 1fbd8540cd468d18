/*
 * frame.h - templates around text of any length. A frame is a template with
 * {{>body}}. The part before {{>body}} is the head, the part after it is the
 * foot. The foot is rendered after the text, so it can show data that is known
 * only then, such as the number of rows. Only for this folder.
 */
#ifndef FORMAT_FRAME_H
#define FORMAT_FRAME_H

#include <json-c/json.h>

#include "base/error.h"
#include "base/strbuf.h"

struct templates;

struct frame {
	const struct templates *templates; /* borrowed */
	const char *name;                  /* of the template */
	/* name of the template for {{>content}}; NULL: none */
	const char *content;
	struct json_object *data; /* owned, see frame_release */
};

enum frame_part { FRAME_HEAD, FRAME_FOOT, FRAME_WHOLE };

/*
 * Appends the part. Returns 0, or -1: a template is missing, broken or without
 * {{>body}} (ERR_INTERNAL), or OUT is full (ERR_TOO_LARGE).
 */
int frame_add(const struct frame *f, enum frame_part part, struct strbuf *out, struct error *err);

void frame_release(struct frame *f);

#endif
