/*
 * parts.h - templates from a folder, each read once for a document.
 */
#ifndef FORMAT_PARTS_H
#define FORMAT_PARTS_H

#include <stddef.h>
#include "base/error.h"

enum { PARTS_MAX = 8, PART_NAME = 24 };

/* A template file. */
struct part {
	char name[PART_NAME];
	char *text;
	size_t len;
};

struct parts {
	const char *folder;              /* borrowed; NULL: there are none */
	const char *suffix;              /* ".html" */
	struct part items[PARTS_MAX];
	size_t n;
};

void parts_init(struct parts *p, const char *folder, const char *suffix);
void parts_release(struct parts *p);

/* The template called NAME (LEN bytes), which may come from a template. It lives as long as P. NULL: there is none, ERR_INTERNAL. */
const struct part *parts_find(struct parts *p, const char *name, size_t len, struct error *err);

#endif
