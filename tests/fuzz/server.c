/*
 * server.c - the whole server, with a ledger of its own for each input: several
 * requests on one FastCGI connection. They are written as handler.h reads them,
 * with the line "%%" between two. One with its own HTTP_AUTHORIZATION or
 * HTTP_COOKIE comes from whom these name, another one from an administrator.
 * "HTTP_COOKIE=*" sends back the cookies that were set so far, and
 * "HTTP_AUTHORIZATION=Bearer *" the last token or key that was given out.
 */
#include "base/secret.h"
#include "handler.h"
#include "http/fcgi_gate.h"
#include "mutate.h"
#include "service.h"
#include "base/banned.h"

enum { REQUESTS_MAX = 8 };

/* What the server has given the client of a conversation. */
struct given {
	struct strbuf jar; /* cookies */
	char token[TOKEN_TEXT];
};

static void add_record(struct strbuf *out, int type, const char *text, size_t len)
{
	FCGI_Header header = fcgi_header(type, 1, len);

	strbuf_addn(out, (const char *)&header, sizeof(header));
	strbuf_addn(out, text, len);
}

static void add_length(struct strbuf *out, size_t len)
{
	for (int shift = 24; len > 127 && shift > 0; shift -= 8)
		strbuf_addc(out, (char)((len >> shift) | (shift == 24 ? 0x80 : 0)));
	strbuf_addc(out, (char)len);
}

static void add_variable(struct strbuf *out, const char *variable)
{
	size_t name = strcspn(variable, "="), value = strlen(variable + name + 1);

	add_length(out, name);
	add_length(out, value);
	strbuf_addn(out, variable, name);
	strbuf_addn(out, variable + name + 1, value);
}

/* All records of a request. */
static void add_request(struct strbuf *out, const struct server_request *rq, struct arena *arena)
{
	/* a responder, and the connection is to be kept */
	static const char begin[8] = { 0, 1, 1 };
	struct strbuf variables;

	strbuf_init(&variables, 1 << 16);
	for (char **env = server_variables(rq, arena); *env; env++)
		add_variable(&variables, *env);
	must(variables.len <= FCGI_MAX_LENGTH);
	add_record(out, FCGI_BEGIN_REQUEST, begin, sizeof(begin));
	add_record(out, FCGI_PARAMS, variables.text, variables.len);
	add_record(out, FCGI_PARAMS, "", 0);
	if (rq->body_len)
		add_record(out, FCGI_STDIN, rq->body, rq->body_len);
	add_record(out, FCGI_STDIN, "", 0);
	strbuf_release(&variables);
}

/* Puts what Set-Cookie lines say behind the cookies in JAR. */
static void keep_cookies(const char *head, struct strbuf *jar)
{
	static const char name[] = "\nSet-Cookie: ";

	while ((head = strstr(head, name))) {
		head += sizeof(name) - 1;
		if (jar->len)
			strbuf_addn(jar, "; ", 2);
		strbuf_addn(jar, head, strcspn(head, ";\r\n"));
	}
}

/* What BODY calls NAME takes the place of the token before it. */
static void keep_token(const char *body, const char *name, char ret[static TOKEN_TEXT])
{
	const char *at = strstr(body, name);
	size_t len;

	if (!at)
		return;
	at += strlen(name);
	len = strcspn(at, "\"");
	if (len < TOKEN_TEXT)
		snprintf(ret, TOKEN_TEXT, "%.*s", (int)len, at);
}

static void choose_caller(struct server_request *rq, const struct given *g, struct arena *arena)
{
	for (size_t i = 0; rq->headers[i]; i++) {
		if (strcmp(rq->headers[i], "HTTP_COOKIE=*") == 0)
			rq->headers[i] = arena_printf(arena, "HTTP_COOKIE=%.3000s",
						      g->jar.len ? g->jar.text : "");
		if (strcmp(rq->headers[i], "HTTP_AUTHORIZATION=Bearer *") == 0)
			rq->headers[i] = arena_printf(arena, "HTTP_AUTHORIZATION=Bearer %s",
						      g->token);
		rq->anonymous |= strncmp(rq->headers[i], "HTTP_COOKIE=", 12) == 0 ||
				 strncmp(rq->headers[i], "HTTP_AUTHORIZATION=", 19) == 0;
	}
}

static void ask(struct service_connection *c, char *text, size_t len, struct given *g)
{
	struct server_request rq;
	struct strbuf records;
	struct arena arena;
	const char *body;

	arena_init(&arena);
	strbuf_init(&records, 1 << 20);
	server_request_read(text, len, &rq);
	choose_caller(&rq, g, &arena);
	add_request(&records, &rq, &arena);
	service_send(c, records.text, records.len);
	if (!service_wait(c)) { /* the server didn't keep the connection after the request before */
		must(!c->answer.len);
		service_disconnect(c);
		service_connect(c);
		service_send(c, records.text, records.len);
		must(service_wait(c));
	}
	server_check_answer(&c->answer, strcmp(rq.method, "HEAD") == 0, &body);
	keep_cookies(c->answer.text, &g->jar);
	keep_token(body, "\"secret\":\"", g->token);
	keep_token(body, "Token\":\"", g->token);
	strbuf_clear(&c->answer);
	strbuf_release(&records);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char between[] = "\n%%\n";
	struct service_connection c;
	struct given given = { .token = "" };
	char *text = malloc(size + 1), *next = text, *end;

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	strbuf_init(&given.jar, 1 << 16);
	service_start();
	service_connect(&c);
	for (int i = 0; i < REQUESTS_MAX && next; i++) {
		end = memmem(next, (size_t)(text + size - next), between, sizeof(between) - 1);
		if (end)
			*end = '\0';
		ask(&c, next, (size_t)((end ? end : text + size) - next), &given);
		next = end ? end + sizeof(between) - 1 : NULL;
	}
	service_disconnect(&c);
	service_stop();
	strbuf_release(&given.jar);
	free(text);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_brackets(data, size, max_size, seed);
}
