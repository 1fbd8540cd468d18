/*
 * dialect.h - the dialects: how each API spells names, dates and errors. A
 * dialect has all differences between the APIs that belong to no single
 * operation.
 */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "base/civil.h"
#include "base/error.h"
#include "format/writer.h"

/* The parameter of a page that names the change just made, for a notice. */
#define DIALECT_DONE "Done"

struct error_status {
	int status; /* HTTP */
	int code;   /* the API's error number; 0: none */
	/* the API's error name (ServiceStack's errorCode), or NULL */
	const char *name;
	const char *reason; /* reason phrase; NULL: the standard one */
};

struct dialect {
	const char *name;  /* "twilio": also the folder of nginx's error pages */
	const char *title; /* on pages */
	const struct style *style;
	const struct format *default_format;
	/*
	 * the dialect's CSV: format_sheet for people; NULL: format_csv for
	 * programs
	 */
	const struct format *csv;
	/*
	 * if Accept names none of our formats: true: 406; false: the default
	 * format
	 */
	bool refuses_accept;
	/*
	 * if Accept allows any type, the format of the request's own
	 * Content-Type is chosen (ServiceStack A2, rule 5)
	 */
	bool type_decides;
	/*
	 * paths and parameter names ignore case, parameter names also "_";
	 * repeated parameters are joined with ","
	 */
	bool any_case;
	/* unknown parameters are errors; false: they are ignored */
	bool refuses_unknown;
	/* parameters of all operations, such as the format; ended by NULL */
	const char *const *reserved;
	/*
	 * operations also have routes by name: /api/{Op}, /json/reply/{Op}
	 * (ServiceStack A1)
	 */
	bool by_name;
	/*
	 * X-Http-Method-Override replaces the method of a POST (ServiceStack
	 * A3)
	 */
	bool overrides_method;
	/*
	 * decode the body before checking credentials: a malformed body is the
	 * first error (ServiceStack D)
	 */
	bool binds_first;
	bool cors;           /* allow pages of the origins in server.cors_origins */
	bool jsonp;          /* ?callback= wraps JSON */
	bool jsv_debug;      /* ?debug= makes JSV readable (ServiceStack B4) */
	bool csv_attachment; /* Content-Disposition with the operation's name */
	/*
	 * Page without a PageToken is ignored, as Super SIM does; false: an
	 * error
	 */
	bool ignores_page;
	/*
	 * a known path with another method is 404, text/plain, "404"
	 * (ServiceStack A4)
	 */
	bool hides_methods;
	const char *challenge;         /* WWW-Authenticate */
	const char *request_id_header; /* response header with the request's id, or NULL */
	/*
	 * Parses a date as this API's clients write it. TODAY is for offsets
	 * such as -30days. False: the date is invalid; date_hint describes
	 * valid dates.
	 */
	bool (*parse_date)(const char *text, size_t len, struct date today, struct date *ret);
	const char *date_hint;
	const struct error_status *errors; /* by enum error_kind */
	/* of the document that write_error writes */
	const struct shape *error_shape;
	void (*write_error)(struct writer *w, const struct error *err,
			    const struct error_status *status);
};

extern const struct dialect dialect_twilio;   /* 2010-04-01 */
extern const struct dialect dialect_supersim; /* v1 */
/* the server's own paths: /events, /accounts */
extern const struct dialect dialect_usaged;
extern const struct dialect dialect_servicestack; /* all other paths */
/* ended by NULL */
extern const struct dialect *const dialects[];

/* ServiceStack's ResponseStatus, for answers that contain one. */
extern const struct shape servicestack_status_shape;

/*
 * Writes ERR to W as the dialect's error document; a page also has a title and
 * advice. STATUS is from dialect_status.
 */
void dialect_write_error(const struct dialect *d, struct writer *w, const struct error *err,
			 const struct error_status *status);

/*
 * The status of ERR in D: the row of d->errors. If err->code is set, it
 * replaces the row's code.
 */
struct error_status dialect_status(const struct dialect *d, const struct error *err);

#endif
