/*
 * op.h - operations as data. One row says route, verbs, roles, parameters and
 * result; routing, checks, manual and every format follow from it.
 */
#ifndef API_OP_H
#define API_OP_H

#include "api/dialect.h"
#include "format/writer.h"
#include "usage/principal.h"

enum {
	M_GET = 1 << 0,
	M_HEAD = 1 << 1,
	M_POST = 1 << 2,
	M_PUT = 1 << 3,
	M_PATCH = 1 << 4,
	M_DELETE = 1 << 5,
	M_OPTIONS = 1 << 6,
	M_READ = M_GET | M_HEAD,
	M_ALL = M_GET | M_HEAD | M_POST | M_PUT | M_PATCH | M_DELETE
};

enum param_type {
	PT_TEXT,     /* min to max bytes */
	PT_INT,      /* min to max */
	PT_BOOL,     /* true or false, any case */
	PT_ENUM,     /* one of `values` */
	PT_DATE,     /* as the dialect writes dates */
	PT_INSTANT,  /* ISO 8601 */
	PT_ZONE,     /* IANA name */
	PT_CATEGORY, /* of the catalogue */
	/*
	 * an account's SID; as PT_TEXT, and a page offers those that the caller
	 * sees
	 */
	PT_ACCOUNT,
	PT_PAGE_SIZE /* at least 1; above max is cut to max */
};

enum {
	/* comes from the path's {Name}, and then not from query or body */
	PARAM_PATH = 1 << 0,
	PARAM_REQUIRED = 1 << 1,
	/*
	 * this server's own, beside those that the family's API has: samples
	 * leave it out
	 */
	PARAM_OWN = 1 << 3,
	PARAM_SECRET = 1 << 4,  /* comes from a body alone, and is never shown */
	PARAM_RARE = 1 << 5,    /* seldom asked for: forms fold it away until it is */
	PARAM_SUBJECT = 1 << 6, /* with the path it says what a page that asks is about */
	/*
	 * an empty value is given: it takes away what there is. Else it is as
	 * good as none
	 */
	PARAM_CLEARS = 1 << 7,
	PARAM_STATE = 1 << 2 /* position in a list, no filter: left out of forms and links */
};

struct param {
	const char *name;
	enum param_type type;
	unsigned flags;
	const char *def; /* as a caller would write it; NULL = none */
	int64_t min, max;
	const char *const *values; /* PT_ENUM; ended by NULL */
	const char *const *words;  /* what pages call these values; NULL: as they are */
	const char *doc;
	const char *label; /* on pages; NULL: the name in words */
	/*
	 * PT_ENUM, PT_ZONE, PT_ACCOUNT: what a form calls the choice of none;
	 * NULL: default, the account's own, all accounts
	 */
	const char *any;
};

enum { PARAMS_MAX = 24 };

/* A body that an operation reads itself, for those who describe it. */
struct body_kind {
	const char *type; /* media type */
	enum body_holds { BODY_TEXT, BODY_EVENT, BODY_EVENTS } holds;
	const char *sample;
};

struct request;
struct op;

/*
 * Of an operation that changes something: the page where people ask for it. It
 * shows what will be done and to what, has an input for each parameter, and the
 * button: so nothing is done unless it was meant.
 */
struct op_form {
	/*
	 * of the page, with GET: "/users/new"; its {Name}s are among those of
	 * the operation
	 */
	const char *path;
	const char *button; /* what it is called: "Add the user" */
	/* the page that leads here, and that one is led to when it is done */
	const struct op *list;
	/* what is said there then; NULL: the answer is shown instead */
	const char *done;
	/*
	 * Writes what it is about, as run does; only the parameters of the path
	 * are there. NULL: the operation's title and doc say it all.
	 */
	int (*ask)(struct request *rq, struct writer *w, struct error *err);
	/*
	 * Gives the inputs the values that they have at first (request_preset);
	 * only the parameters of the path are there. NULL: the parameters'
	 * defaults.
	 */
	int (*fill)(struct request *rq, struct error *err);
};

/*
 * The report whose CSV an operation's page offers instead of the operation's
 * own, which is for programs.
 */
struct op_sheet {
	const struct op *report;
	const char *group; /* its GroupBy */
	const struct op_rename {
		const char *from, *to;
	} * names; /* parameters to pass on; ended by a NULL name */
};

/* The beginning of the row op_NAME. */
#define OPERATION(name, owner, methods_, path_, roles_)                               \
	.id = #name, .dialect = &dialect_##owner, .methods = methods_, .path = path_, \
	.roles = roles_

struct op {
	const char *id;   /* operationId, name in the log and for `usaged report` */
	unsigned methods; /* M_* */
	const char *path; /* "/v1/UsageRecords", with {Name} for a segment */
	/* the same without its {Name}s, if that leads here as well; or NULL */
	const char *short_path;
	const struct dialect *dialect;
	unsigned roles; /* set of enum role; ROLE_ANYONE: no matter who */
	/* something, even with GET: never for pages of another origin */
	bool changes;
	const struct param *params; /* ended by a NULL name */
	/* the root: a page, an object, or (returns_list) the items */
	const struct shape *returns;
	bool returns_list;
	/* quick whatever it is asked, where its body is short (http/pool.h) */
	bool light;
	/* run reads the body itself, whatever it is: rq->body */
	bool reads_body;
	/* with reads_body: what it may be; ended by a NULL type */
	const struct body_kind *bodies;
	const char *body_root; /* XML element of a body with parameters, and its namespace */
	const char *body_namespace;
	int (*run)(struct request *rq, struct writer *w, struct error *err);
	const void *data;  /* what tells rows apart that share a run function */
	const char *title; /* of its page */
	/* its name among the links on every page; NULL: not there */
	const char *nav;
	/*
	 * its name among those of its family that show the same otherwise; or
	 * NULL
	 */
	const char *tab;
	/*
	 * of one thing: the list of all of them, whose place among those names
	 * it takes; or NULL
	 */
	const struct op *list;
	const struct op_form *form;   /* or NULL */
	const struct op_sheet *sheet; /* or NULL */
	const char *doc;
};

/*
 * Do parameters also come from a form, JSON or XML body? Yes if the operation
 * has a method with a body or a body_root, unless it reads the body itself.
 */
bool op_takes_body(const struct op *op);

/*
 * Is the LEN bytes of NAME the parameter WANT? ANY_CASE: also in another case,
 * and with underscores between its words ("account_id" for AccountId).
 */
bool param_named(const char *name, size_t len, const char *want, bool any_case);

#endif
