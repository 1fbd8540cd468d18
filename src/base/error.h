/*
 * error.h - one description of a failure, made where it happens.
 *
 * A function that can fail returns 0 (or a count), or -1 with its struct error
 * filled. Callers clean up and pass the error on unchanged; each dialect turns
 * the kind into its own status and code (api/dialect.h).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_kind {
	ERR_NONE,    /* nothing has failed */
	ERR_PARAM,   /* a parameter has a value that it can't have */
	ERR_FORMAT,  /* a parameter isn't written the way its type is (a date, a number) */
	ERR_MISSING, /* parameters that must be given are not */
	ERR_EMPTY,   /* fields of a form that must not be left empty are */
	/*
	 * a page asked for without the token that leads to it, or with a wrong
	 * one
	 */
	ERR_PAGE,
	ERR_REVERSED,        /* a range that ends before it starts */
	ERR_BODY,            /* a body that isn't in the form of its type */
	ERR_UNAUTHENTICATED, /* no credentials */
	ERR_CREDENTIALS,     /* credentials that are not known here, or revoked */
	ERR_FORBIDDEN,       /* known, but not allowed to do this */
	ERR_NOT_FOUND,       /* nothing at this path, or nothing the caller may see */
	ERR_METHOD,          /* the path exists, but not with this HTTP method */
	ERR_UNSUPPORTED,     /* the HTTP method exists here, but not for this */
	ERR_NO_OPERATION,    /* a pre-defined route names an operation that does not exist */
	ERR_NOT_ACCEPTABLE,  /* no format that the caller accepts */
	ERR_MEDIA_TYPE,      /* a body of a type that isn't understood */
	ERR_TOO_LARGE,       /* more than a limit allows */
	ERR_TOO_MANY,        /* too many requests */
	ERR_CONFLICT,        /* it exists already */
	ERR_CLOSED,          /* the account is closed through that time */
	/*
	 * the account is suspended: its credentials don't work, and it takes no
	 * events of later times
	 */
	ERR_SUSPENDED,
	ERR_OVERFLOW, /* a total that does not fit; nothing was stored */
	ERR_BUSY,     /* try again: the ledger is locked, or the server is stopping */
	ERR_GATEWAY,  /* nginx found no worker to ask */
	ERR_TIMEOUT,  /* the answer did not come in time */
	ERR_INTERNAL, /* ours: a full disk, a broken file, a bug */
	ERR_KINDS
};

struct error {
	enum error_kind kind;
	/*
	 * the dialect's own number where the kind is too coarse (83601); else 0
	 */
	int code;
	/*
	 * the parameter at fault, spelled as the caller would (several: joined
	 * with ","), or ""
	 */
	char param[48];
	/*
	 * one line, safe to show the caller: what is wrong and what would be
	 * right; reads well after "PARAM: ", and without it
	 */
	char message[320];
	int retry_after; /* seconds after which a new try may succeed; 0 = unknown */
	/*
	 * for the log only: the statement, the driver's or the system's words
	 */
	char detail[512];
};

/*
 * Records the first failure and ignores later ones. PARAM may be NULL. Always
 * returns -1. A NULL ERR is allowed: the caller doesn't want to know.
 */
__attribute__((format(printf, 4, 5))) int error_set(struct error *err, enum error_kind kind,
						    const char *param, const char *fmt, ...);

/* Adds to the detail that only the log shows. Always returns -1. */
__attribute__((format(printf, 2, 3))) int error_detail(struct error *err, const char *fmt, ...);

/* ERR_INTERNAL "WHAT: <the system's word for ERRNUM>". Always returns -1. */
int error_system(struct error *err, const char *what, int errnum);

void error_clear(struct error *err);

#endif
