/*
 * request.c - whole requests: a line with method and URI, lines with variables ("HTTP_ACCEPT=text/html"), an empty line, the body. Path,
 * query, headers, cookies and parameters are read, and every operation checks them.
 */
#include "fuzz.h"
#include "server.h"
#include "base/banned.h"

/* Cuts off the next line, or what is left. */
static char *cut_line(char **text)
{
	char *line = strsep(text, "\n");

	return line ? line : *text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *next = text, *line;
	struct server_request rq = { .method = "GET", .uri = "/" };
	const char *body;
	size_t n = 0;

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	line = cut_line(&next);
	rq.method = strsep(&line, " ");
	if (line)
		rq.uri = line;
	while (next && *next && *next != '\n')
		if ((line = cut_line(&next)) && n < 15 && strchr(line, '='))
			rq.headers[n++] = line;
	if (next && *next == '\n')
		next++;
	rq.body = next ? next : "";
	rq.body_len = next ? size - (size_t)(next - text) : 0;
	server_ask(&rq, &body);
	free(text);
	return 0;
}
