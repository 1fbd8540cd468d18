/*
 * fcgi_tests.c - FastCGI records before libfcgi reads them, connections without
 * a server, and shares of parties.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

#include "http/connection.h"
#include "http/handle.h"
#include "http/shares.h"

/* ---- what a web server sends ---- */

struct bytes {
	char text[300000];
	size_t len;
};

static void add_record(struct bytes *b, int type, int id, const void *content, size_t len,
		       unsigned char padding)
{
	FCGI_Header header = fcgi_header(type, id, len);

	header.paddingLength = padding;
	memcpy(b->text + b->len, &header, sizeof(header));
	if (len)
		memcpy(b->text + b->len + sizeof(header), content, len);
	memset(b->text + b->len + sizeof(header) + len, 'p', padding);
	b->len += sizeof(header) + len + padding;
}

static void add_begin(struct bytes *b, int id, bool keep)
{
	add_record(b, FCGI_BEGIN_REQUEST, id, (unsigned char[8]) { 0, 1, keep }, 8, 0);
}

static void add_body(struct bytes *b, int id, const char *body, size_t len)
{
	for (size_t n; len; body += n, len -= n) {
		n = len < 5000 ? len : 5000;
		add_record(b, FCGI_STDIN, id, body, n, 3);
	}
	add_record(b, FCGI_STDIN, id, NULL, 0, 0);
}

static size_t add_pair(char *to, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value), n = 0;

	to[n++] = (char)name_len;
	if (value_len < 128) {
		to[n++] = (char)value_len;
	} else {
		memcpy(to + n, "\200\000", 2);
		to[n + 2] = (char)(value_len >> 8);
		to[n + 3] = (char)value_len;
		n += 4;
	}
	memcpy(to + n, name, name_len);
	memcpy(to + n + name_len, value, value_len);
	return n + name_len + value_len;
}

/*
 * One of each kind: a short one, an empty one, and one whose length takes four
 * bytes.
 */
static void add_variables(struct bytes *b, int id, size_t announced)
{
	char text[600], number[24], many[300];
	size_t n;

	snprintf(number, sizeof(number), "%zu", announced);
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	n = add_pair(text, "A", "1");
	n += add_pair(text + n, "NONE", "");
	n += add_pair(text + n, "CONTENT_LENGTH", number);
	n += add_pair(text + n, "LONG", many);
	add_record(b, FCGI_PARAMS, id, text, 7, 0);
	add_record(b, FCGI_PARAMS, id, text + 7, n - 7, 5);
	add_record(b, FCGI_PARAMS, id, NULL, 0, 0);
}

static void add_request(struct bytes *b, int id, bool keep, const char *body, size_t len)
{
	add_begin(b, id, keep);
	add_variables(b, id, len);
	add_body(b, id, body, len);
}

static void check_variables(char *const *envp)
{
	ck_assert_str_eq(envp[0], "FCGI_ROLE=RESPONDER"); /* libfcgi's own */
	ck_assert_str_eq(envp[1], "A=1");
	ck_assert_str_eq(envp[2], "NONE=");
	ck_assert_msg(strncmp(envp[3], "CONTENT_LENGTH=", 15) == 0, "%s", envp[3]);
	ck_assert_uint_eq(strlen(envp[4]), strlen("LONG=") + 299);
	ck_assert_ptr_null(envp[5]);
}

/* ---- the gate ---- */

static struct bytes sent, expected;

/* What one request is to look like behind the gate. */
static void expect_request(int id, bool keep, const char *body, size_t len)
{
	static struct bytes all;

	all.len = expected.len = 0;
	add_request(&all, id, keep, body, len);
	for (size_t at = 0, content; at < all.len; at += content) {
		const unsigned char *header = (const unsigned char *)all.text + at;

		content = (size_t)header[4] << 8 | header[5];
		at += sizeof(FCGI_Header);
		add_record(&expected, header[1], id, all.text + at, content, 0);
		at += header[6];
	}
}

/* Takes a request from ALL, PIECE bytes at a time. */
static enum fcgi_event take_request(struct fcgi_gate *g, struct fcgi_span *all, size_t piece,
				    struct strbuf *passed)
{
	enum fcgi_event event = FCGI_TAKES_ALL;

	while (all->len && event == FCGI_TAKES_ALL) {
		struct fcgi_span data = { all->at, all->len < piece ? all->len : piece };
		size_t given = data.len;

		event = fcgi_gate_take(g, &data, passed);
		ck_assert(event != FCGI_TAKES_ALL || !data.len);
		all->at += given - data.len;
		all->len -= given - data.len;
	}
	return event;
}

static const size_t pieces[] = { 1, 2, 3, 7, 8, 9, 100, 4096, 1 << 20 };

enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

START_TEST(requests_pass_in_pieces_of_any_size_without_padding)
{
	static char body[20000];
	struct strbuf passed;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)i;
	sent.len = 0;
	add_request(&sent, 1, true, body, sizeof(body));
	add_request(&sent, 258, false, body, 0);
	strbuf_init(&passed, sizeof(sent.text));
	for (size_t i = 0; i < PIECES; i++) {
		struct fcgi_span all = { sent.text, sent.len };

		for (int n = 0; n < 2; n++) {
			size_t len = n == 0 ? sizeof(body) : 0;
			struct fcgi_gate g;
			enum fcgi_event event;

			expect_request(n == 0 ? 1 : 258, n == 0, body, len);
			fcgi_gate_init(&g);
			strbuf_clear(&passed);
			event = take_request(&g, &all, pieces[i], &passed);
			ck_assert_int_eq(event, FCGI_HAS_REQUEST);
			ck_assert(g.head_ended && g.body_ended && g.body_bytes == len);
			ck_assert_uint_eq(passed.len, expected.len);
			ck_assert_msg(memcmp(passed.text, expected.text, passed.len) == 0,
				      "request %d in pieces of %zu", n, pieces[i]);
		}
		ck_assert_uint_eq(all.len, 0);
	}
	strbuf_release(&passed);
}
END_TEST

START_TEST(what_has_passed_ends_with_bytes_of_content)
{
	struct fcgi_gate g;
	struct strbuf passed;

	sent.len = 0;
	add_begin(&sent, 1, false);
	add_variables(&sent, 1, 3);
	add_record(&sent, FCGI_STDIN, 1, "abc", 3, 0);
	strbuf_init(&passed, 1000);
	fcgi_gate_init(&g);
	for (size_t at = 0; at < sent.len; at++) {
		struct fcgi_span data = { sent.text + at, 1 };
		size_t before = g.body_bytes;
		bool in_body = g.head_ended;

		ck_assert_int_eq(fcgi_gate_take(&g, &data, &passed), FCGI_TAKES_ALL);
		ck_assert_msg(!in_body || passed.len == 0 || g.body_bytes == before + 1, "byte %zu",
			      at);
		if (g.head_ended)
			strbuf_clear(&passed);
	}
	ck_assert_uint_eq(g.body_bytes, 3);
	strbuf_release(&passed);
}
END_TEST

#define REQUEST             \
	"\1\1\0\1\0\10\0\0" \
	"\0\1\0\0\0\0\0\0" /* begins request 1 */
#define NO_VARIABLES "\1\4\0\1\0\0\0\0"
#define ODD(text)    text, sizeof(text) - 1

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	enum fcgi_event event;
	const char *reply;
	size_t reply_len;
	size_t passed;
} odd[] = {
	{ "another version", ODD("\2\1\0\1\0\10\0\0"), FCGI_IS_BROKEN, "", 0, 0 },
	{ "HTTP", ODD("GET / HTTP/1.1\r\n\r\n"), FCGI_IS_BROKEN, "", 0, 0 },
	{ "a request that begins with too few bytes", ODD("\1\1\0\1\0\2\0\0\0\1"), FCGI_IS_BROKEN,
	  "", 0, 0 },
	{ "a request that begins with too many bytes", ODD("\1\1\0\1\1\0\0\0"), FCGI_IS_BROKEN, "",
	  0, 0 },
	{ "a request without a number", ODD("\1\1\0\0\0\10\0\0"), FCGI_IS_BROKEN, "", 0, 0 },
	{ "another role",
	  ODD("\1\1\0\1\0\10\0\0"
	      "\0\2\0\0\0\0\0\0"),
	  FCGI_HAS_REPLY,
	  ODD("\1\3\0\1\0\10\0\0"
	      "\0\0\0\0\3\0\0\0"),
	  0 },
	{ "a second request",
	  ODD(REQUEST "\1\1\0\2\0\10\0\0"
		      "\0\1\0\0\0\0\0\0"),
	  FCGI_HAS_REPLY,
	  ODD("\1\3\0\2\0\10\0\0"
	      "\0\0\0\0\1\0\0\0"),
	  16 },
	{ "the same request again", ODD(REQUEST REQUEST), FCGI_IS_BROKEN, "", 0, 16 },
	{ "an abort", ODD(REQUEST "\1\2\0\1\0\0\0\0"), FCGI_IS_BROKEN, "", 0, 16 },
	{ "an abort in the body",
	  ODD(REQUEST NO_VARIABLES "\1\5\0\1\0\1\0\0a"
				   "\1\2\0\1\0\0\0\0"),
	  FCGI_IS_BROKEN, "", 0, 33 },
	{ "a body before the variables", ODD(REQUEST "\1\5\0\1\0\0\0\0"), FCGI_IS_BROKEN, "", 0,
	  16 },
	{ "variables after the variables", ODD(REQUEST NO_VARIABLES "\1\4\0\1\0\0\0\0"),
	  FCGI_IS_BROKEN, "", 0, 24 },
	{ "a question for values",
	  ODD("\1\11\0\0\0\20\0\0"
	      "\016\0FCGI_MAX_CONNS"),
	  FCGI_HAS_REPLY,
	  ODD("\1\12\0\0\0\22\0\0"
	      "\017\1FCGI_MPXS_CONNS0"),
	  0 },
	{ "an unknown type", ODD("\1\143\0\0\0\0\0\0"), FCGI_HAS_REPLY,
	  ODD("\1\13\0\0\0\10\0\0"
	      "\143\0\0\0\0\0\0\0"),
	  0 },
	{ "data of another role", ODD(REQUEST "\1\10\0\1\0\1\0\0a"), FCGI_TAKES_ALL, "", 0, 16 },
	{ "records of no request",
	  ODD("\1\5\0\7\0\3\1\0abcp"
	      "\1\4\0\7\0\0\0\0"),
	  FCGI_TAKES_ALL, "", 0, 0 },
	{ "records of another request",
	  ODD(REQUEST "\1\5\0\7\0\3\1\0abcp"
		      "\1\4\0\7\0\0\0\0"),
	  FCGI_TAKES_ALL, "", 0, 16 },
};

START_TEST(what_is_no_request_is_refused_or_skipped)
{
	for (size_t i = 0; i < PIECES * sizeof(odd) / sizeof(odd[0]); i++) {
		const size_t row = i / PIECES;
		struct fcgi_span data = { odd[row].bytes, odd[row].len };
		enum fcgi_event event;
		struct strbuf passed;
		struct fcgi_gate g;

		strbuf_init(&passed, 1000);
		fcgi_gate_init(&g);
		event = take_request(&g, &data, pieces[i % PIECES], &passed);
		ck_assert_msg(event == odd[row].event, "%s: %d", odd[row].name, event);
		ck_assert_msg(passed.len == odd[row].passed, "%s: %zu bytes passed", odd[row].name,
			      passed.len);
		if (event == FCGI_HAS_REPLY)
			ck_assert_msg(g.reply_len == odd[row].reply_len &&
					      memcmp(g.reply, odd[row].reply, g.reply_len) == 0,
				      "%s", odd[row].name);
		strbuf_release(&passed);
	}
}
END_TEST

/* A body may be read on by one who hasn't heard of it. */
START_TEST(what_is_broken_stays_broken)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct fcgi_span data = { sent.text, odd[i].len };
		struct strbuf passed;
		struct fcgi_gate g;

		ROW("%s", odd[i].name);
		if (odd[i].event != FCGI_IS_BROKEN)
			continue;
		memset(sent.text, 0, sizeof(sent.text));
		memcpy(sent.text, odd[i].bytes, odd[i].len);
		strbuf_init(&passed, 1000);
		fcgi_gate_init(&g);
		ck_assert_int_eq(fcgi_gate_take(&g, &data, &passed), FCGI_IS_BROKEN);
		for (int n = 0; n < 3; n++) {
			data = (struct fcgi_span) { sent.text, 300 };
			ck_assert_int_eq(fcgi_gate_take(&g, &data, &passed), FCGI_IS_BROKEN);
			ck_assert_msg(data.len == 300 && passed.len == odd[i].passed, "%s",
				      odd[i].name);
		}
		strbuf_release(&passed);
	}
}
END_TEST

/* Does a request with these variables pass, in pieces of that size? */
static bool variables_pass(const char *content, size_t len, size_t piece)
{
	struct fcgi_span data;
	enum fcgi_event event;
	struct strbuf passed;
	struct fcgi_gate g;

	sent.len = 0;
	add_begin(&sent, 1, false);
	for (size_t n; len; content += n, len -= n) {
		n = len < FCGI_MAX_LENGTH ? len : FCGI_MAX_LENGTH;
		add_record(&sent, FCGI_PARAMS, 1, content, n, 0);
	}
	add_record(&sent, FCGI_PARAMS, 1, NULL, 0, 0);
	data = (struct fcgi_span) { sent.text, sent.len };
	strbuf_init(&passed, sizeof(sent.text));
	fcgi_gate_init(&g);
	event = take_request(&g, &data, piece, &passed);
	ck_assert(event == FCGI_TAKES_ALL || event == FCGI_IS_BROKEN);
	strbuf_release(&passed);
	return event == FCGI_TAKES_ALL;
}

static const struct {
	const char *bytes;
	size_t len;
	bool pass;
} variables[] = {
	{ ODD("\1"), false },
	{ ODD("\1\5A1"), false },
	{ ODD("\377\377\377\377\1A"), false },
	{ ODD("\1\377\377\377\377A"), false },
	{ ODD("\200\0"), false },
	{ ODD("\2\1A\0001"), false },
	{ ODD("\1\2A1\0"), false },
	{ ODD("\1\1A1\1"), false },
	{ ODD("\1\1A1\1\1"), false },
	{ ODD("\1\1A1\1\200"), false },
	/* with these libfcgi ends the process */
	{ ODD("\377\377\377\376\377\377\377\376A"), false },
	{ ODD("\300\0\0\0\300\0\0\0A"), false },
	{ ODD(""), true },
	{ ODD("\1\1A1"), true },
	{ ODD("\0\0"), true },
	{ ODD("\1\0A\1\1B1"), true },
	{ ODD("\200\0\0\1\200\0\0\1A1"), true },
};

START_TEST(variables_that_cannot_be_read_end_the_connection)
{
	for (size_t i = 0; i < PIECES * sizeof(variables) / sizeof(variables[0]); i++) {
		const size_t row = i / PIECES;
		bool pass = variables_pass(variables[row].bytes, variables[row].len,
					   pieces[i % PIECES]);

		ck_assert_msg(pass == variables[row].pass, "row %zu", row);
	}
}
END_TEST

START_TEST(variables_are_limited_in_bytes_and_number)
{
	static char content[3 * FCGI_MAX_LENGTH] = "\1\200";
	/*
	 * three records' headers, the variable's two lengths, its name and its
	 * value
	 */
	const size_t longest = FCGI_HEAD_BYTES - 3 * sizeof(FCGI_Header) - 6;

	for (size_t value = longest; value <= longest + 1; value++) {
		memset(content, 'x', sizeof(content));
		memcpy(content, "\1\200", 2);
		content[2] = (char)(value >> 16);
		content[3] = (char)(value >> 8);
		content[4] = (char)value;
		ck_assert_msg(variables_pass(content, value + 6, 4096) == (value == longest),
			      "%zu bytes", value);
	}
	for (int n = FCGI_VARIABLES_MAX; n <= FCGI_VARIABLES_MAX + 1; n++) {
		for (int i = 0; i < n; i++)
			memcpy(content + 4 * i, "\1\1A1", 4);
		ck_assert_msg(variables_pass(content, 4 * (size_t)n, 4096) ==
				      (n == FCGI_VARIABLES_MAX),
			      "%d variables", n);
	}
}
END_TEST

/* ---- connections ---- */

static int peer;
static struct connections all;
static struct intake intake;

static struct connection *connect_peer(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	peer = fds[0];
	all = (struct connections) { .max = 10 };
	ck_assert_int_eq(FCGX_Init(), 0);
	intake_init(&intake);
	return connection_new(fds[1], &all);
}

static void end_peer(struct connection *c)
{
	connection_free(&c);
	intake_release(&intake);
	close(peer);
}

static void send_bytes(const struct bytes *b, size_t from, size_t to)
{
	ck_assert_int_eq(send(peer, b->text + from, to - from, 0), (ssize_t)(to - from));
}

START_TEST(a_short_request_is_gathered_without_waiting)
{
	static char body[CONNECTION_BODY_MAX], got[CONNECTION_BODY_MAX + 1];
	struct connection *c = connect_peer();

	sent.len = 0;
	memset(body, 'b', sizeof(body));
	add_request(&sent, 1, true, body, sizeof(body));
	for (size_t at = 0; at < sent.len; at += 999) {
		ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_WAITS);
		ck_assert_int_eq(connection_has_begun(c), at > 0);
		send_bytes(&sent, at, at + 999 < sent.len ? at + 999 : sent.len);
	}
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	check_variables(c->envp);
	ck_assert(c->gate.body_ended);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), sizeof(body));
	ck_assert_mem_eq(got, body, sizeof(body));
	end_peer(c);
}
END_TEST

START_TEST(a_request_is_short_if_its_body_is_whatever_it_announces)
{
	enum { MOST = CONNECTION_BODY_MAX };
	static const struct {
		size_t len, announced;
		bool is_short;
	} rows[] = { { 0, 0, true },        { MOST, MOST, true },          { 5, MOST + 1, true },
		     { 5, 0, true },        { MOST + 1, MOST + 1, false }, { MOST + 1, 5, false },
		     { MOST + 1, 0, false } };
	static char body[MOST + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct connection *c = connect_peer();

		ROW("%zu bytes, %zu announced", rows[i].len, rows[i].announced);
		sent.len = 0;
		add_begin(&sent, 1, true);
		add_variables(&sent, 1, rows[i].announced);
		add_body(&sent, 1, body, rows[i].len);
		send_bytes(&sent, 0, sent.len);
		ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
		ck_assert_msg(connection_is_short(c) == rows[i].is_short, "row %zu", i);
		end_peer(c);
	}
}
END_TEST

START_TEST(a_long_body_is_not_gathered)
{
	static char body[CONNECTION_BODY_MAX + 1];
	struct connection *c = connect_peer();

	sent.len = 0;
	add_request(&sent, 1, true, body, sizeof(body));
	send_bytes(&sent, 0, sent.len - 100);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	ck_assert(!c->gate.body_ended);
	send_bytes(&sent, sent.len - 100, sent.len);
	ck_assert_uint_eq(c->in.read(&c->in, body, sizeof(body)), sizeof(body));
	end_peer(c);
}
END_TEST

START_TEST(a_body_longer_than_announced_is_not_gathered)
{
	static char body[100], got[200];
	struct connection *c = connect_peer();

	sent.len = 0;
	add_begin(&sent, 1, true);
	add_variables(&sent, 1, 60);
	add_body(&sent, 1, body, sizeof(body));
	send_bytes(&sent, 0, sent.len);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), sizeof(body));
	end_peer(c);
}
END_TEST

static void *send_pieces(void *piece)
{
	for (size_t at = 0, n; at < sent.len; at += n) {
		n = sent.len - at < *(const size_t *)piece ? sent.len - at : *(const size_t *)piece;
		send_bytes(&sent, at, at + n);
	}
	return NULL;
}

START_TEST(a_long_body_is_read_in_pieces_of_any_size)
{
	static const size_t some[] = { 9, 1000, 8191, 8192, 8193, 100000 };
	static char body[200000], got[sizeof(body) + 1];

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct connection *c = connect_peer();
		size_t piece = some[i], len = 0, n;
		pthread_t sender;

		ROW("pieces of %zu bytes", some[i]);
		sent.len = 0;
		add_request(&sent, 1, true, body, sizeof(body));
		ck_assert_int_eq(pthread_create(&sender, NULL, send_pieces, &piece), 0);
		while (connection_receive(c, &intake) == CONNECTION_WAITS)
			;
		while ((n = c->in.read(&c->in, got + len, i % 2 ? 777 : sizeof(got) - len)) > 0)
			len += n;
		ck_assert_msg(len == sizeof(body) && memcmp(got, body, len) == 0,
			      "pieces of %zu: %zu bytes", piece, len);
		pthread_join(sender, NULL);
		end_peer(c);
	}
}
END_TEST

/*
 * A question for many values overruns libfcgi's reply, which it would write to
 * where it reads.
 */
static void add_odd_records(struct bytes *b)
{
	char question[20 * 16];

	for (size_t at = 0; at < sizeof(question); at += 16)
		memcpy(question + at, "\016\0FCGI_MAX_CONNS", 16);
	add_record(b, FCGI_GET_VALUES, 0, question, sizeof(question), 1);
	add_record(b, 99, 0, "what", 4, 0);
}

static void add_second_request(struct bytes *b)
{
	add_begin(b, 2, true);
	add_record(b, FCGI_STDIN, 2, "not mine", 8, 0);
}

START_TEST(records_that_libfcgi_cannot_bear_do_not_reach_it)
{
	static char body[CONNECTION_BODY_MAX + 1], got[sizeof(body) + 100];
	const size_t len[2] = { 100, sizeof(body) };

	memset(body, 'b', sizeof(body));
	for (int i = 0; i < 2; i++) {
		struct connection *c = connect_peer();

		sent.len = 0;
		add_odd_records(&sent);
		add_begin(&sent, 1, true);
		add_odd_records(&sent);
		add_second_request(&sent);
		add_variables(&sent, 1, len[i]);
		add_odd_records(&sent);
		add_second_request(&sent);
		add_record(&sent, FCGI_STDIN, 1, body, 50, 0);
		add_odd_records(&sent);
		send_bytes(&sent, 0, sent.len);
		ck_assert_int_eq(connection_receive(c, &intake),
				 i == 0 ? CONNECTION_WAITS : CONNECTION_READY);
		sent.len = 0;
		add_odd_records(&sent);
		add_second_request(&sent);
		add_body(&sent, 1, body, len[i] - 50);
		send_bytes(&sent, 0, sent.len);
		if (i == 0)
			ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
		check_variables(c->envp);
		ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), len[i]);
		ck_assert_mem_eq(got, body, len[i]);
		end_peer(c);
	}
}
END_TEST

START_TEST(nothing_is_read_behind_a_record_out_of_order)
{
	static char body[CONNECTION_BODY_MAX + 1], got[2 * sizeof(body)];
	struct iovec part = { (char *)"answer", 6 };
	struct connection *c = connect_peer();

	memset(body, 'b', sizeof(body));
	sent.len = 0;
	add_begin(&sent, 1, true);
	add_variables(&sent, 1, sizeof(body));
	send_bytes(&sent, 0, sent.len);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	sent.len = 0;
	add_record(&sent, FCGI_STDIN, 1, body, 1000, 0);
	add_record(&sent, FCGI_PARAMS, 1, "\1\1A1", 4, 0);
	add_body(&sent, 1, body, sizeof(body));
	send_bytes(&sent, 0, 1008);
	ck_assert_uint_eq(c->in.read(&c->in, got, 1000), 1000);
	send_bytes(&sent, 1008, sent.len);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), 0);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), 0);
	ck_assert_int_eq(c->out.write(&c->out, &part, 1, true), 0);
	ck_assert(!connection_next(c));
	end_peer(c);
}
END_TEST

static void answer(struct connection *c, const char *text)
{
	struct iovec part = { (char *)text, strlen(text) };

	ck_assert_int_eq(c->out.write(&c->out, &part, 1, true), 0);
}

START_TEST(requests_sent_one_behind_the_other_are_each_answered)
{
	struct connection *c = connect_peer();
	char got[400];
	ssize_t n;

	sent.len = 0;
	for (int i = 0; i < 3; i++)
		add_request(&sent, i + 1, i < 2, "body", 4);
	send_bytes(&sent, 0, sent.len);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
		check_variables(c->envp);
		answer(c, "answer");
		ck_assert_int_eq(connection_next(c), i < 2);
		n = recv(peer, got, sizeof(got), 0);
		ck_assert_msg(n >= 38 && memcmp(got + 8, "answer", 6) == 0 && got[3] == i + 1,
			      "request %d: %zd bytes", i, n);
	}
	end_peer(c);
}
END_TEST

static void check_is_not_kept(bool ending, int n)
{
	struct connection *c = connect_peer();
	char got[400];

	sent.len = 0;
	add_request(&sent, 1, true, "", 0);
	send_bytes(&sent, 0, sent.len);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	atomic_store(&all.ending, ending);
	atomic_store(&all.n, n);
	answer(c, "answer");
	ck_assert(!connection_next(c));
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), 8 + 6 + 8 + 16 + 16);
	ck_assert_int_eq(got[8 + 6 + 8 + 16 + 1], FCGI_UNKNOWN_TYPE);
	end_peer(c);
}

START_TEST(a_connection_that_is_not_kept_says_so)
{
	check_is_not_kept(true, 1);
	check_is_not_kept(false, 6);
}
END_TEST

START_TEST(a_peer_that_is_gone_is_noticed)
{
	struct connection *c = connect_peer();

	sent.len = 0;
	add_request(&sent, 1, true, "", 0);
	send_bytes(&sent, 0, sent.len);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	ck_assert(!c->in.gone(&c->in));
	shutdown(peer, SHUT_WR);
	ck_assert_msg(!c->in.gone(&c->in), "it may still read the answer");
	close(peer);
	ck_assert(c->in.gone(&c->in));
	connection_free(&c);
	intake_release(&intake);
}
END_TEST

/* ---- shares ---- */

START_TEST(a_party_has_its_share_and_then_waits_in_order)
{
	struct shares *s = shares_new(2, 2);
	struct share a[5] = { { 0 } }, b = { 0 };

	ck_assert_int_eq(shares_take(s, &a[0], 7), SHARE_TAKEN);
	ck_assert_int_eq(shares_take(s, &a[1], 7), SHARE_TAKEN);
	for (int i = 2; i < 4; i++) {
		ck_assert_int_eq(shares_take(s, &a[i], 7), SHARE_LATER);
		ck_assert(!shares_wait(s, &a[i]));
	}
	ck_assert_int_eq(shares_take(s, &a[4], 7), SHARE_FULL);
	ck_assert_ptr_null(shares_end(s, &a[4]));
	ck_assert_int_eq(shares_waiting(s), 2);
	ck_assert_int_eq(shares_take(s, &b, 8), SHARE_TAKEN);
	ck_assert_ptr_null(shares_end(s, &b));
	ck_assert_ptr_eq(shares_end(s, &a[1]), &a[2]);
	/*
	 * the one whose turn it is has its place, whoever else comes before it
	 * takes it
	 */
	ck_assert_int_eq(shares_take(s, &a[4], 7), SHARE_LATER);
	ck_assert_int_eq(shares_take(s, &a[2], 7), SHARE_TAKEN);
	ck_assert_ptr_eq(shares_end(s, &a[0]), &a[3]);
	ck_assert_ptr_null(shares_end(s, &a[2]));
	ck_assert_ptr_null(shares_end(s, &a[3]));
	ck_assert_int_eq(shares_take(s, &a[0], 7), SHARE_TAKEN);
	ck_assert_ptr_null(shares_end(s, &a[0]));
	shares_free(&s);
}
END_TEST

START_TEST(who_is_told_to_wait_does_not_when_a_place_has_become_free)
{
	struct shares *s = shares_new(1, 1);
	struct share a = { 0 }, b = { 0 };

	ck_assert_int_eq(shares_take(s, &a, 7), SHARE_TAKEN);
	ck_assert_int_eq(shares_take(s, &b, 7), SHARE_LATER);
	ck_assert_ptr_null(shares_end(s, &a));
	ck_assert(shares_wait(s, &b));
	ck_assert_int_eq(shares_take(s, &b, 7), SHARE_TAKEN);
	ck_assert_ptr_null(shares_end(s, &b));
	shares_free(&s);
}
END_TEST

START_TEST(many_parties_have_their_shares_side_by_side)
{
	enum { PARTIES = 500 };
	struct shares *s = shares_new(1, 1);
	static struct share first[PARTIES], second[PARTIES];

	for (int i = 0; i < PARTIES; i++) {
		ck_assert_int_eq(shares_take(s, &first[i], (uint64_t)i), SHARE_TAKEN);
		ck_assert_int_eq(shares_take(s, &second[i], (uint64_t)i), SHARE_LATER);
		ck_assert(!shares_wait(s, &second[i]));
	}
	for (int i = 0; i < PARTIES; i++) {
		ck_assert_ptr_eq(shares_end(s, &first[i]), &second[i]);
		ck_assert_ptr_null(shares_end(s, &second[i]));
	}
	ck_assert_int_eq(shares_waiting(s), 0);
	shares_free(&s);
}
END_TEST

/* ---- light requests ---- */

static const struct {
	const char *variables[5];
	bool light;
} requests[] = {
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/healthz" }, true },
	{ { "REQUEST_METHOD=HEAD", "REQUEST_URI=/readyz.json?x" }, true },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/metrics" }, true },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/metrics" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/openapi.json" }, false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events" }, true },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events?atomic=true",
	    "HTTP_AUTHORIZATION=Bearer secret" },
	  true },
	/* secret: */
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events", "HTTP_AUTHORIZATION=Basic c2VjcmV0Og==" },
	  true },
	/* ada:password */
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events",
	    "HTTP_AUTHORIZATION=Basic YWRhOnBhc3N3b3Jk" },
	  false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events", "HTTP_CONTENT_ENCODING=gzip" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/events" }, false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/healthz" }, false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/healthz", "HTTP_X_HTTP_METHOD_OVERRIDE=GET" },
	  false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/healthzz" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/health" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/overview.html" }, false },
	{ { "REQUEST_URI=/healthz" }, false },
	{ { NULL }, false },
};

START_TEST(light_requests_are_health_and_plain_events)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		ck_assert_msg(handle_is_light(ops, (char *const *)requests[i].variables) ==
				      requests[i].light,
			      "row %zu: %s", i, requests[i].variables[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fcgi");
	TCase *t = tcase_create("fcgi");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_test(t, requests_pass_in_pieces_of_any_size_without_padding);
	tcase_add_test(t, what_has_passed_ends_with_bytes_of_content);
	tcase_add_test(t, what_is_no_request_is_refused_or_skipped);
	tcase_add_test(t, what_is_broken_stays_broken);
	tcase_add_test(t, what_is_broken_stays_broken);
	tcase_add_test(t, variables_that_cannot_be_read_end_the_connection);
	tcase_add_test(t, variables_are_limited_in_bytes_and_number);
	tcase_add_test(t, a_short_request_is_gathered_without_waiting);
	tcase_add_test(t, a_request_is_short_if_its_body_is_whatever_it_announces);
	tcase_add_test(t, a_long_body_is_not_gathered);
	tcase_add_test(t, a_body_longer_than_announced_is_not_gathered);
	tcase_add_test(t, a_long_body_is_read_in_pieces_of_any_size);
	tcase_add_test(t, records_that_libfcgi_cannot_bear_do_not_reach_it);
	tcase_add_test(t, nothing_is_read_behind_a_record_out_of_order);
	tcase_add_test(t, requests_sent_one_behind_the_other_are_each_answered);
	tcase_add_test(t, a_connection_that_is_not_kept_says_so);
	tcase_add_test(t, a_peer_that_is_gone_is_noticed);
	tcase_add_test(t, a_party_has_its_share_and_then_waits_in_order);
	tcase_add_test(t, who_is_told_to_wait_does_not_when_a_place_has_become_free);
	tcase_add_test(t, many_parties_have_their_shares_side_by_side);
	tcase_add_test(t, light_requests_are_health_and_plain_events);
	suite_add_tcase(s, t);
	return run_suite(s);
}
