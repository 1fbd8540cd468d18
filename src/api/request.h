/*
 * request.h - one request, from what the caller sent to what the answer says.
 * Operations, pages and documents take the same pointer; over HTTP as on the
 * command line.
 *
 *   struct worker   a thread's: lives as long as the thread
 *   struct request  this request's: lives until the answer has left
 *   struct reply    what the answer says beside its document
 *
 * All texts live in the request's arena, in the CGI variables, or are static.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "api/ops.h"
#include "base/arena.h"
#include "base/secret.h"
#include "base/settings.h"
#include "base/zone.h"
#include "usage/account_calendar.h"
#include "usage/catalogue.h"

struct auth;
struct commit_thread;
struct input;
struct output;
struct share;
struct shares;
struct signin;
struct template_slot;
struct templates;
struct verifier;

/* ---- a thread's ---- */

struct worker {
	/* borrowed, and the same for all threads */
	const struct settings *settings;
	const unsigned char *secret;   /* SECRET_BYTES */
	const struct op *const *table; /* as `ops` */
	struct commit_thread *commits; /* takes events; NULL: nothing can be written */
	struct signin *signin;         /* checks passwords; NULL: nobody can sign in */
	struct verifier *verifier;     /* verifies the ledger; NULL: there is no server */
	struct template_slot *slot;    /* the newest templates; NULL: no pages */

	/* its own, of http/handle.h */
	struct templates *templates; /* those of this request */
	struct store *store;         /* read-only; opened by the first request that needs it */
	int64_t version;             /* of the ledger, when the catalogue was read */
	const struct catalogue *catalogue;
	struct arena catalogue_arena;
	struct auth *auth;
	struct arena arena; /* of one request */
	struct strbuf head, body;
	/* set by the pool before each request */
	struct shares *shares; /* NULL: the request needs no share */
	struct share *share;   /* with SHARES: the request's */
	bool refuse;           /* too many requests wait already */
};

/* ---- parameters ---- */

/* A parameter as it came, decoded. */
struct raw_param {
	const char *name;
	const char *value;
	size_t len; /* of the value, which may hold NULs */
};

enum { UNKNOWN_NAMES_MAX = 8 };

/* Those of a query or a body, in the order they came. */
struct params {
	struct arena *arena;
	struct raw_param *items;
	size_t n, size;
	/* names that the operation doesn't have, each once; */
	const char *unknown[UNKNOWN_NAMES_MAX];
	size_t n_unknown; /* of more than those the first ones */
};

/* A parameter of an operation: as the caller gave it, then checked. */
struct arg {
	const struct param *param;
	/*
	 * as given; once checked also the default. NULL: neither
	 */
	const char *text;
	bool given; /* by the caller, not by the default */
	union {     /* once checked, and if there is a text */
		int64_t n;
		bool yes;
		struct date date;
		int64_t instant_us;
		size_t category; /* catalogue index */
		const struct zone *zone;
	};
};

/* ---- the answer ---- */

enum { REPLY_COOKIES = 8 };

/* What an answer says beside its document. */
struct reply {
	/* set by an operation, if it likes */
	int status; /* HTTP; 204: nothing was written */
	/* the answer leads there (303), and what was written doesn't matter */
	const char *location;
	const char *cookies[REPLY_COOKIES]; /* Set-Cookie headers */
	size_t n_cookies;
	/* the instant that divides a report into settled and open amounts, or NULL */
	const char *closed_until;
	const struct format *format;

	/* set by src/http */
	const char *reason;   /* phrase of the status; NULL: the standard one */
	const char *type;     /* Content-Type with its charset, in place of the format's; or NULL */
	int retry_after;      /* seconds; 0: not said */
	const char *callback; /* of JSONP, or NULL */
	const char *ignored;  /* parameters that were ignored, fit for a header; or NULL */
	const char *attachment; /* name of the file that a CSV is to be saved as, or NULL */
	const char *allow;      /* of a 405, or of the 204 that OPTIONS gets; or NULL */
	const char *origin;     /* whose page may see this, or NULL */
	bool varies_by_origin;
	bool preflight; /* it says whether that page may ask */
	int batch_done; /* calls of a batch that were answered; -1: it is none */

	/* on its way out: http/reply.h */
	struct sink sink; /* the document's */
	struct output *out;
	bool started;       /* something has left */
	bool gone;          /* the caller is gone */
	int64_t body_bytes; /* so far */
};

/* ---- the request ---- */

enum { PATH_ARGS_MAX = 16 };

struct request {
	struct worker *worker;
	struct arena *arena; /* of all that it needs */
	int64_t now;         /* seconds; one moment for the whole request */
	char id[SID_TEXT];

	/* as it came: http/parse.h */
	char *const *variables;  /* of CGI, "NAME=value", ended by NULL; NULL: there are none */
	const char *method_name; /* "GET" */
	unsigned method;         /* M_*, or 0 if it is none we know */
	const char *raw_path;    /* as sent, without the query */
	const char *path;        /* decoded once; "" if it could not be */
	size_t path_len;
	/*
	 * the path, with a NUL for each byte that came encoded: no "/" or "."
	 * of those divides
	 */
	const char *path_marks;
	const char *query;    /* as sent, without the "?" */
	struct params params; /* of the query; its unknown names are also those of bodies */
	const char *accept;   /* headers; "" if missing, but: */
	const char *accept_language;
	const char *authorization; /* NULL if missing */
	const char *content_type;
	int64_t content_length;      /* 0 if missing */
	const char *remote;          /* the caller's address, "-" if unknown */
	const char *base_url;        /* "https://host:port", no slash at the end */
	const char *own_origin;      /* the same, as the request itself names us */
	const char *origin;          /* of the page that asks; NULL if it isn't said */
	const char *fetch_site;      /* Sec-Fetch-Site, or NULL */
	const char *referer;         /* NULL if missing */
	const char *cookie;          /* as sent; "" if missing */
	const char *ss_id, *ss_pid;  /* X-ss-id and X-ss-pid; "" if missing */
	const char *method_override; /* X-Http-Method-Override, or NULL */
	struct input *in;            /* where the body comes from */
	char *body;                  /* NULL: not read; of a form, decoded in place */
	size_t body_len;
	bool is_form;
	struct params fields; /* of a form */

	/* what it means: http/route.h */
	const struct dialect *dialect; /* never NULL, even if there is no such path */
	const struct op *op;           /* NULL: not found */
	/*
	 * whose form's page the path is, where that isn't also an operation's
	 * path and verb; or NULL
	 */
	const struct op *form_op;
	const char *suffix;                 /* as asked for: ".json", or "" */
	const struct format *suffix_format; /* that it names, or NULL */
	/*
	 * of a route by name: what its bodies are, and its answer unless
	 * ?callback= or ?format= say otherwise; else NULL
	 */
	const struct format *fixed;
	/* Content-Type of an answer in that format, if it isn't the usual one; or NULL */
	const char *fixed_type;
	bool batch;       /* a route by name, of several calls: a JSON array of requests */
	unsigned methods; /* that the path has, where METHOD is none of them */
	struct raw_param path_args[PATH_ARGS_MAX]; /* the path's {Name}s */
	size_t n_path_args;

	/* who asks: http/auth.h */
	const struct principal *who;   /* NULL: nobody; then the operation is one for everybody */
	const struct session *session; /* that signed WHO in, or NULL: a key or a password did */
	bool ambient;  /* a browser sends the credentials by itself, whosever page makes it ask */
	bool foreign;  /* it comes from a page of another origin */
	bool admitted; /* access_operation said yes */

	/* what is asked for: one set of arguments, but of a batch several */
	struct arg *args;   /* parallel to op->params */
	struct arg **calls; /* NULL: not read yet */
	size_t n_calls;

	/* the snapshot that it reads; NULL: none yet */
	struct store *store;
	const struct catalogue *catalogue;
	/* of the accounts that it is about, see request_take_calendar; its zone is NULL: UTC */
	struct account_calendar calendar;
	bool calendars_differ; /* then CALENDAR is that of none of them */
	int64_t cpu_us;        /* of the thread, when it was first asked whether to go on; or 0 */
	bool later;            /* its party has as many in work as it may: not answered now */

	/* its page: http/page.h */
	bool asks;                 /* for the page that asks before the operation is done */
	const struct error *fault; /* why what a form was sent with can't be done, or NULL */
	struct account *accounts;  /* to choose from; in the order of their SIDs */
	size_t n_accounts;
	const bool *categories; /* of the catalogue's, those to choose from; NULL: none */
	struct writer_options options;

	struct reply reply;
};

/* Room for the arguments of OP, none of them given. */
struct arg *request_args(struct arena *arena, const struct op *op);

/*
 * Gives the operation the parameter P; VALUE is borrowed. An empty value is as
 * good as none, unless P has PARAM_CLEARS. One that was given before: both,
 * joined with ",", where the dialect ignores case; else the last.
 */
void request_give(struct request *rq, const struct param *p, const char *value);

/* The parameter of RQ's operation called NAME, as its dialect reads names; or NULL. */
const struct param *request_param(const struct request *rq, const char *name);

/* The argument of that name; the operation's table must have it. */
const struct arg *request_arg(const struct request *rq, const char *name);

/*
 * The request's header of that name ("Content-Encoding", any case), or NULL.
 * Not for Content-Type, see content_type.
 */
const char *request_header(const struct request *rq, const char *name);

/*
 * The value of the first cookie called NAME, *RET_LEN bytes of it in the
 * header; NULL: there is none. What is no pair is skipped.
 */
const char *request_cookie(const struct request *rq, const char *name, size_t *ret_len);

/*
 * Gives the answer the cookie NAME, kept for SECONDS; 0 deletes it,
 * COOKIE_SESSION: until the browser is closed. In place of an earlier one.
 */
enum { COOKIE_SESSION = -1 };
void request_set_cookie(struct request *rq, const char *name, const char *value, int64_t seconds);

/*
 * Checks what was given, and puts defaults in the place of what was not. -1
 * names the parameter and what would be right.
 */
int request_check(struct request *rq, struct error *err);

/*
 * What the operation's form says, for a caller who may do what it does: only
 * the parameters of the path are checked.
 */
int request_ask(struct request *rq, struct writer *w, struct error *err);

/*
 * Gives what the operation's form has filled in at first, beside what the
 * request gives, which outranks it. As request_ask.
 */
int request_fill(struct request *rq, struct error *err);
/* The form's input NAME has VALUE at first; it is borrowed. */
void request_preset(struct request *rq, const char *name, const char *value);

/*
 * Does JOB in the one writer, in a write of its own; from then on the request
 * reads what is new. As commit_thread_run; ERR_BUSY where nothing can be written.
 */
int request_change(struct request *rq, int (*job)(struct store *st, void *arg, struct error *err),
		   void *arg, struct error *err);

/*
 * Runs the operation, once access_operation has admitted the caller: checks the
 * arguments, then runs it. The store must be in a read: the snapshot that the
 * credentials and the catalogue come from too. The one way into an operation,
 * for HTTP and for the command line.
 */
int request_run(struct request *rq, struct writer *w, struct error *err);

#endif
