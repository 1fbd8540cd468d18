#include "handler.h"

#include <json-c/json.h>
#include <libxml/parser.h>

#include "api/signin.h"
#include "format/templates.h"
#include "fuzz.h"
#include "http/handle.h"
#include "http/page.h"
#include "ledger.h"
#include "base/banned.h"

static struct worker worker;
static struct template_slot slot;

static void end(void)
{
	worker_release(&worker);
	signin_free(&worker.signin);
	template_slot_release(&slot);
}

static void begin(void)
{
	struct settings *settings = ledger_settings();
	struct templates *templates = NULL;

	must(page_templates(settings, &templates, NULL) == 0);
	template_slot_init(&slot, templates);
	worker = (struct worker) { .settings = settings,
				   .secret = ledger_secret,
				   .table = ops,
				   .signin = signin_new(),
				   .slot = &slot };
	worker_init(&worker);
	atexit(end);
}

struct memory_input {
	struct input in;
	const char *text;
	size_t len;
};

static size_t read_memory(struct input *in, char *buf, size_t size)
{
	struct memory_input *m = (struct memory_input *)in;
	size_t n = m->len < size ? m->len : size;

	if (n)
		memcpy(buf, m->text, n);
	m->text += n;
	m->len -= n;
	return n;
}

struct memory_output {
	struct output out;
	struct strbuf *text;
	bool complete;
};

static int write_memory(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct memory_output *m = (struct memory_output *)out;

	must(!m->complete);
	for (int i = 0; i < n; i++)
		strbuf_addn(m->text, parts[i].iov_base, parts[i].iov_len);
	m->complete = last;
	return 0;
}

/* The text is what the head says. */
static void check_body(const char *head, const char *body, size_t len)
{
	if (strstr(head, "\nContent-Type: application/json")) {
		json_tokener *t = json_tokener_new_ex(100);

		json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		json_object_put(json_tokener_parse_ex(t, body, (int)len + 1));
		must(json_tokener_get_error(t) == json_tokener_success);
		json_tokener_free(t);
	}
	if (strstr(head, "\nContent-Type: application/xml")) {
		xmlDoc *doc = xmlReadMemory(body, (int)len, NULL, NULL, XML_PARSE_NONET);

		must(doc);
		xmlFreeDoc(doc);
	}
}

int server_check_answer(struct strbuf *text, bool head_only, const char **ret_body)
{
	char *body = strstr(text->text, "\r\n\r\n");
	int status;

	must(!text->failed && body && strncmp(text->text, "Status: ", 8) == 0);
	status = (int)strtol(text->text + 8, NULL, 10);
	must(status >= 200 && (status < 500 || status == 503));
	body[2] = '\0';
	body += 4;
	*ret_body = body;
	if (!head_only && *body)
		check_body(text->text, body, text->len - (size_t)(body - text->text));
	return status;
}

char **server_variables(const struct server_request *rq, struct arena *arena)
{
	char **env = arena_array(arena, char *, SERVER_HEADERS_MAX + 6);
	size_t n = 0;

	env[n++] = arena_printf(arena, "REQUEST_METHOD=%s", rq->method);
	env[n++] = arena_printf(arena, "REQUEST_URI=%s", rq->uri);
	env[n++] = arena_str(arena, "REMOTE_ADDR=192.0.2.1");
	env[n++] = arena_printf(arena, "CONTENT_LENGTH=%zu", rq->body_len);
	for (size_t i = 0; rq->headers[i]; i++)
		env[n++] = arena_str(arena, rq->headers[i]);
	if (!rq->anonymous)
		env[n++] = arena_str(arena, "HTTP_AUTHORIZATION=Bearer admintoken");
	env[n] = NULL;
	return env;
}

struct worker *server_worker(void)
{
	if (!worker.settings)
		begin();
	return &worker;
}

int server_ask(const struct server_request *rq, const char **ret_body)
{
	static struct strbuf text;
	struct memory_input in = { .in.read = read_memory, .text = rq->body, .len = rq->body_len };
	struct memory_output out = { .out.write = write_memory, .text = &text };
	struct arena arena;
	int rc;

	text.limit = 64 << 20;
	strbuf_clear(&text);
	arena_init(&arena);
	rc = handle(server_worker(), server_variables(rq, &arena), &in.in, &out.out);
	must(rc == 0 && out.complete);
	arena_release(&arena);
	return server_check_answer(&text, strcmp(rq->method, "HEAD") == 0, ret_body);
}

/* Cuts off the next line, or what is left. */
static char *cut_line(char **text)
{
	char *line = strsep(text, "\n");

	return line ? line : *text;
}

void server_request_read(char *text, size_t len, struct server_request *ret)
{
	char *next = text, *line = cut_line(&next);
	size_t n = 0;

	*ret = (struct server_request) { .uri = "/", .body = "" };
	ret->method = strsep(&line, " ");
	if (line)
		ret->uri = line;
	while (next && *next && *next != '\n') {
		line = cut_line(&next);
		if (n < SERVER_HEADERS_MAX && strchr(line, '='))
			ret->headers[n++] = line;
	}
	if (next && *next == '\n')
		next++;
	if (next) {
		ret->body = next;
		ret->body_len = len - (size_t)(next - text);
	}
}
