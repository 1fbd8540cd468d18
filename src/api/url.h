/*
 * url.h - builds all links; matches and fills paths with {Name}s.
 *
 * A link grows in its arena and is never cut. Only a link in a header has a
 * limit, URL_HEADER_MAX; the code that sends the header checks the limit.
 */
#ifndef API_URL_H
#define API_URL_H

#include "api/request.h"

enum {
	/* bytes of a link in a header; nginx accepts no longer request line */
	URL_HEADER_MAX = 8000,
	URL_SEGMENTS_MAX = PATH_ARGS_MAX /* segments, and so {Name}s, of a path */
};

/* ---- links ---- */

struct url {
	struct arena *arena;
	char *text; /* ends with NUL */
	size_t len, size;
	char separator; /* before the next argument */
};

/* An argument of a link. VALUE NULL: the link omits it. */
struct url_arg {
	const char *name, *value;
};

/*
 * Begins a link with LINK, which is encoded and may have arguments. An empty
 * LINK begins a list of arguments, "&a=1&b=2", to be appended to a link with
 * arguments.
 */
struct url url_begin(struct arena *arena, const char *link);
void url_add(struct url *u, const char *text); /* not encoded */
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
 * The sign-in page, which redirects to PAGE afterwards. PAGE is omitted if the
 * link would be too long for a header. FAILED: why the previous attempt failed,
 * or NULL.
 */
const char *login_link(struct arena *arena, const char *failed, const char *page);

/* ---- paths with {Name}s ---- */

/*
 * Finds the next {Name} of a pattern at or after *P: sets *RET and *RET_LEN,
 * and moves *P behind the {Name}. False: no further {Name}.
 */
bool path_next_name(const char **p, const char **ret, size_t *ret_len);

/*
 * PATTERN with each {Name} replaced by its encoded value. The function VALUE
 * returns the value of a {Name}; if VALUE returns NULL, path_fill returns NULL.
 */
const char *path_fill(struct arena *arena, const char *pattern,
		      const char *(*value)(const void *ctx, const char *name), const void *ctx);

/* A request's path, split into segments. */
struct path {
	struct path_segment {
		const char *text;
		size_t len;
		const char *marks;
	} segments[URL_SEGMENTS_MAX];
	size_t n;
	size_t stripped; /* length of the last segment without a suffix */
};

/*
 * Splits the LEN decoded bytes of TEXT at the slashes of MARKS (request.h,
 * path_marks). SKIP_EMPTY: "//" counts as "/". False: too many segments.
 */
bool path_split(struct path *p, const char *text, const char *marks, size_t len, bool skip_empty);

/*
 * Does P match the pattern? A {Name} matches any segment that isn't empty. The
 * last segment matches with or without its suffix.
 */
bool path_match(const char *pattern, const struct path *p, bool any_case);

/*
 * Copies the values of the {Name}s into the arena; P must match the pattern.
 * Returns their number.
 */
size_t path_args(const char *pattern, const struct path *p, struct arena *arena,
		 struct raw_param ret[URL_SEGMENTS_MAX]);

/* ---- links of a call; all in its arena ---- */

/*
 * The operation's path with its arguments filled in:
 * "/2010-04-01/Accounts/AC.../Usage/Records".
 */
const char *request_path(const struct request *rq);

/*
 * The format for links in this answer: the answer's own format; for a
 * spreadsheet, pages.
 */
const struct format *request_link_format(const struct request *rq);

/*
 * The suffix for links to operations of D, so that they answer in
 * request_link_format: ".json". "" if D needs no suffix.
 */
const char *request_link_suffix(const struct request *rq, const struct dialect *d);

/* The request's path with the suffix of request_link_suffix. */
const char *request_link_path(const struct request *rq);

/* The value that the caller gave for NAME; NULL: none. */
const char *request_given(const struct request *rq, const char *name);

/*
 * LINK with the caller's filters, in the order of the table, after CHANGES
 * (ended by a NULL name). Only parameters in the table can be changed.
 */
const char *request_link(const struct request *rq, const char *link, const struct url_arg *changes);
#define request_link_with(rq, link, ...) \
	request_link((rq), (link), (const struct url_arg[]) { __VA_ARGS__, { NULL, NULL } })

/* The link to the form PREFIX/NAME/ACTION of an operation on NAME. */
const char *action_page(const struct request *rq, const char *prefix, const char *name,
			const char *action);

#endif
