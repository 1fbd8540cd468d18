/*
 * request.c - whole requests, as handler.h reads them. Path, query, headers,
 * cookies and parameters are read, and every operation checks them.
 */
#include "fuzz.h"
#include "handler.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server_request rq;
	const char *body;
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	server_request_read(text, size, &rq);
	server_ask(&rq, &body);
	free(text);
	return 0;
}
