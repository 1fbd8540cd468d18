/*
 * dialect.h - how an API family spells names, dates, errors and refusals.
 * Everything that differs between families and is no operation's own business
 * is here, as data.
 */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "base/civil.h"
#include "base/error.h"
#include "format/writer.h"

/* The parameter by which a page learns what was just done. */
#define DIALECT_DONE "Done"

struct error_status {
	int status; /* HTTP */
	int code;   /* the family's number; 0 = none */
	/* the family's word (ServiceStack's errorCode), or NULL */
	const char *name;
	const char *reason; /* reason phrase, or NULL: the standard one */
};

struct dialect {
	const char *name;  /* "twilio": also the folder of nginx's error pages */
	const char *title; /* for people */
	const struct style *style;
	const struct format *default_format;
	/*
	 * its CSV: format_sheet where people open it; NULL: format_csv, for
	 * programs
	 */
	const struct format *csv;
	/* 406 when Accept names nothing we have; else the default format */
	bool refuses_accept;
	/*
	 * Accept of anything: the request's own Content-Type chooses
	 * (ServiceStack A2, rule 5)
	 */
	bool type_decides;
	/*
	 * paths and parameter names ignore case, parameter names also "_";
	 * repeated parameters join with ","
	 */
	bool any_case;
	/*
	 * a parameter that an operation doesn't have is an error, and isn't
	 * ignored
	 */
	bool refuses_unknown;
	/*
	 * parameters of every operation: the format and the like; ended by NULL
	 */
	const char *const *reserved;
	/*
	 * operations can also be called by their names: /api/{Op},
	 * /json/reply/{Op} (ServiceStack A1)
	 */
	bool by_name;
	/* X-Http-Method-Override is another verb for POST (ServiceStack A3) */
	bool overrides_method;
	/*
	 * a body that can't be decoded is refused before credentials are looked
	 * at (ServiceStack D)
	 */
	bool binds_first;
	bool cors;           /* pages of the origins in server.cors_origins may ask */
	bool jsonp;          /* ?callback= wraps JSON */
	bool jsv_debug;      /* ?debug= makes JSV readable (ServiceStack B4) */
	bool csv_attachment; /* Content-Disposition with the operation's name */
	/*
	 * Page without a PageToken is the client's own business (Super SIM),
	 * and not refused
	 */
	bool ignores_page;
	/*
	 * a known path with another verb is 404, text/plain, "404"
	 * (ServiceStack A4)
	 */
	bool hides_methods;
	const char *challenge;         /* WWW-Authenticate */
	const char *request_id_header; /* header that names the request, or NULL */
	/*
	 * A date as this family's clients write it. TODAY is for offsets such
	 * as -30days. False: hint says what would be right.
	 */
	bool (*parse_date)(const char *text, size_t len, struct date today, struct date *ret);
	const char *date_hint;
	const struct error_status *errors; /* by enum error_kind */
	const struct shape *error_shape;   /* what write_error writes */
	void (*write_error)(struct writer *w, const struct error *err,
			    const struct error_status *status);
};

extern const struct dialect dialect_twilio;   /* 2010-04-01 */
extern const struct dialect dialect_supersim; /* v1 */
/* this server's own paths: /events, /accounts */
extern const struct dialect dialect_usaged;
extern const struct dialect dialect_servicestack; /* everything else */
/* ended by NULL */
extern const struct dialect *const dialects[];

/* ServiceStack's ResponseStatus, for answers that have a place for it. */
extern const struct shape servicestack_status_shape;

/*
 * Says ERR to W with the family's document; for people with a title in words.
 * STATUS is what is sent, see dialect_status.
 */
void dialect_write_error(const struct dialect *d, struct writer *w, const struct error *err,
			 const struct error_status *status);

/*
 * The status of ERR in D: the table's row, with err->code in place of its code
 * if that is set.
 */
struct error_status dialect_status(const struct dialect *d, const struct error *err);

#endif
