/* fcgi_tests.c - FastCGI records in pieces of any size, connections without a server, and shares of parties. */
#include <errno.h>
#include <fcntl.h>
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

static void add_record(struct bytes *b, int type, int id, const void *content, size_t len, unsigned char padding)
{
	unsigned char header[FCGI_HEADER_BYTES];

	fcgi_header(header, type, id, len);
	header[6] = padding;
	memcpy(b->text + b->len, header, sizeof(header));
	if (len)
		memcpy(b->text + b->len + sizeof(header), content, len);
	memset(b->text + b->len + sizeof(header) + len, 'p', padding);
	b->len += sizeof(header) + len + padding;
}

static void add_begin(struct bytes *b, int id, bool keep)
{
	add_record(b, FCGI_BEGIN_REQUEST, id, (unsigned char[8]){ 0, 1, keep }, 8, 0);
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

/* One of each kind: a short one, an empty one, and one whose length takes four bytes. */
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
	ck_assert_str_eq(envp[0], "A=1");
	ck_assert_str_eq(envp[1], "NONE=");
	ck_assert_msg(strncmp(envp[2], "CONTENT_LENGTH=", 15) == 0, "%s", envp[2]);
	ck_assert_uint_eq(strlen(envp[3]), strlen("LONG=") + 299);
	ck_assert_ptr_null(envp[4]);
}

/* ---- the reader ---- */

static char scratch[CONNECTION_READ_BYTES];

/* Reads a request from DATA, PIECE bytes at a time, into BODY; returns how many bytes that has. */
static size_t read_request(struct fcgi_reader *r, struct fcgi_span *all, size_t piece, char *body, size_t size)
{
	struct fcgi_span room = { body, size };
	enum fcgi_event event = FCGI_NEEDS_DATA;

	while (event != FCGI_HAS_BODY) {
		struct fcgi_span data = { all->at, all->len < piece ? all->len : piece };
		size_t given = data.len;

		ck_assert_uint_gt(given, 0);
		event = fcgi_reader_take(r, &data, &room);
		all->at += given - data.len;
		all->len -= given - data.len;
		ck_assert_int_ne(event, FCGI_IS_BROKEN);
		ck_assert_int_ne(event, FCGI_NEEDS_ROOM);
		if (event == FCGI_HAS_VARIABLES)
			check_variables(fcgi_reader_variables(r));
	}
	return size - room.len;
}

static struct bytes sent;

START_TEST(requests_are_read_in_pieces_of_any_size)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 8, 9, 100, 4096, 1 << 20 };
	static char body[20000], got[20000];

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)i;
	sent.len = 0;
	add_request(&sent, 1, true, body, sizeof(body));
	add_request(&sent, 258, false, body, 0);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct fcgi_span all = { sent.text, sent.len };
		struct fcgi_reader r;

		fcgi_reader_init(&r);
		ck_assert_uint_eq(read_request(&r, &all, pieces[i], got, sizeof(got)), sizeof(body));
		ck_assert_mem_eq(got, body, sizeof(body));
		ck_assert(r.keep && r.request_id == 1);
		fcgi_reader_clear(&r);
		ck_assert_uint_eq(read_request(&r, &all, pieces[i], got, sizeof(got)), 0);
		ck_assert(!r.keep && r.request_id == 258);
		ck_assert_uint_eq(all.len, 0);
		fcgi_reader_release(&r);
	}
}
END_TEST

START_TEST(a_body_is_read_only_as_far_as_there_is_room)
{
	struct fcgi_span data, room;
	struct fcgi_reader r;
	char got[4];

	sent.len = 0;
	add_request(&sent, 1, false, "abcdef", 6);
	data = (struct fcgi_span){ sent.text, sent.len };
	room = (struct fcgi_span){ got, sizeof(got) };
	fcgi_reader_init(&r);
	ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_HAS_VARIABLES);
	ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_NEEDS_ROOM);
	ck_assert_mem_eq(got, "abcd", 4);
	room = (struct fcgi_span){ got, sizeof(got) };
	ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_HAS_BODY);
	ck_assert_mem_eq(got, "efcd", 4);
	fcgi_reader_release(&r);
}
END_TEST

#define REQUEST "\1\1\0\1\0\10\0\0" "\0\1\0\0\0\0\0\0"      /* begins request 1 */

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	enum fcgi_event event;
	const char *reply;
	size_t reply_len;
} odd[] = {
#define ODD(text) text, sizeof(text) - 1
	{ "another version", ODD("\2\1\0\1\0\10\0\0"), FCGI_IS_BROKEN, "", 0 },
	{ "HTTP", ODD("GET / HTTP/1.1\r\n\r\n"), FCGI_IS_BROKEN, "", 0 },
	{ "a request that begins with too few bytes", ODD("\1\1\0\1\0\2\0\0\0\1"), FCGI_IS_BROKEN, "", 0 },
	{ "a request that begins with too many bytes", ODD("\1\1\0\1\1\0\0\0"), FCGI_IS_BROKEN, "", 0 },
	{ "a request without a number", ODD("\1\1\0\0\0\10\0\0"), FCGI_IS_BROKEN, "", 0 },
	{ "another role", ODD("\1\1\0\1\0\10\0\0" "\0\2\0\0\0\0\0\0"), FCGI_HAS_REPLY, ODD("\1\3\0\1\0\10\0\0" "\0\0\0\0\3\0\0\0") },
	{ "a second request", ODD(REQUEST "\1\1\0\2\0\10\0\0" "\0\1\0\0\0\0\0\0"), FCGI_HAS_REPLY, ODD("\1\3\0\2\0\10\0\0" "\0\0\0\0\1\0\0\0") },
	{ "the same request again", ODD(REQUEST REQUEST), FCGI_IS_BROKEN, "", 0 },
	{ "an abort", ODD(REQUEST "\1\2\0\1\0\0\0\0"), FCGI_IS_BROKEN, "", 0 },
	{ "a body before the variables", ODD(REQUEST "\1\5\0\1\0\0\0\0"), FCGI_IS_BROKEN, "", 0 },
	{ "a question for values", ODD("\1\11\0\0\0\20\0\0" "\016\0FCGI_MAX_CONNS"), FCGI_HAS_REPLY, ODD("\1\12\0\0\0\22\0\0" "\017\1FCGI_MPXS_CONNS0") },
	{ "an unknown type", ODD("\1\143\0\0\0\0\0\0"), FCGI_HAS_REPLY, ODD("\1\13\0\0\0\10\0\0" "\143\0\0\0\0\0\0\0") },
	{ "records of no request", ODD("\1\5\0\7\0\3\1\0abcp" "\1\4\0\7\0\0\0\0"), FCGI_NEEDS_DATA, "", 0 },
};

START_TEST(what_is_no_request_is_refused_or_skipped)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct fcgi_span data, room = { NULL, 0 };
		enum fcgi_event event;
		struct fcgi_reader r;

		sent.len = odd[i].len;
		memcpy(sent.text, odd[i].bytes, odd[i].len);
		data = (struct fcgi_span){ sent.text, sent.len };
		fcgi_reader_init(&r);
		event = fcgi_reader_take(&r, &data, &room);
		ck_assert_msg(event == odd[i].event, "%s: %d", odd[i].name, event);
		if (event == FCGI_HAS_REPLY)
			ck_assert_msg(r.reply_len == odd[i].reply_len && memcmp(r.reply, odd[i].reply, r.reply_len) == 0, "%s", odd[i].name);
		fcgi_reader_release(&r);
	}
}
END_TEST

/* A body may be read on by one who hasn't heard of it. */
START_TEST(what_is_broken_stays_broken)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct fcgi_span data = { sent.text, odd[i].len }, room = { scratch, sizeof(scratch) };
		struct fcgi_reader r;

		if (odd[i].event != FCGI_IS_BROKEN)
			continue;
		memset(sent.text, 0, sizeof(sent.text));
		memcpy(sent.text, odd[i].bytes, odd[i].len);
		fcgi_reader_init(&r);
		ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_IS_BROKEN);
		for (int n = 0; n < 3; n++) {
			data = (struct fcgi_span){ sent.text, 300 };
			ck_assert_msg(fcgi_reader_take(&r, &data, &room) == FCGI_IS_BROKEN && data.len == 300, "%s", odd[i].name);
		}
		fcgi_reader_release(&r);
	}
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
} bad_variables[] = {
	{ ODD("\1") }, { ODD("\1\5A1") }, { ODD("\377\377\377\377\1A") }, { ODD("\1\377\377\377\377A") }, { ODD("\200\0") },
	{ ODD("\2\1A\0001") }, { ODD("\1\2A1\0") }, { ODD("\1\1A1\1") }
};

START_TEST(variables_that_cannot_be_read_end_the_connection)
{
	for (size_t i = 0; i < sizeof(bad_variables) / sizeof(bad_variables[0]); i++) {
		struct fcgi_span data, room = { NULL, 0 };
		struct fcgi_reader r;

		sent.len = 0;
		add_begin(&sent, 1, false);
		add_record(&sent, FCGI_PARAMS, 1, bad_variables[i].bytes, bad_variables[i].len, 0);
		add_record(&sent, FCGI_PARAMS, 1, NULL, 0, 0);
		data = (struct fcgi_span){ sent.text, sent.len };
		fcgi_reader_init(&r);
		ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_HAS_VARIABLES);
		ck_assert_msg(!fcgi_reader_variables(&r), "row %zu", i);
		fcgi_reader_release(&r);
	}
}
END_TEST

START_TEST(variables_are_limited_in_bytes_and_number)
{
	static char content[60000];
	struct fcgi_span data, room = { NULL, 0 };
	struct fcgi_reader r;

	sent.len = 0;
	add_begin(&sent, 1, false);
	for (int i = 0; i < 3; i++)
		add_record(&sent, FCGI_PARAMS, 1, content, sizeof(content), 0);
	data = (struct fcgi_span){ sent.text, sent.len };
	fcgi_reader_init(&r);
	ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_IS_BROKEN);
	fcgi_reader_release(&r);

	for (int n = FCGI_VARIABLES_MAX; n <= FCGI_VARIABLES_MAX + 1; n++) {
		for (int i = 0; i < n; i++)
			memcpy(content + 4 * i, "\1\1A1", 4);
		sent.len = 0;
		add_begin(&sent, 1, false);
		add_record(&sent, FCGI_PARAMS, 1, content, 4 * (size_t)n, 0);
		add_record(&sent, FCGI_PARAMS, 1, NULL, 0, 0);
		data = (struct fcgi_span){ sent.text, sent.len };
		fcgi_reader_init(&r);
		ck_assert_int_eq(fcgi_reader_take(&r, &data, &room), FCGI_HAS_VARIABLES);
		ck_assert_msg(!fcgi_reader_variables(&r) == (n > FCGI_VARIABLES_MAX), "%d variables", n);
		fcgi_reader_release(&r);
	}
}
END_TEST

/* ---- connections ---- */

static int peer;
static struct connections all;

static struct connection *connect_peer(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	peer = fds[0];
	all = (struct connections){ .max = 10 };
	return connection_new(fds[1], &all);
}

static void end_peer(struct connection *c)
{
	connection_free(&c);
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
		ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_WAITS);
		ck_assert_int_eq(connection_has_begun(c), at > 0);
		send_bytes(&sent, at, at + 999 < sent.len ? at + 999 : sent.len);
	}
	ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
	check_variables(c->envp);
	ck_assert(c->reader.body_ended);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), sizeof(body));
	ck_assert_mem_eq(got, body, sizeof(body));
	end_peer(c);
}
END_TEST

START_TEST(a_long_body_is_not_gathered)
{
	static char body[CONNECTION_BODY_MAX + 1];
	struct connection *c = connect_peer();

	sent.len = 0;
	add_request(&sent, 1, true, body, sizeof(body));
	send_bytes(&sent, 0, sent.len - 100);
	ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
	ck_assert(!c->reader.body_ended);
	ck_assert_uint_eq(c->body.len, 0);
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
	ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
	ck_assert_uint_eq(c->body.len, 60);
	ck_assert_uint_eq(c->in.read(&c->in, got, sizeof(got)), sizeof(body));
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
		ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
		check_variables(c->envp);
		answer(c, "answer");
		ck_assert_int_eq(connection_next(c), i < 2);
		n = recv(peer, got, sizeof(got), 0);
		ck_assert_msg(n >= 38 && memcmp(got + 8, "answer", 6) == 0 && got[3] == i + 1, "request %d: %zd bytes", i, n);
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
	ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
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
	ck_assert_int_eq(connection_receive(c, scratch), CONNECTION_READY);
	ck_assert(!c->in.gone(&c->in));
	shutdown(peer, SHUT_WR);
	ck_assert_msg(!c->in.gone(&c->in), "it may still read the answer");
	close(peer);
	ck_assert(c->in.gone(&c->in));
	connection_free(&c);
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
	/* the one whose turn it is has its place, whoever else comes before it takes it */
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
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events" }, true },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events?atomic=true", "HTTP_AUTHORIZATION=Bearer secret" }, true },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events", "HTTP_AUTHORIZATION=Basic c2VjcmV0Og==" }, true },      /* secret: */
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events", "HTTP_AUTHORIZATION=Basic YWRhOnBhc3N3b3Jk" }, false },  /* ada:password */
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/events", "HTTP_CONTENT_ENCODING=gzip" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/events" }, false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/healthz" }, false },
	{ { "REQUEST_METHOD=POST", "REQUEST_URI=/healthz", "HTTP_X_HTTP_METHOD_OVERRIDE=GET" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/healthzz" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/health" }, false },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/overview.html" }, false },
	{ { "REQUEST_URI=/healthz" }, false },
	{ { NULL }, false },
};

START_TEST(light_requests_are_health_and_plain_events)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		ck_assert_msg(handle_is_light(ops, (char *const *)requests[i].variables) == requests[i].light, "row %zu: %s", i,
			      requests[i].variables[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fcgi");
	TCase *t = tcase_create("fcgi");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_test(t, requests_are_read_in_pieces_of_any_size);
	tcase_add_test(t, a_body_is_read_only_as_far_as_there_is_room);
	tcase_add_test(t, what_is_no_request_is_refused_or_skipped);
	tcase_add_test(t, what_is_broken_stays_broken);
	tcase_add_test(t, variables_that_cannot_be_read_end_the_connection);
	tcase_add_test(t, variables_are_limited_in_bytes_and_number);
	tcase_add_test(t, a_short_request_is_gathered_without_waiting);
	tcase_add_test(t, a_long_body_is_not_gathered);
	tcase_add_test(t, a_body_longer_than_announced_is_not_gathered);
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
