/*
 * negotiate.c - three lines: Accept, the request's own media type, and
 * ?format=. A format is always found, whatever the case of letters.
 */
#include "fuzz.h"

#include <ctype.h>

#include "http/negotiate.h"
#include "base/banned.h"

/* The whole answer, of which a chart can't be made, is of this form. */
static const struct field fields[] = { { 0 } };
static const struct shape shape = { .name = "Fuzz", .fields = fields };

struct asked {
	const char *accept, *type, *format;
};

static const struct op op = { .returns = &shape };

static const struct format *chosen(const struct dialect *d, const struct asked *a)
{
	struct raw_param query[] = { { "format", a->format, a->format ? strlen(a->format) : 0 },
				     { "debug", "1", 1 } };
	struct request rq = { .dialect = d,
			      .op = &op,
			      .accept = a->accept,
			      .content_type = a->type,
			      .params = { .items = query, .n = a->format ? 2 : 0 } };
	struct error err = { 0 };
	int rc = negotiate(&rq, &err);
	const struct format *f = rq.reply.format;

	must(f && format_is_served(f) && (format_fits(f, &shape) || rc < 0));
	must((rc < 0) == (err.kind == ERR_NOT_ACCEPTABLE) && (rc < 0 || err.kind == ERR_NONE));
	return rc < 0 ? NULL : f;
}

static char *in_capitals(const char *text)
{
	char *upper = strdup(text);

	must(upper);
	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return upper;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dialect *const dialects[] = { &dialect_servicestack, &dialect_twilio,
							  &dialect_usaged };
	char *text = strndup(size ? (const char *)data : "", size), *next = text, *upper;
	struct asked a;

	must(text);
	a.accept = strsep(&next, "\n");
	a.type = next ? strsep(&next, "\n") : "";
	a.format = next;
	upper = in_capitals(a.accept);
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		must(chosen(dialects[i], &a) ==
		     chosen(dialects[i], &(struct asked) { upper, a.type, a.format }));
	must(!media_type_is(a.type, "text/csv") || format_of_type(a.type));
	format_served(a.accept, strlen(a.accept));
	free(upper);
	free(text);
	return 0;
}
