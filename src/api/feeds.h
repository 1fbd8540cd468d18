/*
 * feeds.h - records that other programs post in their own form. A mapping file
 * of the settings says how they become events.
 */
#ifndef API_FEEDS_H
#define API_FEEDS_H

#include "api/request.h"
#include "mapping/mapping.h"

/* The mappings of the settings [feeds]. */
struct feeds;

/*
 * Reads the mappings. -1: the error names file and line. Otherwise free *ret
 * with feeds_free.
 */
int feeds_new(const struct settings *s, struct feeds **ret, struct error *err);
void feeds_free(struct feeds **f);

/*
 * The mapping of FreeSWITCH's records, or NULL. A mapping serves one reader at
 * a time: call feeds_begin before, and feeds_end after using it. Thread-safe.
 */
struct mapping *feeds_freeswitch(struct feeds *f);
void feeds_begin(struct feeds *f);
void feeds_end(struct feeds *f);

/*
 * The JSON in a body of mod_json_cdr, by its Content-Type: as it is
 * (application/json), or in the form field cdr, encoded as in a URL
 * (application/x-www-form-urlencoded) or in base 64
 * (application/x-www-form-base64-encoded). *RET is in ARENA or is BODY. -1 with
 * ERR_MEDIA_TYPE, or with ERR_BODY: the field is missing or damaged.
 */
int feeds_cdr_json(const char *content_type, const char *body, size_t len, struct arena *arena,
		   const char **ret, size_t *ret_len, struct error *err);

#endif
