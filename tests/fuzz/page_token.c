/*
 * page_token.c - page tokens: the first byte chooses the list, the next ones
 * are the token's numbers, of eight bytes each, and then its name. As they come
 * none is genuine; with our version and signature they lead to a page or are
 * refused.
 */
#include "fuzz.h"

#include "api/op.h"
#include "handler.h"
#include "ledger.h"
#include "base/banned.h"

enum {
	VERSION = 2,
	NUMBERS = 7,
	HEAD = 1 + 8 * NUMBERS,
	NAME_MAX_BYTES = 256,
	TOKEN_TEXT_BYTES = 2 * (HEAD + NAME_MAX_BYTES + TAG_BYTES)
};

/*
 * The numbers, as api/paging.h has them: page and start of the page, then those
 * of its place.
 */
enum { NUMBER_FROM = 2, NUMBER_TO = 3 };

static const struct {
	const char *op, *path;
} lists[] = {
	{ "ListUsageRecord", "/2010-04-01/Accounts/" LEDGER_ACCOUNT "/Usage/Records" },
	{ "ListUsageRecordDaily", "/2010-04-01/Accounts/" LEDGER_ACCOUNT "/Usage/Records/Daily" },
	{ "ListUsageRecordYearly", "/2010-04-01/Accounts/" LEDGER_ACCOUNT "/Usage/Records/Yearly" },
	{ "ListEvents", "/events" },
	{ "ListAudit", "/audit" },
	{ "ListRejections", "/rejections" },
	{ "ListClosings", "/closings" }
};
enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

static int ask(size_t list, const char *token)
{
	struct server_request rq = { .method = "GET", .body = "" };
	const char *body;
	struct strbuf uri;
	int status;

	strbuf_init(&uri, 16384);
	strbuf_addf(&uri, "%s.json?Page=1&PageSize=3&PageToken=", lists[list].path);
	strbuf_add(&uri, token); /* base64url: nothing to encode */
	rq.uri = uri.text;
	status = server_ask(&rq, &body);
	strbuf_release(&uri);
	return status;
}

/* Number N, made one below MOST and a multiple of UNIT. */
static void bound(uint8_t *numbers, size_t n, uint64_t most, uint64_t unit)
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number = number << 8 | numbers[8 * n + i];
	number = number % most / unit * unit;
	for (size_t i = 0; i < 8; i++)
		numbers[8 * n + i] = (uint8_t)(number >> (56 - 8 * i));
}

/* LEN bytes with our signature behind them. */
static void sign(size_t list, const uint8_t *bytes, size_t len, char *ret)
{
	unsigned char all[HEAD + NAME_MAX_BYTES + TAG_BYTES];
	struct strbuf question;

	strbuf_init(&question, 4096);
	strbuf_addf(&question, "%s\n%s\n\n", lists[list].op, lists[list].path);
	strbuf_addn(&question, (const char *)bytes, len);
	memcpy(all, bytes, len);
	tag_make(ledger_secret, question.text, question.len, all + len);
	base64url_encode(all, len + TAG_BYTES, ret);
	strbuf_release(&question);
}

/* Our own token is taken: else nothing here would be tried. */
static void check_signature(void)
{
	static bool checked;
	uint8_t bytes[HEAD] = { VERSION };
	char token[TOKEN_TEXT_BYTES];

	for (size_t list = 3; list < LISTS && !checked; list++) {
		sign(list, bytes, HEAD, token);
		must(ask(list, token) == 200);
	}
	checked = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t list = size ? data[0] % LISTS : 0;
	uint8_t bytes[HEAD + NAME_MAX_BYTES] = { VERSION };
	char token[TOKEN_TEXT_BYTES], *text;
	int status;

	check_signature();
	if (size < HEAD || size > sizeof(bytes))
		return 0;
	memcpy(bytes + 1, data + 1, size - 1);
	if (data[0] < 192) { /* else any numbers: most are refused */
		bound(bytes + 1, 0, 1000, 1);
		bound(bytes + 1, 1, 100000, 1);
		if (list < 3) {
			bound(bytes + 1, NUMBER_FROM, 8000000000, 900); /* up to the year 2223 */
			bound(bytes + 1, NUMBER_TO, 8000000000, 900);
		}
	}
	sign(list, bytes, size, token);
	status = ask(list, token);
	must(status == 200 || status == 400);
	must(ask((list + 1) % LISTS, token) == 400); /* another question */
	token[0] = token[0] == 'A' ? 'B' : 'A';
	must(ask(list, token) == 400); /* changed */
	text = strndup((const char *)data + 1, size - 1);
	must(text && (!*text || ask(list, text) == 400));
	free(text);
	return 0;
}
