/*
 * page.h - what an HTML answer shows around its data: who is signed in, where
 * else to go, the same report in other formats, and a form of the operation's
 * parameters.
 */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "http/parse.h"

/* More accounts than this are not offered but typed. */
enum { PAGE_ACCOUNTS_MAX = 500 };

/*
 * The form's inputs: the parameters of the operation that are no state; what is
 * secret only where something is done. In the arena.
 */
const struct page_input *page_inputs(const struct request *rq);

/* What pages call the parameter. */
const char *page_label(struct arena *arena, const struct param *p);

const struct page *page_make(const struct request *rq);

/*
 * The value that the request gives the operation's parameter NAME; NULL: none,
 * or an empty one.
 */
const char *page_given(const struct request *rq, const char *name);

/*
 * Where a page leads when the operation, which has a form, is done; it says
 * there that it is.
 */
const char *page_after(const struct request *rq);

/*
 * The templates of all pages and of the types, as the settings have them, read
 * and checked. *ret is the caller's reference.
 */
int page_templates(const struct settings *s, struct templates **ret, struct error *err);

#endif
