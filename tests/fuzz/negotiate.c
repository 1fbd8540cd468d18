/* negotiate.c - an Accept, and a line with another media type: a format is always found, whatever the case of letters. */
#include "fuzz.h"

#include <ctype.h>

#include "http/negotiate.h"
#include "base/banned.h"

static const struct format *chosen(const struct dialect *d, const char *accept, const char *type)
{
	struct wish w = { .accept = accept, .content_type = type };
	const struct format *f = NULL;
	struct error err = { 0 };
	int rc = negotiate(d, &w, &f, &err);

	must(f && format_is_served(f));
	must((rc < 0) == (err.kind == ERR_NOT_ACCEPTABLE) && (rc < 0 || err.kind == ERR_NONE));
	return rc < 0 ? NULL : f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dialect *const dialects[] = { &dialect_servicestack, &dialect_twilio, &dialect_usaged };
	char *accept = strndup(size ? (const char *)data : "", size);
	char *type;

	must(accept);
	type = strchr(accept, '\n');
	if (type)
		*type++ = '\0';
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		const struct format *f = chosen(dialects[i], accept, type ? type : "");
		char *upper = strdup(accept);

		must(upper);
		for (char *p = upper; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		must(chosen(dialects[i], upper, type ? type : "") == f);
		free(upper);
	}
	format_of_type(accept);
	format_served(accept, strlen(accept));
	free(accept);
	return 0;
}
