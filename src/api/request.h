/*
 * request.h - one request, from its variables to its answer. Operations, pages
 * and documents all get a struct request, over HTTP and on the command line.
 *
 *   struct worker   of a thread: lives as long as the thread
 *   struct request  of one request: lives until the answer has left
 *   struct reply    the answer without its document
 *
 * Texts live in the request's arena or in the CGI variables, or are static.
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
struct maintenance;
struct output;
struct request_count;
struct request_counts;
struct share;
struct shares;
struct signin;
struct template_slot;
struct templates;

/* ---- a thread's ---- */

struct worker {
	/* borrowed; the same for all threads */
	const struct settings *settings;
	const unsigned char *secret;     /* SECRET_BYTES */
	const struct op *const *table;   /* as `ops` */
	struct commit_thread *commits;   /* writes to the ledger; NULL: nothing can be written */
	struct signin *signin;           /* checks passwords; NULL: nobody can sign in */
	struct maintenance *maintenance; /* verifies the ledger; NULL: there is no server */
	struct template_slot *slot;      /* the current templates; NULL: no pages */
	struct feeds *feeds;             /* mappings of other programs' records; NULL: none */
	struct request_counts *counts;   /* of all threads; NULL: requests are not counted */
	/* connections and catalogue; NULL: worker_init makes one for the worker alone */
	struct ledger_share *ledger;
	int64_t started; /* time at which the server started, seconds; 0: no server */

	/* the thread's own, see http/handle.h */
	struct templates *templates;     /* of this request */
	struct ledger_share *own_ledger; /* LEDGER, if it is the worker's own */
	/* borrows connections of LEDGER; made by the first request that reads */
	struct store *store;
	struct held_catalogue *catalogue; /* of the last read */
	int64_t opened;                   /* commit_thread_opened before the last read */
	struct auth *auth;
	struct request_count *count; /* the thread's part of COUNTS, or NULL */
	struct arena arena;          /* of one request */
	struct strbuf head, body;
	/* set by the pool before each request */
	struct shares *shares; /* NULL: the request needs no share */
	struct share *share;   /* the request's share, if SHARES is set */
	bool refuse;           /* too many requests are waiting: refuse this one */
};

/* ---- parameters ---- */

/* A parameter as the caller sent it, decoded. */
struct raw_param {
	const char *name;
	const char *value;
	size_t len; /* of the value, which may contain NULs */
};

enum { UNKNOWN_NAMES_MAX = 8 };

/* The parameters of a query or a body, in their order. */
struct params {
	struct arena *arena;
	struct raw_param *items;
	size_t n, size;
	/*
	 * names of parameters that the operation doesn't have, without
	 * repetition
	 */
	const char *unknown[UNKNOWN_NAMES_MAX];
	/* at most UNKNOWN_NAMES_MAX; further names are dropped */
	size_t n_unknown;
};

/* An argument of an operation: first as the caller gave it, then checked. */
struct arg {
	const struct param *param;
	/*
	 * the given text; after request_check the given text or the default.
	 * NULL: neither
	 */
	const char *text;
	bool given; /* by the caller; false for a default */
	union {     /* set by request_check, if TEXT is set */
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

/* The answer, without its document. */
struct reply {
	/* an operation may set these */
	int status; /* HTTP; 204: the answer has no document */
	/* redirects to this URL with 303; the document is dropped */
	const char *location;
	const char *cookies[REPLY_COOKIES]; /* Set-Cookie headers */
	size_t n_cookies;
	/* the instant between settled and open amounts of a report, or NULL */
	const char *closed_until;
	const struct format *format;

	/* set by src/http */
	const char *reason;     /* phrase of the status; NULL: the standard one */
	const char *type;       /* Content-Type with its charset; NULL: the format's own */
	int retry_after;        /* seconds; 0: no Retry-After */
	const char *callback;   /* of JSONP; NULL: none */
	const char *ignored;    /* names of ignored parameters, fit for a header; or NULL */
	const char *attachment; /* file name of a CSV download, or NULL */
	/* header Allow of a 405 or an answer to OPTIONS; or NULL */
	const char *allow;
	const char *origin; /* the origin whose pages may read this answer, or NULL */
	bool varies_by_origin;
	bool preflight; /* answers a CORS preflight */
	/* the number of answered calls of a batch; -1: no batch */
	int batch_done;

	/* set while the answer is sent: http/reply.h */
	struct sink sink; /* of the document */
	struct output *out;
	bool started;       /* bytes have left */
	bool gone;          /* the caller has gone */
	int64_t body_bytes; /* bytes of the document that have left */
};

/* ---- the request ---- */

enum { PATH_ARGS_MAX = 16 };

struct request {
	struct worker *worker;
	struct arena *arena; /* all memory of the request */
	int64_t now;         /* seconds; one instant for the whole request */
	char id[SID_TEXT];

	/* as received: http/parse.h */
	/* CGI variables, "NAME=value", ended by NULL; NULL: there are none */
	char *const *variables;
	const char *method_name; /* "GET" */
	unsigned method;         /* M_*; 0 for an unknown method */
	const char *raw_path;    /* as received, without the query */
	const char *path;        /* decoded once; "" if decoding failed */
	size_t path_len;
	/*
	 * the path, with NULs in place of bytes that were percent-encoded: an
	 * encoded "/" or "." separates nothing
	 */
	const char *path_marks;
	const char *query; /* as received, without the "?" */
	/* of the query; `unknown` also has unknown names of the body */
	struct params params;
	/* this header and the next ones: "" if missing, unless noted */
	const char *accept;
	const char *accept_language;
	const char *authorization; /* NULL if missing */
	const char *content_type;
	int64_t content_length; /* 0 if missing */
	const char *remote;     /* the client's address, "-" if unknown */
	const char *base_url;   /* "https://host:port", no slash at the end */
	/* as base_url, but with the request's own Host */
	const char *own_origin;
	const char *origin;          /* of the page that sent the request; NULL if unknown */
	const char *fetch_site;      /* Sec-Fetch-Site, or NULL */
	const char *referer;         /* NULL if missing */
	const char *cookie;          /* as received; "" if missing */
	const char *ss_id, *ss_pid;  /* X-ss-id and X-ss-pid; "" if missing */
	const char *method_override; /* X-Http-Method-Override, or NULL */
	struct input *in;            /* source of the body */
	char *body;                  /* NULL: not read. A form is decoded in place */
	size_t body_len;
	bool is_form;
	struct params fields; /* of a form */

	/* the operation: http/route.h */
	const struct dialect *dialect; /* never NULL, even for unknown paths */
	const struct op *op;           /* NULL: not found */
	/* the operation whose form has this path; NULL if OP is set */
	const struct op *form_op;
	const char *suffix;                 /* as requested: ".json", or "" */
	const struct format *suffix_format; /* the suffix's format, or NULL */
	/*
	 * for a route by name: the format of request bodies, and of the answer
	 * without ?callback= and ?format=; else NULL
	 */
	const struct format *fixed;
	/* Content-Type of an answer in the format FIXED; NULL: the usual one */
	const char *fixed_type;
	bool batch;       /* a route by name with a JSON array of requests */
	unsigned methods; /* methods of the path, if METHOD is none of them */
	struct raw_param path_args[PATH_ARGS_MAX]; /* the path's {Name}s */
	size_t n_path_args;

	/* the caller: http/auth.h */
	/* NULL: nobody; only ROLE_ANYONE's operations run */
	const struct principal *who;
	/* the session that signed WHO in; NULL: a key or a password did */
	const struct session *session;
	bool ambient;  /* ambient authority: the browser sent the credentials automatically */
	bool foreign;  /* sent by a page of another origin */
	bool admitted; /* access_operation has admitted the caller */

	/* arguments: one set, or one for each call of a batch */
	struct arg *args;   /* parallel to op->params */
	struct arg **calls; /* NULL: not read yet */
	size_t n_calls;

	/* the ledger's snapshot; NULL: not begun */
	struct store *store;
	/*
	 * The request has no snapshot: caller and catalogue are those of the
	 * thread's last read. The commit thread checks that nothing has changed
	 * since (commit_thread_submit).
	 */
	bool unread;
	/* for request_begin_read */
	int (*identify)(struct request *rq, struct error *err);
	const struct catalogue *catalogue;
	/* LEDGER_OPTIONAL: why the ledger can't be read; NULL: it can */
	const struct error *ledger_fault;
	/* set by request_take_calendar; zone NULL: UTC */
	struct account_calendar calendar;
	bool calendars_differ; /* the accounts have different calendars: CALENDAR is UTC */
	/*
	 * the thread's processor time at the first check of the time limit; or
	 * 0
	 */
	int64_t cpu_us;
	/* the party's share is used up: the request must wait */
	bool later;
	bool exact; /* does not guess (store_guess), because a guess was wrong */

	/* its page: http/page.h */
	/* the request shows the operation's form; the operation does not run */
	bool asks;
	/* why the form's input is invalid, or NULL */
	const struct error *fault;
	struct account *accounts; /* choices of the form, in the order of their SIDs */
	size_t n_accounts;
	const bool *categories; /* flags of the categories that the form offers; NULL: none */
	struct writer_options options;

	struct reply reply;
};

/* Makes unset arguments for the parameters of OP. */
struct arg *request_args(struct arena *arena, const struct op *op);

/*
 * Sets the parameter P to VALUE (borrowed). An empty value counts as missing,
 * unless P has PARAM_CLEARS. If P was set before, dialects that ignore case
 * join both values with ","; other dialects keep the last value.
 */
void request_give(struct request *rq, const struct param *p, const char *value);

/* The parameter NAME of RQ's operation, in the dialect's spelling; or NULL. */
const struct param *request_param(const struct request *rq, const char *name);

/* The argument NAME; the operation must have that parameter. */
const struct arg *request_arg(const struct request *rq, const char *name);

/*
 * The request's header NAME ("Content-Encoding", any case), or NULL. For
 * Content-Type see content_type.
 */
const char *request_header(const struct request *rq, const char *name);

/*
 * The value of the first cookie NAME, *RET_LEN bytes in the header; NULL: no
 * such cookie. Skips malformed pairs.
 */
const char *request_cookie(const struct request *rq, const char *name, size_t *ret_len);

/*
 * Sets the cookie NAME of the answer for SECONDS, replacing an earlier one. 0
 * deletes the cookie; COOKIE_SESSION keeps it until the browser is closed.
 */
enum { COOKIE_SESSION = -1 };
void request_set_cookie(struct request *rq, const char *name, const char *value, int64_t seconds);

/*
 * Checks the arguments and sets defaults. -1: the error names the parameter and
 * describes valid values.
 */
int request_check(struct request *rq, struct error *err);

/*
 * Writes the operation's form, for a caller who may run the operation. Checks
 * only the parameters of the path.
 */
int request_ask(struct request *rq, struct writer *w, struct error *err);

/*
 * Sets the initial values of the form's inputs; values in the request take
 * precedence. Checks only the parameters of the path.
 */
int request_fill(struct request *rq, struct error *err);
/* Sets the initial value of the form's input NAME; borrowed. */
void request_preset(struct request *rq, const char *name, const char *value);

/*
 * Begins the read of a request that is unread, and identifies its caller again.
 * Does nothing if the request has a read. -1: the caller is unknown by now, or
 * may not run the operation; or the ledger failed.
 */
int request_begin_read(struct request *rq, struct error *err);

/*
 * Runs JOB in the commit thread, in a transaction of its own. Afterwards the
 * request reads the new state. -1: an error of commit_thread_run; ERR_BUSY if
 * there is no commit thread.
 */
int request_change(struct request *rq, int (*job)(struct store *st, void *arg, struct error *err),
		   void *arg, struct error *err);

/*
 * Checks the arguments and runs the operation; access_operation must have
 * admitted the caller. The store must still be in the read in which credentials
 * and catalogue were loaded, unless the request is unread. HTTP and the command
 * line run operations only by request_run.
 */
int request_run(struct request *rq, struct writer *w, struct error *err);

#endif
