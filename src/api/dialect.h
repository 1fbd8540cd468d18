/*
 * dialect.h - how one API spells names, dates and errors. A dialect holds
 * everything that differs between the APIs and belongs to no single operation.
 */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "base/civil.h"
#include "base/error.h"
#include "format/writer.h"

/* The parameter that tells a page which change was just made. */
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
	/* its CSV: format_sheet for people; NULL: format_csv for programs */
	const struct format *csv;
	/* 406 if Accept names no format of ours; else the default format */
	bool refuses_accept;
	/*
	 * with Accept of any type, the request's own Content-Type decides
	 * (ServiceStack A2, rule 5)
	 */
	bool type_decides;
	/*
	 * paths and parameter names ignore case, parameter names also "_";
	 * repeated parameters are joined with ","
	 */
	bool any_case;
	/* an unknown parameter is an error; else it is ignored */
	bool refuses_unknown;
	/*
	 * parameters that every operation has, such as the format; ended by
	 * NULL
	 */
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
	 * ignore Page without a PageToken, as Super SIM does; else it is an
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
	 * such as -30days. False: the date is wrong; date_hint says what would
	 * be right.
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
/* the server's own paths: /events, /accounts */
extern const struct dialect dialect_usaged;
extern const struct dialect dialect_servicestack; /* all other paths */
/* ended by NULL */
extern const struct dialect *const dialects[];

/* ServiceStack's ResponseStatus, for answers that contain one. */
extern const struct shape servicestack_status_shape;

/*
 * Writes ERR to W as the dialect's error document; on pages with a title and
 * advice. STATUS is that of dialect_status.
 */
void dialect_write_error(const struct dialect *d, struct writer *w, const struct error *err,
			 const struct error_status *status);

/*
 * The status of ERR in D: the table's row. err->code, if it is set, replaces
 * the row's code.
 */
struct error_status dialect_status(const struct dialect *d, const struct error *err);

#endif
