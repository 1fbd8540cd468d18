/*
 * trigger_view.h - triggers as people see them: with their accounts, and how
 * near they are to firing. For the list of triggers, the overview and the pages
 * of accounts.
 */
#ifndef API_TRIGGER_VIEW_H
#define API_TRIGGER_VIEW_H

#include "api/administer.h"
#include "api/request.h"

struct trigger_view {
	const char *name, *page, *sid, *account, *account_sid, *category, *by, *recurring;
	struct decimal current, value;
	const char *unit;     /* of both */
	struct decimal share; /* the current value in percent of the value */
	const char *fired, *callbacks, *url, *edit, *remove;
	bool fired_now; /* in the current period */
};

extern const struct shape trigger_view_shape;

/*
 * Reads the triggers of ACCOUNT (id; 0: of all accounts that the caller sees).
 * The trigger nearest to its value comes first. All of RET is in the request's
 * arena.
 */
int trigger_views(const struct request *rq, int64_t account, struct trigger_view **ret,
		  size_t *ret_n, struct error *err);

/*
 * Reads the triggers of ACCOUNTS that have reached TRIGGER_NEAR percent of their
 * value or fired in the current period; at most TRIGGERS_NEAR_MAX. Those
 * that have not fired come first, so that those that have leave them room.
 */
enum { TRIGGER_NEAR = 80, TRIGGERS_NEAR_MAX = 100 };
int trigger_views_near(const struct request *rq, const struct account_names *accounts,
		       struct trigger_view **ret, size_t *ret_n, struct error *err);

/* Makes the view of one trigger. */
int trigger_view_of(const struct request *rq, const struct trigger *t, struct trigger_view *ret,
		    struct error *err);

#endif
