/*
 * url.h - builds every link, and fills and matches the paths that hold {Name}s.
 *
 * A link grows in its arena and is never cut: it is as long as what it is made
 * of. Only a link in a header has a limit, URL_HEADER_MAX, which those who send
 * one check.
 */
#ifndef API_URL_H
#define API_URL_H

#include "api/request.h"

enum {
	URL_HEADER_MAX = 8000, /* bytes of a link in a header; nginx takes no longer request */
	URL_SEGMENTS_MAX = PATH_ARGS_MAX /* segments of a path, and so its {Name}s */
};

/* ---- links ---- */

struct url {
	struct arena *arena;
	char *text; /* ends with NUL */
	size_t len, size;
	char separator; /* before the next argument */
};

/* An argument of a link. VALUE NULL: the link goes without it. */
struct url_arg {
	const char *name, *value;
};

/*
 * Begins with LINK, encoded already, which may have arguments. An empty LINK
 * begins a tail, "&a=1&b=2", to be put behind a link that has arguments.
 */
struct url url_begin(struct arena *arena, const char *link);
void url_add(struct url *u, const char *text); /* as it is */
/* %XX for every byte outside RFC 3986's unreserved set */
void url_encode(struct url *u, const char *text, size_t len);
void url_arg(struct url *u, const char *name, const char *value); /* VALUE NULL: adds nothing */
void url_argn(struct url *u, const char *name, const char *value, size_t len);
const char *url_end(const struct url *u); /* in the arena */

/* LINK with ARGS, ended by a NULL name. */
const char *url_list(struct arena *arena, const char *link, const struct url_arg *args);
/* url_of(arena, link, { "a", x }, { "b", y }) */
#define url_of(arena, link, ...) \
	url_list((arena), (link), (const struct url_arg[]) { __VA_ARGS__, { NULL, NULL } })

/*
 * The page where people sign in, which leads back to PAGE unless that makes the
 * link too long for a header. FAILED: why they must once more, or NULL.
 */
const char *login_link(struct arena *arena, const char *failed, const char *page);

/* ---- paths with {Name}s ---- */

/*
 * The next {Name} of a pattern at or after *P: sets *RET and *RET_LEN, moves *P
 * behind it. False: there is none.
 */
bool path_next_name(const char **p, const char **ret, size_t *ret_len);

/*
 * PATTERN with the value of each {Name}, encoded. VALUE returns it, or NULL:
 * then the path is NULL.
 */
const char *path_fill(struct arena *arena, const char *pattern,
		      const char *(*value)(const void *ctx, const char *name), const void *ctx);

/* A request's path, in its segments. */
struct path {
	struct path_segment {
		const char *text;
		size_t len;
		const char *marks;
	} segments[URL_SEGMENTS_MAX];
	size_t n;
	size_t stripped; /* length of the last segment without its suffix, if that counts */
};

/*
 * Splits the LEN bytes of TEXT, decoded, at the slashes of MARKS (as request.h's
 * path_marks). SKIP_EMPTY: "//" is "/". False: too many segments.
 */
bool path_split(struct path *p, const char *text, const char *marks, size_t len, bool skip_empty);

/*
 * Does P match the pattern? A {Name} matches any segment that isn't empty; the
 * last segment matches with its suffix or without.
 */
bool path_match(const char *pattern, const struct path *p, bool any_case);

/*
 * The values of the {Name}s of a pattern that P matches, copied into the arena.
 * Returns how many there are.
 */
size_t path_args(const char *pattern, const struct path *p, struct arena *arena,
		 struct raw_param ret[URL_SEGMENTS_MAX]);

/* ---- links of a call; all in its arena ---- */

/*
 * The operation's path with its arguments, as in
 * "/2010-04-01/Accounts/AC.../Usage/Records".
 */
const char *request_path(const struct request *rq);

/*
 * The format that this answer's links lead to: its own, but pages from a
 * spreadsheet.
 */
const struct format *request_link_format(const struct request *rq);

/*
 * The end of the path of links to D's operations, so that they give the format
 * of request_link_format: ".json"; "" where D needs no suffix for it.
 */
const char *request_link_suffix(const struct request *rq, const struct dialect *d);

/* The call's path, with the suffix of its dialect's links. */
const char *request_link_path(const struct request *rq);

/* What the caller gave for NAME; NULL: nothing. */
const char *request_given(const struct request *rq, const char *name);

/*
 * LINK with the filters that the caller gave, in the order of the table, and
 * with CHANGES (ended by a NULL name) made to them. Parameters that aren't in
 * the table can't be changed.
 */
const char *request_link(const struct request *rq, const char *link, const struct url_arg *changes);
#define request_link_with(rq, link, ...) \
	request_link((rq), (link), (const struct url_arg[]) { __VA_ARGS__, { NULL, NULL } })

/*
 * The page PREFIX/NAME/ACTION, where people ask for something to be done to
 * NAME.
 */
const char *action_page(const struct request *rq, const char *prefix, const char *name,
			const char *action);

#endif
