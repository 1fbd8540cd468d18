/*
 * request_fixture.h - operations to ask for, a ledger with callers, and how
 * a request is made.
 */
#ifndef TESTS_UNIT_REQUEST_FIXTURE_H
#define TESTS_UNIT_REQUEST_FIXTURE_H

#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "api/signin.h"
#include "base/log.h"
#include "format/templates.h"
#include "http/handle.h"
#include "http/route.h"
#include "store/account.h"
#include "store/category.h"
#include "store/key.h"
#include "store/user.h"
#include "ledger_place.h"
#include "suite.h"

static struct arena arena;

static inline void setup_arena(void)
{
	arena_init(&arena);
}

static inline void teardown_arena(void)
{
	arena_release(&arena);
}

/* ---- operations to ask for ---- */

struct echo {
	const char *text, *other;
	int64_t number;
};

static const struct field echo_fields[] = { FIELD_AS(struct echo, text, "Text", "The text"),
					    FIELD_AS(struct echo, other, "Other", "Another text"),
					    FIELD_AS(struct echo, number, "Number", "The number"),
					    { 0 } };

static const struct shape echo_shape = { .name = "Echo",
					 .xml_namespace = "http://example.com/Test.Types",
					 .fields = echo_fields,
					 .doc = "What came in" };

static const struct param echo_params[] = {
	{ .name = "Text", .type = PT_TEXT, .doc = "A text" },
	{ .name = "Other", .type = PT_TEXT, .doc = "Another text" },
	{ .name = "Number", .type = PT_INT, .def = "7", .min = 0, .max = 1000, .doc = "A number" },
	{ 0 }
};

static const struct param thing_params[] = {
	{ .name = "AccountSid",
	  .type = PT_TEXT,
	  .flags = PARAM_PATH | PARAM_REQUIRED,
	  .doc = "Whose" },
	{ .name = "Text", .type = PT_TEXT, .flags = PARAM_PATH | PARAM_REQUIRED, .doc = "Which" },
	{ .name = "Other", .type = PT_TEXT, .doc = "Another text" },
	{ .name = "Day", .type = PT_DATE, .doc = "A day" },
	{ 0 }
};

static const struct param no_params[] = { { 0 } };

static inline const char *arg_text(const struct request *rq, const char *name)
{
	return request_arg(rq, name)->text;
}

static inline int run_echo(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { arg_text(rq, "Text"), arg_text(rq, "Other"),
			  request_arg(rq, "Number")->n };

	(void)err;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

static inline int run_thing(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { arg_text(rq, "Text"), arg_text(rq, "Other"), 0 };

	(void)err;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

/*
 * More than a buffer: 40,000 records, and a failure behind them if `data` says
 * so.
 */
static inline int run_long(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { "a text of some length, so that records add up", "another one", 0 };

	writer_begin_list(w, NULL, &echo_shape);
	for (e.number = 0; e.number < 40000; e.number++)
		writer_record(w, NULL, &echo_shape, &e);
	if (rq->op->data)
		return error_set(err, ERR_INTERNAL, NULL, "The disk is gone");
	writer_end(w);
	return 0;
}

/* Fails behind a few records, which have not left yet. */
static inline int run_early(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { "never seen", NULL, 0 };

	(void)rq;
	writer_begin_list(w, NULL, &echo_shape);
	writer_record(w, NULL, &echo_shape, &e);
	return error_set(err, ERR_BUSY, NULL, "The ledger is locked");
}

static inline int run_raw(struct request *rq, struct writer *w, struct error *err)
{
	struct echo e = { rq->body, rq->content_type, (int64_t)rq->body_len };

	(void)err;
	rq->reply.status = 207;
	writer_record(w, NULL, &echo_shape, &e);
	return 0;
}

#define TEST_OP(var, op_id, verbs, op_path, family, role_set, op_params, function, ...) \
	static const struct op var = { .id = (op_id),                                   \
				       .methods = (verbs),                              \
				       .path = (op_path),                               \
				       .dialect = &dialect_##family,                    \
				       .roles = (role_set),                             \
				       .params = (op_params),                           \
				       .returns = &echo_shape,                          \
				       .run = (function),                               \
				       .title = (op_id),                                \
				       .doc = "For tests",                              \
				       ##__VA_ARGS__ }

#define BODY .body_root = "Echo", .body_namespace = "http://example.com/Test.Types"

TEST_OP(op_echo, "Echo", M_ALL, "/test/echo", servicestack, ROLES_READING, echo_params, run_echo,
	BODY, .nav = "Echo");
TEST_OP(op_get, "GetOnly", M_GET, "/test/get", servicestack, ROLE_ADMIN, echo_params, run_echo);
TEST_OP(op_thing, "Thing", M_GET, "/2010-04-01/Accounts/{AccountSid}/Things/{Text}", twilio,
	ROLES_READING, thing_params, run_thing);
TEST_OP(op_things, "MakeThing", M_POST, "/2010-04-01/Accounts/{AccountSid}/Things/{Text}", twilio,
	ROLES_READING, thing_params, run_thing);
TEST_OP(op_long, "Long", M_GET, "/test/long", servicestack, ROLES_READING, no_params, run_long);
TEST_OP(op_cut, "Cut", M_GET, "/test/cut", servicestack, ROLES_READING, no_params, run_long,
	.data = "fail");
TEST_OP(op_early, "Early", M_GET, "/test/early", servicestack, ROLES_READING, no_params, run_early);
TEST_OP(op_raw, "Raw", M_POST, "/events", usaged, ROLES_READING, no_params, run_raw,
	.reads_body = true);

/* One that changes something. */
static const struct param change_params[] = {
	{ .name = "Text", .type = PT_TEXT, .flags = PARAM_PATH, .doc = "Which" },
	{ .name = "Other",
	  .type = PT_TEXT,
	  .flags = PARAM_REQUIRED,
	  .max = 9,
	  .doc = "Another text" },
	{ .name = "Password",
	  .type = PT_TEXT,
	  .flags = PARAM_SECRET | PARAM_REQUIRED,
	  .max = 64,
	  .doc = "A secret" },
	{ 0 }
};

static inline int run_change(struct request *rq, struct writer *w, struct error *err)
{
	if (strcmp(arg_text(rq, "Other"), "taken") == 0)
		return error_set(err, ERR_CONFLICT, "Other", "is taken");
	rq->reply.status = 201;
	writer_begin(w, NULL, &echo_shape);
	writer_end(w);
	return 0;
}

static const struct field list_fields[] = { FIELD_LIST("echoes", &echo_shape, "Some"), { 0 } };
static const struct shape list_shape = {
	.name = "Echoes", .flags = SHAPE_PAGE, .fields = list_fields, .doc = "Echoes"
};

static inline int run_list(struct request *rq, struct writer *w, struct error *err)
{
	(void)rq;
	(void)err;
	writer_begin(w, NULL, &list_shape);
	writer_begin_list(w, &list_fields[0], &echo_shape);
	writer_end(w);
	writer_end(w);
	return 0;
}

TEST_OP(op_list, "List", M_READ, "/events/list", usaged, ROLE_ADMIN, no_params, run_list,
	.tab = "List");
TEST_OP(op_change, "Change", M_POST, "/events/{Text}/change", usaged, ROLE_ADMIN, change_params,
	run_change,
	.form = &(const struct op_form) { .path = "/events/{Text}/change",
					  .button = "Do it",
					  .list = &op_list,
					  .done = "It was done." });

static const struct op *const table[] = { &op_list,  &op_change, &op_echo, &op_get,
					  &op_thing, &op_things, &op_long, &op_cut,
					  &op_early, &op_raw,    NULL };

/* ---- decoding ---- */

static __attribute__((unused)) struct settings no_settings = { .base_url = "" };
static struct worker no_worker = { .settings = &no_settings, .table = table };

static inline struct request read_uri(const char *uri, struct error *err)
{
	char *env[] = { (char *)"REQUEST_METHOD=GET", arena_printf(&arena, "REQUEST_URI=%s", uri),
			NULL };
	struct request rq = { .worker = &no_worker, .arena = &arena, .variables = env };

	request_read(&rq, err);
	rq.variables = NULL;
	return rq;
}

/* Where the request leads. */
static inline int lead(struct request *rq, struct error *err)
{
	rq->dialect = dialect_of_path(rq->path, rq->path_len);
	return route_find(rq, err);
}

/* ---- bodies ---- */

#define ECHO(members) "<Echo xmlns=\"http://example.com/Test.Types\">" members "</Echo>"

/* ---- a ledger with callers ---- */

static __attribute__((unused)) char folder[] = "/tmp/usaged-tests.XXXXXX";
static __attribute__((unused)) char database[64];
static __attribute__((unused)) unsigned char secret[SECRET_BYTES] =
	"thirty-two bytes for the hashes";
static __attribute__((unused)) struct settings settings;
static __attribute__((unused)) struct worker worker;
static __attribute__((unused)) struct signin *signin;
#define MAIN_SID "AC00000000000000000000000000000001"

static inline void add_key(struct store *st, int n, const char *role, const char *name,
			   int64_t account, const char *token)
{
	struct key k = { .name = name, .role = role, .account = account, .created = 1 };
	struct error err = { 0 };

	snprintf(k.sid, sizeof(k.sid), "SK%032d", n);
	token_hash(secret, token, strlen(token), k.hash);
	ck_assert_msg(store_key_add(st, &k, &err) == 0, "%s %s", err.message, err.detail);
}

/* With the least costs: the tests are not about them. */
static inline void add_user(struct store *st, const char *name, const char *password, bool removed)
{
	struct user u = { .name = name,
			  .display = "Ada Lovelace",
			  .email = "",
			  .role = "SystemAdministrator",
			  .created = 1,
			  .removed = removed };
	char hash[PASSWORD_HASH_TEXT];
	struct error err = { 0 };

	ck_assert_int_eq(crypto_pwhash_str(hash, password, strlen(password),
					   crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
			 0);
	u.password = hash;
	ck_assert_msg(store_user_add(st, &u, &err) == 0, "%s %s", err.message, err.detail);
}

static inline void make_ledger(void)
{
	struct account a = { .sid = MAIN_SID, .name = "Main", .currency = "usd", .created = 1 };
	struct category c = { .name = "calls",
			      .description = "Calls",
			      .count_unit = "calls",
			      .usage_unit = "minutes",
			      .metered = true };
	struct error err = { 0 };
	struct store *st = NULL;

	snprintf(database, sizeof(database), "%s/usage.db", folder);
	ck_assert_msg(store_open(ledger_place(database), STORE_CREATE | STORE_WRITE, 1000, &st,
				 &err) == 0,
		      "%s %s", err.message, err.detail);
	ck_assert_int_eq(store_begin_write(st, &err), 0);
	ck_assert_int_eq(store_account_add(st, &a, &err), 0);
	ck_assert_int_eq(store_category_add(st, &c, &err), 0);
	add_key(st, 1, "SystemAdministrator", "admin", 0, "admintoken");
	add_key(st, 2, "Account", "", a.id, "accounttoken");
	add_key(st, 3, "User", "guest", 0, "guesttoken");
	add_key(st, 4, "SystemAdministrator", "gone", 0, "revokedtoken");
	ck_assert_int_eq(store_key_revoke(st, "SK00000000000000000000000000000004", 2, &err), 1);
	add_user(st, "ada", "right password", false);
	add_user(st, "former", "right password", true);
	ck_assert_int_eq(store_commit(st, &err), 0);
	store_close(&st);
}

static inline void setup_ledger(void)
{
	struct error err = { 0 };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(secret_init(&err), 0);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	make_ledger();
	settings = (struct settings) { .database = ledger_place(database),
				       .backup_folder = "",
				       .busy_timeout_ms = 1000,
				       .name = "Test",
				       .base_url = "",
				       .max_body_bytes = 100000,
				       .templates = "/nonexistent",
				       .cors_origins = "",
				       .late_events = "adjust",
				       .metrics_role = "SystemAdministrator",
				       .metrics_addresses = "" };
	signin = signin_new();
	worker = (struct worker) {
		.settings = &settings, .secret = secret, .table = table, .signin = signin
	};
	worker_init(&worker);
	arena_init(&arena);
}

static inline void remove_file(const char *ending)
{
	char path[80];

	snprintf(path, sizeof(path), "%s%s", database, ending);
	unlink(path);
}

static inline void teardown_ledger(void)
{
	worker_release(&worker);
	signin_free(&signin);
	arena_release(&arena);
	remove_file("");
	remove_file("-wal");
	remove_file("-shm");
	rmdir(folder);
}

/* ---- whole answers ---- */

struct memory_input {
	struct input in;
	const char *text;
	size_t len;
};

static inline size_t read_memory(struct input *in, char *buf, size_t size)
{
	struct memory_input *m = (struct memory_input *)in;
	size_t n = m->len < size ? m->len : size;

	memcpy(buf, m->text, n);
	m->text += n;
	m->len -= n;
	return n;
}

struct memory_output {
	struct output out;
	struct strbuf text;
	int writes;
	bool complete;
	int fail_at; /* the write that fails, from 1; 0 = none */
};

static inline int write_memory(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct memory_output *m = (struct memory_output *)out;

	if (++m->writes == m->fail_at)
		return -1;
	ck_assert(!m->complete);
	for (int i = 0; i < n; i++)
		strbuf_addn(&m->text, parts[i].iov_base, parts[i].iov_len);
	m->complete = last;
	return 0;
}

/* A request: what isn't given has a default. */
struct ask {
	const char *method, *uri, *accept, *authorization, *type, *body;
	const char *length; /* if the announced length isn't the body's */
	int fail_at;
	const char *extra[2]; /* more variables */
};

struct answer {
	struct memory_output out;
	int rc;
	const char *body;
};

static inline char *variable(const char *name, const char *value)
{
	return arena_printf(&arena, "%s=%s", name, value ? value : "");
}

static inline void ask_for(const struct ask *q, struct answer *a)
{
	const char *body = q->body ? q->body : "";
	struct memory_input in = { .in.read = read_memory, .text = body, .len = strlen(body) };
	char *length = arena_printf(&arena, "%zu", strlen(body));
	const char *credentials = q->authorization ? q->authorization : "Bearer admintoken";
	char *env[] = { variable("REQUEST_METHOD", q->method ? q->method : "GET"),
			variable("REQUEST_URI", q->uri),
			variable("CONTENT_TYPE", q->type),
			variable("CONTENT_LENGTH", q->length ? q->length
						   : *body   ? length
							     : ""),
			variable("HTTP_ACCEPT", q->accept),
			variable("REMOTE_ADDR", "192.0.2.1"),
			variable("HTTP_HOST", "h.example"),
			variable(*credentials ? "HTTP_AUTHORIZATION" : "NOTHING", credentials),
			(char *)q->extra[0],
			(char *)q->extra[1],
			NULL };

	*a = (struct answer) { .out.out.write = write_memory, .out.fail_at = q->fail_at };
	strbuf_init(&a->out.text, 16 << 20);
	a->rc = handle(&worker, env, &in.in, &a->out.out);
	a->body = strstr(a->out.text.text, "\r\n\r\n");
	a->body = a->body ? a->body + 4 : "";
}

static inline void answer_release(struct answer *a)
{
	strbuf_release(&a->out.text);
}

static inline bool has_header(const struct answer *a, const char *line)
{
	const char *at = strstr(a->out.text.text, line);

	return at && at < a->body && (at == a->out.text.text || at[-1] == '\n') &&
	       strncmp(at + strlen(line), "\r\n", 2) == 0;
}

#define ASSERT_HEADER(a, line) \
	ck_assert_msg(has_header(a, line), "no \"%s\" in:\n%s", line, (a)->out.text.text)
#define ASSERT_NO_HEADER(a, name) \
	ck_assert_msg(!strstr((a)->out.text.text, "\n" name ":"), "%s", (a)->out.text.text)

#endif
