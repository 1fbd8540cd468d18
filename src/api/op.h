/*
 * op.h - operations as data. One row holds an operation's route, methods,
 * roles, parameters and result. The row decides routing, checks and all
 * formats.
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
	PT_DATE,     /* in the dialect's spelling */
	PT_INSTANT,  /* ISO 8601 */
	PT_ZONE,     /* IANA name */
	PT_CATEGORY, /* of the catalogue */
	/*
	 * what lines are grouped by: a dimension of the catalogue, or one of
	 * `values`. The argument is the dimension's index, or DIMENSIONS plus
	 * the index in `values`
	 */
	PT_GROUP,
	/*
	 * an account's SID. Checked as PT_TEXT; pages offer the accounts that
	 * the caller sees
	 */
	PT_ACCOUNT,
	PT_PAGE_SIZE /* at least 1; more than max counts as max */
};

enum {
	/* comes from the path's {Name}; not accepted from query or body */
	PARAM_PATH = 1 << 0,
	PARAM_REQUIRED = 1 << 1,
	/* usaged's addition to a foreign API: samples omit it */
	PARAM_OWN = 1 << 3,
	PARAM_SECRET = 1 << 4, /* accepted from a body only, and never shown */
	/* seldom used: hidden in forms until the reader unfolds them */
	PARAM_RARE = 1 << 5,
	PARAM_SUBJECT = 1 << 6, /* with the path, identifies a form's record */
	/*
	 * an empty value counts as given and clears the record's value; without
	 * this flag, an empty value counts as missing
	 */
	PARAM_CLEARS = 1 << 7,
	PARAM_STATE = 1 << 2 /* a place in a list, not a filter: forms and links omit it */
};

struct param {
	const char *name;
	enum param_type type;
	unsigned flags;
	const char *def; /* in the caller's spelling; NULL: none */
	int64_t min, max;
	const char *const *values; /* PT_ENUM, PT_GROUP; ended by NULL */
	/* the values' names on pages; NULL: the values */
	const char *const *words;
	const char *doc;
	const char *label; /* on pages; NULL: the display name of `name` */
	/*
	 * PT_ENUM, PT_GROUP, PT_ZONE, PT_ACCOUNT: a form's label for "no
	 * value"; NULL: default, the account's own, all accounts. If it is one
	 * of `values`, the form of a change shows that value as chosen
	 */
	const char *any;
};

enum { PARAMS_MAX = 24 };

/*
 * A kind of body that an operation reads itself. Descriptions of the operation
 * list these kinds.
 */
struct body_kind {
	const char *type; /* media type */
	enum body_holds {
		BODY_TEXT,
		BODY_EVENT,
		BODY_EVENTS,
		BODY_OBJECT, /* JSON of another program; SAMPLE is JSON */
		BODY_FORM    /* texts by name */
	} holds;
	const char *sample;
};

struct request;
struct op;

/*
 * The page for an operation that changes something. The page says what will
 * change, and has an input for each parameter and a button.
 */
struct op_form {
	/*
	 * the path of the page: "/users/new"; each {Name} is a parameter of the
	 * operation
	 */
	const char *path;
	const char *button; /* text of the button: "Add the user" */
	/* the page that links here; also shown afterwards */
	const struct op *list;
	/* the notice shown afterwards; NULL: the answer itself is shown */
	const char *done;
	/* a sentence on the effect of the operation, shown by ASK; or NULL */
	const char *consequence;
	/*
	 * Writes the record that will change, in the form of run's answer. Only
	 * the parameters of the path are set. NULL: the page shows the
	 * operation's title and doc.
	 */
	int (*ask)(struct request *rq, struct writer *w, struct error *err);
	/*
	 * Sets the initial values of inputs with request_preset. Only the
	 * parameters of the path are set. NULL: the parameters' defaults.
	 */
	int (*fill)(struct request *rq, struct error *err);
};

/*
 * A report whose CSV is offered on the operation's page, because the
 * operation's own CSV is for programs.
 */
struct op_sheet {
	const struct op *report;
	const char *group; /* the report's GroupBy */
	const struct op_rename {
		const char *from, *to;
	} * names; /* parameters to pass on; ended by a NULL name */
};

/* The beginning of the row op_NAME. */
#define OPERATION(name, owner, methods_, path_, roles_)                               \
	.id = #name, .dialect = &dialect_##owner, .methods = methods_, .path = path_, \
	.roles = roles_

struct op {
	const char *id;   /* operationId; also its name in the log and in `usaged report` */
	unsigned methods; /* M_* */
	const char *path; /* "/v1/UsageRecords", with {Name} for a segment */
	/* a second path of the operation, without {Name}s; or NULL */
	const char *short_path;
	const struct dialect *dialect;
	unsigned roles; /* set of enum role; ROLE_ANYONE: no check */
	/*
	 * the operation changes something even with GET, so requests by pages
	 * of another origin are refused
	 */
	bool changes;
	const struct param *params; /* ended by a NULL name */
	/*
	 * shape of the root: a page, an object, or (returns_list) a list item
	 */
	const struct shape *returns;
	bool returns_list;
	/* the operation is always fast if the body is short (http/pool.h) */
	bool light;
	/*
	 * what the operation needs of the ledger. With LEDGER_OPTIONAL and
	 * LEDGER_UNUSED, roles is ROLE_ANYONE, and credentials are not looked at
	 */
	enum op_ledger {
		LEDGER_NEEDED,
		/*
		 * needed, but a read of its own only if request_begin_read asks
		 * for it (see rq->unread)
		 */
		LEDGER_KEPT,
		LEDGER_OPTIONAL, /* runs, with rq->ledger_fault, if it can't be read */
		LEDGER_UNUSED
	} ledger;
	/* run reads rq->body itself */
	bool reads_body;
	/* with reads_body: the accepted kinds; ended by a NULL type */
	const struct body_kind *bodies;
	/* XML element of a body with parameters, and its namespace; or NULL */
	const char *body_root;
	const char *body_namespace;
	int (*run)(struct request *rq, struct writer *w, struct error *err);
	/* for a run function of several rows: the row's differences */
	const void *data;
	const char *title; /* of its page */
	/* label in the navigation of pages; NULL: not in the navigation */
	const char *nav;
	/*
	 * label in the tabs, which link operations that show the same records;
	 * NULL: no tab
	 */
	const char *tab;
	/*
	 * for an operation on one record: the operation that lists all records;
	 * its tab is shown as open. Or NULL
	 */
	const struct op *list;
	const struct op_form *form;   /* or NULL */
	const struct op_sheet *sheet; /* or NULL */
	const char *doc;
};

/*
 * Does the operation take parameters from a body, too? Yes if it has a
 * body_root or a method with a body, but does not read the body itself.
 */
bool op_takes_body(const struct op *op);

/* Does the operation look at credentials? */
static inline bool op_is_for_callers(const struct op *op)
{
	return op->ledger == LEDGER_NEEDED || op->ledger == LEDGER_KEPT;
}

/*
 * Do the LEN bytes of NAME name the parameter WANT? ANY_CASE: ignores case, and
 * underscores between words ("account_id" is AccountId).
 */
bool param_named(const char *name, size_t len, const char *want, bool any_case);

#endif
