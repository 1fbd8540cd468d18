/*
 * page_token.c - page tokens. As they come none is genuine; with our signature and numbers that we might have written, they lead to a page
 * or are refused. The first byte chooses the list.
 */
#include "fuzz.h"

#include "server.h"
#include "base/banned.h"

static const struct {
	const char *op, *path;
} lists[] = {
	{ "ListUsageRecord", "/2010-04-01/Accounts/" SERVER_ACCOUNT "/Usage/Records" },
	{ "ListUsageRecordDaily", "/2010-04-01/Accounts/" SERVER_ACCOUNT "/Usage/Records/Daily" },
	{ "ListUsageRecordYearly", "/2010-04-01/Accounts/" SERVER_ACCOUNT "/Usage/Records/Yearly" }
};

static int ask(const char *path, const char *token)
{
	struct server_request rq = { .method = "GET", .body = "" };
	const char *body;
	struct strbuf uri;
	int status;

	strbuf_init(&uri, 16384);
	strbuf_addf(&uri, "%s.json?Page=1&PageSize=3&PageToken=", path);
	strbuf_add_urlencoded(&uri, token, strlen(token));
	rq.uri = uri.text;
	status = server_ask(&rq, &body);
	strbuf_release(&uri);
	return status;
}

/* Number N of a token, made one below MOST and a multiple of UNIT. */
static void bound(uint8_t *token, size_t size, size_t n, uint64_t most, uint64_t unit)
{
	uint64_t number = 0;

	if (size < 1 + 8 * (n + 1))
		return;
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | token[1 + 8 * n + i];
	number = number % most / unit * unit;
	for (size_t i = 0; i < 8; i++)
		token[1 + 8 * n + i] = (uint8_t)(number >> (56 - 8 * i));
}

/* The bytes with our signature behind them, as api/paging.h says. */
static void sign(const char *op, const char *path, const uint8_t *data, size_t size, char *ret)
{
	struct strbuf question;
	unsigned char bytes[400];

	strbuf_init(&question, 4096);
	strbuf_addf(&question, "%s\n%s\n\n", op, path);
	strbuf_addn(&question, (const char *)data, size);
	memcpy(bytes, data, size);
	tag_make(server_secret, question.text, question.len, bytes + size);
	base64url_encode(bytes, size + TAG_BYTES, ret);
	strbuf_release(&question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t list = size ? data[0] % (sizeof(lists) / sizeof(lists[0])) : 0;
	uint8_t ours[300];
	char token[600], *text;
	int status;

	if (size < 2 || size > 300)
		return 0;
	memcpy(ours, data + 1, size - 1);
	if (data[0] < 128) {                                    /* else any range: most are refused */
		bound(ours, size - 1, 2, 8000000000, 900);      /* from and to: up to the year 2223 */
		bound(ours, size - 1, 3, 8000000000, 900);
	}
	sign(lists[list].op, lists[list].path, ours, size - 1, token);
	status = ask(lists[list].path, token);
	must(status == 200 || status == 400);
	must(ask(lists[(list + 1) % 3].path, token) == 400);    /* another question */
	token[0] = token[0] == 'A' ? 'B' : 'A';
	must(ask(lists[list].path, token) == 400);              /* changed */
	text = strndup((const char *)data + 1, size - 1);
	must(text && (!*text || ask(lists[list].path, text) == 400));
	free(text);
	return 0;
}
