/*
 * error.h - describes a failure. The function that fails fills it.
 *
 * A function that can fail returns 0 (or a count), or -1 with its struct error
 * filled. Callers clean up and pass the error on unchanged; each dialect turns
 * the kind into its own status and code (api/dialect.h).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_kind {
	ERR_NONE,    /* nothing has failed */
	ERR_PARAM,   /* the value of a parameter is not allowed */
	ERR_FORMAT,  /* a parameter is malformed (a date, a number) */
	ERR_MISSING, /* required parameters are missing */
	ERR_EMPTY,   /* required fields of a form are empty */
	/*
	 * a page number or position without its page token, or with a wrong one
	 */
	ERR_PAGE,
	ERR_REVERSED,        /* a range that ends before it starts */
	ERR_BODY,            /* a body that does not match its media type */
	ERR_UNAUTHENTICATED, /* no credentials */
	ERR_CREDENTIALS,     /* credentials that are unknown or revoked */
	ERR_FORBIDDEN,       /* the caller is known, but not allowed to do this */
	ERR_NOT_FOUND,       /* nothing at this path, or nothing the caller may see */
	ERR_METHOD,          /* the path exists, but not with this HTTP method */
	/* the path has this HTTP method, but not for this resource */
	ERR_UNSUPPORTED,
	ERR_NO_OPERATION,   /* a pre-defined route names an operation that does not exist */
	ERR_NOT_ACCEPTABLE, /* no format that the caller accepts */
	ERR_MEDIA_TYPE,     /* the media type of the body is not supported */
	ERR_TOO_LARGE,      /* more than a limit allows */
	ERR_TOO_MANY,       /* too many requests */
	ERR_CONFLICT,       /* the object exists already */
	ERR_CLOSED,         /* the account is closed through the time of the event */
	/*
	 * the account is suspended: its credentials don't work, and events
	 * after the suspension are rejected
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
	 * a number of the dialect that is more exact than the kind (83601); or
	 * 0
	 */
	int code;
	/*
	 * the parameter at fault, in the caller's spelling (several: joined
	 * with ","), or ""
	 */
	char param[48];
	/*
	 * one line that the caller may see: what is wrong and how to correct
	 * it; reads well with or without "PARAM: " before it
	 */
	char message[320];
	int retry_after; /* seconds after which a new try may succeed; 0 = unknown */
	/*
	 * for the log only: the SQL statement, the message of the driver or
	 * system
	 */
	char detail[512];
};

/*
 * Records the first failure and ignores later ones. PARAM may be NULL. Always
 * returns -1. ERR may be NULL: the failure is not recorded.
 */
__attribute__((format(printf, 4, 5))) int error_set(struct error *err, enum error_kind kind,
						    const char *param, const char *fmt, ...);

/* Adds text to the detail, which only the log shows. Always returns -1. */
__attribute__((format(printf, 2, 3))) int error_detail(struct error *err, const char *fmt, ...);

/* ERR_INTERNAL "WHAT: <the system's message for ERRNUM>". Always returns -1. */
int error_system(struct error *err, const char *what, int errnum);

void error_clear(struct error *err);

#endif
