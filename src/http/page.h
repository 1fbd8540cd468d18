/*
 * page.h - what an HTML answer shows around its data: who is signed in, where
 * else to go, the same report in other formats, and a form of the operation's
 * parameters.
 */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "http/request.h"
#include "http/route.h"

struct page_context {
	const struct settings *settings;
	const struct op *const *table; /* as `ops` */
	const struct request *request;
	const struct route *route;
	const struct principal *who;       /* or NULL */
	const struct session *session;     /* that they can sign out of, or NULL */
	const struct catalogue *catalogue; /* or NULL: no choice of categories */
	/* of the catalogue's, those to choose from (access_categories) */
	const bool *categories;
	/* that the caller sees, to choose from; in the order of their SIDs */
	const struct account *accounts;
	size_t n_accounts;
	const struct raw_param *raw; /* the parameters as given */
	size_t n_raw;
	bool asks; /* the page is the operation's form */
	/* why what it was sent with can't be done, or NULL */
	const struct error *fault;
	struct arena *arena; /* for all of it */
};

/* More accounts than this are not offered but typed. */
enum { PAGE_ACCOUNTS_MAX = 500 };

/*
 * The form's inputs: the parameters of the operation that are no state; what is
 * secret only where something is done. In the arena.
 */
const struct page_input *page_inputs(const struct page_context *c);

/* What pages call the parameter. */
const char *page_label(struct arena *arena, const struct param *p);

const struct page *page_make(const struct page_context *c);

/*
 * Where a page leads when R's operation, which has a form, is done; it says
 * there that it is.
 */
const char *page_after(const struct route *r, struct arena *arena);

/*
 * The templates of all pages and of the types, as the settings have them, read
 * and checked. *ret is the caller's reference.
 */
int page_templates(const struct settings *s, struct templates **ret, struct error *err);

#endif
