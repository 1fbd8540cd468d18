#include "api/dialect.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* ---- dates ---- */

static bool parse_iso_date(const char *text, size_t len, struct date today, struct date *ret)
{
	int64_t us;

	(void)today;
	if (len == 10)
		return date_parse(text, len, ret);
	/*
	 * of a date-time, the date as written counts (contracts: servicestack
	 * G)
	 */
	return len > 10 && instant_parse(text, len, true, &us) && date_parse(text, 10, ret);
}

static const struct {
	const char *name;
	int days, months;
} offset_units[] = {
	{ "day", 1, 0 }, { "week", 7, 0 }, { "month", 0, 1 }, { "year", 0, 12 }, { NULL, 0, 0 }
};

enum { OFFSET_MAX = 36600 };

/*
 * "-30days", "+1month". A leading space is a "+" that was not encoded
 * (contracts: twilio A.2).
 */
static bool parse_offset(const char *text, size_t len, struct date today, struct date *ret)
{
	size_t i = 1, start;
	int n = 0;

	if (len < 2 || (text[0] != '-' && text[0] != '+' && text[0] != ' '))
		return false;
	for (; i < len && text[i] >= '0' && text[i] <= '9' && n <= OFFSET_MAX; i++)
		n = n * 10 + (text[i] - '0');
	if (i == 1 || n > OFFSET_MAX)
		return false;
	if (text[0] == '-')
		n = -n;
	start = i;
	if (len - start > 1 && text[len - 1] == 's')
		len--;
	for (int u = 0; offset_units[u].name; u++) {
		if (strlen(offset_units[u].name) != len - start ||
		    memcmp(offset_units[u].name, text + start, len - start) != 0)
			continue;
		*ret = offset_units[u].days ? date_from_days(date_to_days(today) +
							     (int64_t)n * offset_units[u].days)
					    : date_add_months(today, n * offset_units[u].months);
		return date_valid(*ret);
	}
	return false;
}

static bool parse_twilio_date(const char *text, size_t len, struct date today, struct date *ret)
{
	return parse_offset(text, len, today, ret) || (len == 10 && date_parse(text, len, ret));
}

/* ---- errors of the Twilio dialects ---- */

struct twilio_error {
	struct decimal code;
	const char *detail;
	const char *message;
	const char *more_info;
	int64_t status;
};

static const struct field twilio_error_fields[] = {
	FIELD(struct twilio_error, code, "Number of the error, or null"),
	FIELD(struct twilio_error, detail, "More about it, if there is more"),
	FIELD(struct twilio_error, message, "What is wrong, and what would be right"),
	FIELD(struct twilio_error, more_info, "A page about errors of this number",
	      .flags = FIELD_MACHINE),
	FIELD(struct twilio_error, status, "HTTP status"),
	{ 0 }
};

static const struct shape twilio_error_shape = { .name = "RestException",
						 .fields = twilio_error_fields,
						 .doc = "An error" };

static void write_twilio_error(struct writer *w, const struct error *err,
			       const struct error_status *status)
{
	char message[sizeof(err->param) + sizeof(err->message) + 16], url[64];
	struct twilio_error e = { .code = DECIMAL_NULL,
				  .message = message,
				  .status = status->status };

	if (err->param[0])
		snprintf(message, sizeof(message), "Invalid %s: %s", err->param, err->message);
	else
		snprintf(message, sizeof(message), "%s", err->message);
	if (status->code) {
		e.code = (struct decimal) { .n = status->code };
		snprintf(url, sizeof(url), "https://www.twilio.com/docs/errors/%d", status->code);
		e.more_info = url;
	}
	if (err->kind == ERR_CREDENTIALS)
		e.detail = "Your AccountSid or AuthToken was incorrect.";
	writer_begin(w, NULL, &twilio_error_shape);
	for (const struct field *f = twilio_error_fields; f->name; f++) {
		const void *value = (const char *)&e + f->offset;

		if (f->type != VT_TEXT || *(const char *const *)value)
			writer_field(w, f, value);
	}
	writer_end(w);
}

/* ---- errors of ServiceStack ---- */

struct response_error {
	const char *error_code, *field_name, *message, *meta;
};

struct response_status {
	const char *error_code, *message, *stack_trace, *meta;
};

#define SERVICESTACK_TYPES "http://schemas.servicestack.net/types"
#define META_ATTRS(prefix) \
	"xmlns:" prefix "=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""

static const struct field response_error_fields[] = {
	FIELD_AS(struct response_error, error_code, "ErrorCode", "Name of the error"),
	FIELD_AS(struct response_error, field_name, "FieldName", "The parameter at fault"),
	FIELD_AS(struct response_error, message, "Message", "What is wrong with it"),
	FIELD_AS(struct response_error, meta, "Meta", "Nothing", .flags = FIELD_XML_ONLY,
		 .xml_attrs = META_ATTRS("d5p1")),
	{ 0 }
};

static const struct shape response_error_shape = { .name = "ResponseError",
						   .flags = SHAPE_ORDERED,
						   .fields = response_error_fields,
						   .doc = "A parameter at fault" };

enum { RS_CODE, RS_MESSAGE, RS_STACK, RS_ERRORS, RS_META };

static const struct field response_status_fields[] = {
	[RS_CODE] = FIELD_AS(struct response_status, error_code, "ErrorCode", "Name of the error"),
	[RS_MESSAGE] = FIELD_AS(struct response_status, message, "Message",
				"What is wrong, and what would be right"),
	[RS_STACK] = FIELD_AS(struct response_status, stack_trace, "StackTrace", "Never filled",
			      .flags = FIELD_MACHINE),
	[RS_ERRORS] = FIELD_LIST("Errors", &response_error_shape, "The parameters at fault"),
	[RS_META] = FIELD_AS(struct response_status, meta, "Meta", "Nothing",
			     .flags = FIELD_XML_ONLY, .xml_attrs = META_ATTRS("d3p1")),
	{ 0 }
};

const struct shape servicestack_status_shape = { .name = "ResponseStatus",
						 .flags = SHAPE_ORDERED,
						 .fields = response_status_fields,
						 .doc = "What went wrong" };

static const struct field error_response_fields[] = { { .name = "ResponseStatus",
							.type = VT_OBJECT,
							.shape = &servicestack_status_shape,
							.doc = "What went wrong" },
						      { 0 } };

static const struct shape error_response_shape = { .name = "ErrorResponse",
						   .xml_namespace = SERVICESTACK_TYPES,
						   .flags = SHAPE_ORDERED,
						   .fields = error_response_fields,
						   .doc = "An error" };

/*
 * "'User Name' must not be empty.": names the first of a comma-separated list.
 */
static void say_empty(char *ret, size_t size, const char *params)
{
	size_t n = 0;

	ret[n++] = '\'';
	for (const char *p = params; *p && *p != ',' && n + 32 < size; p++) {
		if (p > params && isupper((unsigned char)*p))
			ret[n++] = ' ';
		ret[n++] = *p;
	}
	snprintf(ret + n, size - n, "' must not be empty.");
}

/* One item for each parameter of a comma-separated list. */
static void write_response_errors(struct writer *w, const struct error *err,
				  const struct error_status *status)
{
	char params[sizeof(err->param)], words[2 * sizeof(err->param) + 32];
	char *rest = params, *name;

	writer_begin_list(w, &response_status_fields[RS_ERRORS], &response_error_shape);
	snprintf(params, sizeof(params), "%s", err->param);
	while ((name = strsep(&rest, ",")) && *name) {
		struct response_error e = { .error_code = status->name,
					    .field_name = name,
					    .message = err->message };

		if (err->kind == ERR_EMPTY) {
			say_empty(words, sizeof(words), name);
			e.message = words;
		}
		writer_record(w, NULL, &response_error_shape, &e);
	}
	writer_end(w);
}

static void write_servicestack_error(struct writer *w, const struct error *err,
				     const struct error_status *status)
{
	char message[sizeof(err->param) + sizeof(err->message) + 32], *reason;
	struct response_status rs = { .error_code = status->name, .message = message };

	if (err->kind == ERR_UNAUTHENTICATED || err->kind == ERR_CREDENTIALS)
		snprintf(message, sizeof(message), "%s", status->reason);
	else if (err->kind == ERR_EMPTY)
		say_empty(message, sizeof(message), err->param);
	else if (err->param[0])
		snprintf(message, sizeof(message), "%s (Parameter '%s')", err->message, err->param);
	else
		snprintf(message, sizeof(message), "%s", err->message);
	reason = err->kind == ERR_BODY ? strstr(message, " Error: ") : NULL;
	if (reason)
		*reason = '\n'; /* the contract's text has a line break here */
	writer_begin(w, NULL, &error_response_shape);
	writer_begin(w, &error_response_fields[0], &servicestack_status_shape);
	writer_field(w, &response_status_fields[RS_CODE], &rs.error_code);
	writer_field(w, &response_status_fields[RS_MESSAGE], &rs.message);
	writer_field(w, &response_status_fields[RS_STACK], &rs.stack_trace);
	write_response_errors(w, err, status);
	writer_field(w, &response_status_fields[RS_META], &rs.meta);
	writer_end(w);
	writer_end(w);
}

/* ---- the dialects ---- */

static const struct style twilio_style = {
	.json = SPELL_AS_IS,
	.xml = SPELL_PASCAL,
	.csv = SPELL_PASCAL,
	.json_nulls = true,
	.xml_declaration = "<?xml version='1.0' encoding='UTF-8'?>\n",
	.xml_wrapper = "TwilioResponse",
	.xml_page_attributes = true,
	.csv_quote_spaces = true,
};

static const struct style usaged_style = {
	.json = SPELL_AS_IS,
	.xml = SPELL_PASCAL,
	.csv = SPELL_AS_IS,
	.xml_declaration = "<?xml version='1.0' encoding='UTF-8'?>\n",
	.xml_wrapper = "Usaged",
};

static const struct style servicestack_style = {
	.json = SPELL_CAMEL,
	.xml = SPELL_AS_IS,
	.csv = SPELL_AS_IS,
	.xml_declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
	.xml_data_contract = true,
	.csv_nested_as_jsv = true,
};

/* Contracts: twilio A.7. Kinds that have no number in A.7 keep code 0. */
#define TWILIO_COMMON_ERRORS                                                                      \
	[ERR_PAGE] = { 400, 70002, NULL, NULL },                                                  \
	[ERR_UNAUTHENTICATED] = { 401, 20003, NULL, NULL },                                       \
	[ERR_CREDENTIALS] = { 401, 20003, NULL, NULL },                                           \
	[ERR_FORBIDDEN] = { 403, 20006, NULL, NULL },                                             \
	[ERR_NOT_FOUND] = { 404, 20404, NULL, NULL }, [ERR_METHOD] = { 405, 20004, NULL, NULL },  \
	[ERR_UNSUPPORTED] = { 405, 20004, NULL, NULL },                                           \
	[ERR_NO_OPERATION] = { 404, 20404, NULL, NULL },                                          \
	[ERR_NOT_ACCEPTABLE] = { 406, 0, NULL, NULL }, [ERR_MEDIA_TYPE] = { 415, 0, NULL, NULL }, \
	[ERR_TOO_LARGE] = { 413, 0, NULL, NULL }, [ERR_TOO_MANY] = { 429, 20429, NULL, NULL },    \
	[ERR_CONFLICT] = { 409, 0, NULL, NULL }, [ERR_CLOSED] = { 409, 0, NULL, NULL },           \
	[ERR_SUSPENDED] = { 403, 20005, NULL, NULL }, [ERR_BUSY] = { 503, 20503, NULL, NULL },    \
	[ERR_GATEWAY] = { 502, 20500, NULL, NULL }, [ERR_TIMEOUT] = { 504, 20503, NULL, NULL },   \
	[ERR_INTERNAL] = { 500, 20500, NULL, NULL }

static const struct error_status twilio_errors[ERR_KINDS] = {
	TWILIO_COMMON_ERRORS,
	[ERR_PARAM] = { 400, 20001, NULL, NULL },
	[ERR_FORMAT] = { 400, 20001, NULL, NULL },
	[ERR_MISSING] = { 400, 20001, NULL, NULL },
	[ERR_EMPTY] = { 400, 20001, NULL, NULL },
	[ERR_REVERSED] = { 404, 20404, NULL, NULL },
	[ERR_BODY] = { 400, 20001, NULL, NULL },
	[ERR_OVERFLOW] = { 400, 20001, NULL, NULL },
};

/* Contracts: twilio C.3. */
static const struct error_status supersim_errors[ERR_KINDS] = {
	TWILIO_COMMON_ERRORS,
	[ERR_PARAM] = { 400, 83600, NULL, NULL },
	[ERR_FORMAT] = { 400, 83600, NULL, NULL },
	[ERR_MISSING] = { 400, 83600, NULL, NULL },
	[ERR_EMPTY] = { 400, 83600, NULL, NULL },
	[ERR_REVERSED] = { 400, 83600, NULL, NULL },
	[ERR_BODY] = { 400, 83600, NULL, NULL },
	[ERR_OVERFLOW] = { 400, 83600, NULL, NULL },
};

/* The server's own dialect has no error codes: the status is enough. */
static const struct error_status usaged_errors[ERR_KINDS] = {
	[ERR_PARAM] = { .status = 400 },          [ERR_FORMAT] = { .status = 400 },
	[ERR_MISSING] = { .status = 400 },        [ERR_EMPTY] = { .status = 400 },
	[ERR_PAGE] = { .status = 400 },           [ERR_REVERSED] = { .status = 400 },
	[ERR_BODY] = { .status = 400 },           [ERR_UNAUTHENTICATED] = { .status = 401 },
	[ERR_CREDENTIALS] = { .status = 401 },    [ERR_FORBIDDEN] = { .status = 403 },
	[ERR_NOT_FOUND] = { .status = 404 },      [ERR_METHOD] = { .status = 405 },
	[ERR_UNSUPPORTED] = { .status = 405 },    [ERR_NO_OPERATION] = { .status = 404 },
	[ERR_NOT_ACCEPTABLE] = { .status = 406 }, [ERR_MEDIA_TYPE] = { .status = 415 },
	[ERR_TOO_LARGE] = { .status = 413 },      [ERR_TOO_MANY] = { .status = 429 },
	[ERR_CONFLICT] = { .status = 409 },       [ERR_CLOSED] = { .status = 409 },
	[ERR_SUSPENDED] = { .status = 403 },      [ERR_OVERFLOW] = { .status = 400 },
	[ERR_BUSY] = { .status = 503 },           [ERR_GATEWAY] = { .status = 502 },
	[ERR_TIMEOUT] = { .status = 504 },        [ERR_INTERNAL] = { .status = 500 },
};

/* Contracts: servicestack C. */
static const struct error_status servicestack_errors[ERR_KINDS] = {
	[ERR_PARAM] = { 400, 0, "ArgumentException", NULL },
	[ERR_FORMAT] = { 400, 0, "FormatException", NULL },
	[ERR_MISSING] = { 400, 0, "ArgumentNullException", NULL },
	[ERR_EMPTY] = { 400, 0, "NotEmpty", NULL },
	[ERR_PAGE] = { 400, 0, "ArgumentException", NULL },
	[ERR_REVERSED] = { 400, 0, "ArgumentException", NULL },
	[ERR_BODY] = { 400, 0, "SerializationException", NULL },
	[ERR_UNAUTHENTICATED] = { 401, 0, "Unauthorized", "Not Authenticated" },
	[ERR_CREDENTIALS] = { 401, 0, "Unauthorized", "Invalid Username or Password" },
	[ERR_FORBIDDEN] = { 403, 0, "Forbidden", "Invalid Role" },
	[ERR_NOT_FOUND] = { 404, 0, "NotFound", NULL },
	[ERR_METHOD] = { 405, 0, "NotImplementedException", NULL },
	[ERR_UNSUPPORTED] = { 405, 0, "NotSupportedException", NULL },
	[ERR_NO_OPERATION] = { 405, 0, "NotImplementedException", NULL },
	[ERR_NOT_ACCEPTABLE] = { 406, 0, "NotAcceptable", NULL },
	[ERR_MEDIA_TYPE] = { 415, 0, "UnsupportedMediaType", NULL },
	[ERR_TOO_LARGE] = { 413, 0, "RequestEntityTooLarge", NULL },
	[ERR_TOO_MANY] = { 429, 0, "TooManyRequests", NULL },
	[ERR_CONFLICT] = { 409, 0, "Conflict", NULL },
	[ERR_CLOSED] = { 409, 0, "Conflict", NULL },
	[ERR_SUSPENDED] = { 403, 0, "AccountSuspended", NULL },
	[ERR_OVERFLOW] = { 400, 0, "OverflowException", NULL },
	[ERR_BUSY] = { 503, 0, "ServiceUnavailable", NULL },
	[ERR_GATEWAY] = { 502, 0, "BadGateway", NULL },
	[ERR_TIMEOUT] = { 504, 0, "GatewayTimeout", NULL },
	[ERR_INTERNAL] = { 500, 0, "InternalServerError", NULL },
};

#define TWILIO_DATE_HINT "use YYYY-MM-DD, a day that exists, or an offset such as -30days"

/* Contracts: servicestack A5. jQuery adds the parameter "_" to avoid caches. */
static const char *const servicestack_reserved[] = {
	"format",     "callback",   "jsconfig", "debug", "v", "X-Http-Method-Override",
	"authsecret", "noredirect", "_",        NULL
};

static const char *const twilio_reserved[] = { "format", NULL };
static const char *const usaged_reserved[] = { "format", DIALECT_DONE, NULL };

const struct dialect dialect_twilio = {
	.name = "twilio",
	.title = "Twilio usage records",
	.style = &twilio_style,
	.reserved = twilio_reserved,
	.default_format = &format_xml,
	.refuses_accept = true,
	.challenge = "Basic realm=\"Twilio API\"",
	.request_id_header = "Twilio-Request-Id",
	.parse_date = parse_twilio_date,
	.date_hint = TWILIO_DATE_HINT,
	.errors = twilio_errors,
	.error_shape = &twilio_error_shape,
	.write_error = write_twilio_error,
};

const struct dialect dialect_supersim = {
	.name = "supersim",
	.title = "Twilio Super SIM",
	.style = &twilio_style,
	.reserved = twilio_reserved,
	.default_format = &format_json,
	.refuses_accept = true,
	.ignores_page = true,
	.challenge = "Basic realm=\"Twilio API\"",
	.request_id_header = "Twilio-Request-Id",
	.parse_date = parse_twilio_date,
	.date_hint = TWILIO_DATE_HINT,
	.errors = supersim_errors,
	.error_shape = &twilio_error_shape,
	.write_error = write_twilio_error,
};

const struct dialect dialect_servicestack = {
	.name = "servicestack",
	.title = "Evo Voice",
	.style = &servicestack_style,
	.default_format = &format_json,
	.type_decides = true,
	.any_case = true,
	.reserved = servicestack_reserved,
	.by_name = true,
	.overrides_method = true,
	.binds_first = true,
	.cors = true,
	.jsonp = true,
	.jsv_debug = true,
	.csv_attachment = true,
	.hides_methods = true,
	.challenge = "Basic realm=\"/auth/basic\"",
	.request_id_header = "X-Request-Id",
	.parse_date = parse_iso_date,
	.date_hint = "use YYYY-MM-DD, a day that exists",
	.errors = servicestack_errors,
	.error_shape = &error_response_shape,
	.write_error = write_servicestack_error,
};

const struct dialect dialect_usaged = {
	.name = "usaged",
	.title = "The ledger itself",
	.style = &usaged_style,
	.reserved = usaged_reserved,
	.refuses_unknown = true,
	.default_format = &format_json,
	.csv = &format_sheet,
	.refuses_accept = true,
	.challenge = "Basic realm=\"usaged\"",
	.request_id_header = "X-Request-Id",
	.parse_date = parse_iso_date,
	.date_hint = "use YYYY-MM-DD, a day that exists",
	.errors = usaged_errors,
	.error_shape = &twilio_error_shape,
	.write_error = write_twilio_error,
};

const struct dialect *const dialects[] = { &dialect_twilio, &dialect_supersim, &dialect_usaged,
					   &dialect_servicestack, NULL };

/* Titles of error pages. */
static const char *const error_titles[ERR_KINDS] = {
	[ERR_PARAM] = "A value is not valid",
	[ERR_FORMAT] = "A value is not valid",
	[ERR_MISSING] = "Something is missing",
	[ERR_EMPTY] = "Something is missing",
	[ERR_PAGE] = "This page of the list is gone",
	[ERR_REVERSED] = "The range ends before it begins",
	[ERR_BODY] = "The request can't be read",
	[ERR_UNAUTHENTICATED] = "Please sign in",
	[ERR_CREDENTIALS] = "Wrong name or password",
	[ERR_FORBIDDEN] = "You don't have access",
	[ERR_NOT_FOUND] = "Not found",
	[ERR_METHOD] = "This address has no page",
	[ERR_UNSUPPORTED] = "This address has no page",
	[ERR_NO_OPERATION] = "Not found",
	[ERR_NOT_ACCEPTABLE] = "This format is not available",
	[ERR_MEDIA_TYPE] = "The request can't be read",
	[ERR_TOO_LARGE] = "Too much at once",
	[ERR_TOO_MANY] = "Too many requests",
	[ERR_CONFLICT] = "This conflicts with existing data",
	[ERR_CLOSED] = "The account is closed for that day",
	[ERR_SUSPENDED] = "The account is suspended",
	[ERR_OVERFLOW] = "The number is too large",
	[ERR_BUSY] = "The server is busy",
	[ERR_GATEWAY] = "The server is starting or stopping",
	[ERR_TIMEOUT] = "The server took too long",
	[ERR_INTERNAL] = "The server made a mistake",
};

/* Advice on error pages. */
#define CORRECT "Correct the value in the form below or in the address, and try again."
#define WAIT    "Wait a moment, then load the page again."
#define NO_PAGE "Programs send data to this address. The overview leads to all pages."

static const char *const error_advice[ERR_KINDS] = {
	[ERR_PARAM] = CORRECT,
	[ERR_FORMAT] = CORRECT,
	[ERR_MISSING] = CORRECT,
	[ERR_EMPTY] = CORRECT,
	[ERR_REVERSED] = CORRECT,
	[ERR_PAGE] = "Lists change over time. Start again at the first page.",
	[ERR_BODY] = "If you followed a link, the link may be incomplete.",
	[ERR_UNAUTHENTICATED] = "Sign in, then come back here.",
	[ERR_CREDENTIALS] = "Sign in again; the name or the password may have changed.",
	[ERR_FORBIDDEN] = "Sign in as a user with access, or ask the administrator for access.",
	[ERR_SUSPENDED] = "Ask the administrator to reactivate it.",
	[ERR_NOT_FOUND] = ("The address may be mistyped or old, or you may not have access. The "
			   "overview leads to all pages."),
	[ERR_NO_OPERATION] = "The address may be mistyped or old. The overview leads to all pages.",
	[ERR_METHOD] = NO_PAGE,
	[ERR_UNSUPPORTED] = NO_PAGE,
	[ERR_NOT_ACCEPTABLE] =
		"End the address with .html for a page, or with .json, .xml or .csv.",
	[ERR_TOO_LARGE] = "Choose fewer days or one account.",
	[ERR_TOO_MANY] = WAIT,
	[ERR_BUSY] = WAIT,
	[ERR_GATEWAY] = WAIT,
	[ERR_TIMEOUT] = "Load the page again, or choose fewer days.",
	[ERR_INTERNAL] = ("Load the page again. If the error stays, send the text below to the "
			  "administrator."),
};

void dialect_write_error(const struct dialect *d, struct writer *w, const struct error *err,
			 const struct error_status *status)
{
	writer_about(w, error_titles[err->kind], error_advice[err->kind]);
	d->write_error(w, err, status);
}

struct error_status dialect_status(const struct dialect *d, const struct error *err)
{
	struct error_status s = d->errors[err->kind];

	if (err->code)
		s.code = err->code;
	if (err->kind == ERR_FORBIDDEN && s.reason && strcmp(s.reason, err->message) != 0)
		/*
		 * the reason phrase is about a missing role; this error has
		 * another cause
		 */
		s.reason = NULL;
	return s;
}
