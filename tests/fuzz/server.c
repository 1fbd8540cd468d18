#include "server.h"

#include <json-c/json.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fuzz.h"
#include "http/body.h"
#include "http/handle.h"
#include "http/page.h"
#include "base/banned.h"

#define NOW 1800000000LL

const unsigned char server_secret[SECRET_BYTES] = "thirty-two bytes for the hashes";

static struct handler handler;
static struct settings *settings;
static struct signin *signin;
static struct template_shelf shelf;
static char folder[] = "/tmp/usaged-fuzz.XXXXXX", database[64];

static void add_key(struct store *st)
{
	struct key k = { .sid = "SK00000000000000000000000000000001", .name = "admin", .role = "SystemAdministrator", .created = 1 };
	struct error err = { 0 };

	token_hash(server_secret, "admintoken", 10, k.hash);
	must(store_key_add(st, &k, &err) == 0);
}

static void make_ledger(void)
{
	struct account a = { .sid = SERVER_ACCOUNT, .name = "Main", .currency = "usd", .created = NOW - 90 * 86400 };
	struct category c = { .name = "calls", .description = "Calls", .count_unit = "calls", .usage_unit = "minutes", .metered = true };
	struct error err = { 0 };
	struct store *st = NULL;

	must(mkdtemp(folder));
	snprintf(database, sizeof(database), "%s/usage.db", folder);
	must(store_open(database, STORE_CREATE | STORE_WRITE, 1000, &st, &err) == 0 && store_begin_write(st, &err) == 0);
	must(store_account_add(st, &a, &err) == 0 && store_category_add(st, &c, &err) == 0);
	add_key(st);
	must(store_commit(st, &err) == 0);
	store_close(&st);
}

static void remove_ledger(void)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	char path[80];

	handler_release(&handler);
	signin_free(&signin);
	settings_free(&settings);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", database, endings[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void begin(void)
{
	struct templates *templates = NULL;
	struct error err = { 0 };

	log_set_level(LOG_LEVEL_ERROR);
	clock_set_us(NOW * USEC_PER_SEC);
	must(secret_init(&err) == 0 && settings_load(NULL, &settings, &err) == 0);
	body_init();
	make_ledger();
	settings->database = database;
	settings->templates = getenv("FUZZ_TEMPLATES") ? getenv("FUZZ_TEMPLATES") : "templates";
	signin = signin_new();
	must(page_templates(settings, &templates, &err) == 0);
	template_shelf_init(&shelf, templates);
	handler_init(&handler, settings, server_secret, ops, NULL, signin, &shelf);
	atexit(remove_ledger);
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

static int check_answer(struct strbuf *text, bool head_only, const char **ret_body)
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

int server_ask(const struct server_request *rq, const char **ret_body)
{
	static struct strbuf text;
	char length[40], *env[32];
	struct memory_input in = { .in.read = read_memory, .text = rq->body, .len = rq->body_len };
	struct memory_output out = { .out.write = write_memory, .text = &text };
	size_t n = 0;
	struct arena arena;
	int rc;

	if (!text.limit) {
		strbuf_init(&text, 64 << 20);
		begin();
	}
	strbuf_clear(&text);
	arena_init(&arena);
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", rq->body_len);
	env[n++] = arena_printf(&arena, "REQUEST_METHOD=%s", rq->method);
	env[n++] = arena_printf(&arena, "REQUEST_URI=%s", rq->uri);
	env[n++] = arena_str(&arena, "REMOTE_ADDR=192.0.2.1");
	env[n++] = length;
	for (size_t i = 0; rq->headers[i]; i++)
		env[n++] = arena_str(&arena, rq->headers[i]);
	env[n++] = arena_str(&arena, "HTTP_AUTHORIZATION=Bearer admintoken");
	env[n] = NULL;
	rc = handle(&handler, env, &in.in, &out.out);
	must(rc == 0 && out.complete);
	arena_release(&arena);
	return check_answer(&text, strcmp(rq->method, "HEAD") == 0, ret_body);
}
