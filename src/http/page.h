/*
 * page.h - the frame of a page: the signed-in user, navigation, other formats
 * of the answer, and a form with the operation's parameters.
 */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "http/parse.h"

/* With more accounts, a form has a text input instead of a choice. */
enum { PAGE_ACCOUNTS_MAX = 500 };

/*
 * The form's inputs: the operation's parameters except PARAM_STATE;
 * PARAM_SECRET only in forms that change something. In the arena.
 */
const struct page_input *page_inputs(const struct request *rq);

/* The parameter's name on pages. */
const char *page_label(struct arena *arena, const struct param *p);

const struct page *page_make(const struct request *rq);

/*
 * The request's value for the parameter NAME; NULL if it is missing or empty.
 */
const char *page_given(const struct request *rq, const char *name);

/*
 * The link to the page shown after an operation with a form; the link has a
 * parameter for the notice.
 */
const char *page_after(const struct request *rq);

/*
 * Loads and checks the templates of pages and types from the settings. *ret is
 * a reference that the caller owns.
 */
int page_templates(const struct settings *s, struct templates **ret, struct error *err);

#endif
