/*
 * notify_tests.c - signatures of callbacks, when they are sent again, and what
 * the sender refuses.
 */
#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/civil.h"
#include "notify/retry.h"
#include "notify/sender.h"
#include "base/signature.h"
#include "suite.h"
#include "base/banned.h"

#define MADE_US INT64_C(1795258800000000)
#define HOUR_US (3600 * USEC_PER_SEC)

/* ---- signatures ---- */

START_TEST(signature_is_that_of_twilio)
{
	static const struct {
		const char *url, *form, *want;
	} rows[] = {
		/* contracts: twilio B.3, made with twilio-node */
		{ "https://example.com/cb?x=1",
		  "TriggerBy=price&Recurring=&CurrentValue=60.52&AccountSid="
		  "ACaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaa",
		  "JWmhKc3iWkloHveJVm/Y4tJfHic=" },
		{ "https://example.com/cb?x=1",
		  "AccountSid=ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&CurrentValue=60.52&Recurring=&"
		  "TriggerBy=price&TriggerBy=price",
		  "JWmhKc3iWkloHveJVm/Y4tJfHic=" },
	};
	char found[SIGNATURE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%zu", i);
		signature_make("12345", rows[i].url, rows[i].form, found);
		ck_assert_str_eq(found, rows[i].want);
	}
}
END_TEST

START_TEST(signature_is_of_decoded_parameters_and_of_the_url_alone_with_get)
{
	char a[SIGNATURE_TEXT], b[SIGNATURE_TEXT];

	signature_make("12345", "https://example.com/cb", "A=x+y&B=%2B", a);
	signature_make("12345", "https://example.com/cb", "B=%2b&A=x%20y", b);
	ck_assert_str_eq(a, b);
	signature_make("12345", "https://example.com/cb", NULL, a);
	signature_make("12345", "https://example.com/cb", "", b);
	ck_assert_str_eq(a, b);
	signature_make("12346", "https://example.com/cb", NULL, b);
	ck_assert_str_ne(a, b);
}
END_TEST

/* ---- retries ---- */

START_TEST(answer_of_2xx_ends_the_delivery)
{
	for (int64_t status = 200; status < 300; status += 33) {
		struct notice n = { .made_us = MADE_US };

		retry_note(&n, &(struct outcome) { .status = status }, MADE_US);
		ck_assert_int_eq(n.state, NOTICE_DELIVERED);
		ck_assert_int_eq(n.attempts, 1);
	}
}
END_TEST

START_TEST(answers_of_5xx_are_retried_quickly_three_times_and_then_for_24_hours)
{
	static const int64_t want_sec[] = { 1,   2,    4,    60,   120,   240,   480,
					    960, 1920, 3840, 7680, 14400, 14400, 14400 };
	struct notice n = { .made_us = MADE_US };
	int64_t now_us = MADE_US;

	for (size_t i = 0; i < ARRAY_SIZE(want_sec); i++) {
		ROW("attempt %zu", i + 1);
		retry_note(&n, &(struct outcome) { .status = 503 }, now_us);
		ck_assert_int_eq(n.state, NOTICE_WAITING);
		ck_assert_int_eq(n.next_us - now_us, want_sec[i] * USEC_PER_SEC);
		now_us = n.next_us;
	}
	ck_assert_int_gt(now_us, MADE_US + 15 * HOUR_US);
	while (n.state == NOTICE_WAITING) {
		now_us = n.next_us;
		retry_note(&n, &(struct outcome) { .status = 503 }, now_us);
		ck_assert_int_le(now_us, MADE_US + 24 * HOUR_US);
	}
	ck_assert_int_eq(n.state, NOTICE_FAILED);
	ck_assert_int_gt(now_us, MADE_US + 20 * HOUR_US);
}
END_TEST

START_TEST(other_failures_are_retried_after_a_minute_and_then_pauses_that_double)
{
	static const int64_t statuses[] = { 0, 301, 404, 429 },
			     pauses_sec[] = { 60, 120, 240, 480 };
	const int64_t took_us = 15 * USEC_PER_SEC; /* each attempt */

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct notice n = { .made_us = MADE_US, .next_us = MADE_US };

		for (size_t j = 0; j < ARRAY_SIZE(pauses_sec); j++) {
			int64_t now_us = n.next_us + took_us;

			ROW("status %d, attempt %zu", (int)statuses[i], j + 1);
			retry_note(&n, &(struct outcome) { .status = statuses[i] }, now_us);
			ck_assert_int_eq(n.state, NOTICE_WAITING);
			ck_assert_int_eq(n.next_us - now_us, pauses_sec[j] * USEC_PER_SEC);
		}
	}
}
END_TEST

START_TEST(pauses_stay_short_after_the_server_was_away)
{
	struct notice n = { .made_us = MADE_US, .next_us = MADE_US };

	retry_note(&n, &(struct outcome) { .status = 0 }, MADE_US + 5 * HOUR_US);
	ck_assert_int_eq(n.next_us, MADE_US + 5 * HOUR_US + 60 * USEC_PER_SEC);
}
END_TEST

START_TEST(receiver_that_is_gone_or_forbidden_is_given_up)
{
	static const struct outcome rows[] = { { .status = 410 }, { .forbidden = true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct notice n = { .made_us = MADE_US };

		retry_note(&n, &rows[i], MADE_US);
		ck_assert_int_eq(n.state, NOTICE_FAILED);
	}
}
END_TEST

/* ---- the sender ---- */

static struct networks none, local;
static const char *const *answer; /* parts of the server's answer; ends with NULL */
static char received[4096];
static int port;

/* Answers one connection. */
static void *serve(void *arg)
{
	int listening = *(int *)arg, fd = accept(listening, NULL, NULL);
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(received) - 1 &&
	       (n = recv(fd, received + len, sizeof(received) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		received[len] = '\0';
		if (strstr(received, "\r\n\r\n") &&
		    (received[0] == 'G' || strstr(received, "IdempotencyToken=x")))
			break;
	}
	for (const char *const *part = answer; *part; part++)
		if (send(fd, *part, strlen(*part), MSG_NOSIGNAL) < 0)
			break;
	close(fd);
	return NULL;
}

static const char *path = "/cb"; /* of the URL, with its query */

static struct sent send_to(const struct networks *allowed, const char *host, const char *method)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct sender *s;
	struct sent sent = { 0 };
	struct error err = { 0 };
	pthread_t thread;
	char url[100];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(received, 0, sizeof(received));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	port = ntohs(a.sin_port);
	if (allowed->n)
		ck_assert_int_eq(pthread_create(&thread, NULL, serve, &fd), 0);
	snprintf(url, sizeof(url), "http://%s:%d%s", host, port, path);
	ck_assert_int_eq(sender_new(allowed, "", &s, &err), 0);
	ck_assert_int_eq(sender_begin(s,
				      &(struct sending) { .url = url,
							  .method = method,
							  .form = "IdempotencyToken=x",
							  .signature = "sig",
							  .arg = &sent },
				      &err),
			 0);
	while (!sender_take(s, &sent))
		sender_work(s, 1000);
	ck_assert_uint_eq(sender_active(s), 0);
	sender_free(&s);
	close(fd);
	if (allowed->n)
		pthread_join(thread, NULL);
	return sent;
}

static void setup_sender(void)
{
	struct error err = { 0 };

	ck_assert_int_eq(sender_init(&err), 0);
	ck_assert(networks_parse("127.0.0.0/8 ::1", &local));
}

START_TEST(addresses_that_are_not_public_are_not_connected)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost",
					     "[::1]",     "[::ffff:127.0.0.1]",
					     "0.0.0.0",   "127.1",
					     "0x7f.1",    "2130706433" };

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct sent sent;

		ROW("%s", hosts[i]);
		sent = send_to(&none, hosts[i], "POST");
		ck_assert_int_eq(sent.status, 0);
		ck_assert(sent.forbidden);
		ck_assert_ptr_nonnull(strstr(sent.error, "not public"));
	}
}
END_TEST

START_TEST(request_has_form_and_signature)
{
	static const char *const ok[] = { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine\n",
					  NULL };
	struct sent sent;

	answer = ok;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.status, 200);
	ck_assert_str_eq(sent.answer, "fine ");
	ck_assert_str_eq(sent.error, "");
	ck_assert_ptr_nonnull(strstr(received, "POST /cb HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(received, "X-Twilio-Signature: sig\r\n"));
	ck_assert_ptr_nonnull(
		strstr(received, "Content-Type: application/x-www-form-urlencoded\r\n"));
	sent = send_to(&local, "127.0.0.1", "GET");
	ck_assert_int_eq(sent.status, 200);
	ck_assert_ptr_nonnull(strstr(received, "GET /cb?IdempotencyToken=x HTTP/1.1\r\n"));
}
END_TEST

START_TEST(receiver_gets_the_url_that_is_signed)
{
	static const char *const ok[] = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL };
	static const struct {
		const char *path, *post, *get;
	} rows[] = {
		{ "", "/", "/?IdempotencyToken=x" },
		{ "?a=/../b", "/?a=/../b", "/?a=/../b&IdempotencyToken=x" },
		{ "/", "/", "/?IdempotencyToken=x" },
		{ "/a/../b/./c", "/b/c", "/b/c?IdempotencyToken=x" },
		{ "/a/%2e%2E/b/.%2e/%2ec%2e?%2e", "/.c.?%2e", "/.c.?%2e&IdempotencyToken=x" },
		{ "/../..", "/", "/?IdempotencyToken=x" },
		{ "//a//?", "//a//", "//a//?IdempotencyToken=x" },
		{ "/%41%2f?%20", "/%41%2f?%20", "/%41%2f?%20&IdempotencyToken=x" },
		{ "/A'(b)?C='d'", "/A'(b)?C=%27d%27", "/A'(b)?C=%27d%27&IdempotencyToken=x" },
	};
	char line[200], url[200];
	struct arena arena;

	answer = ok;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i].path);
		snprintf(url, sizeof(url), "http://h:81%s", rows[i].path);
		path = rows[i].path;
		send_to(&local, "127.0.0.1", "POST");
		snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n", rows[i].post);
		ck_assert_ptr_nonnull(strstr(received, line));
		snprintf(line, sizeof(line), "http://h:81%s", rows[i].post);
		ck_assert_str_eq(sender_url(&arena, url, "POST", "IdempotencyToken=x"), line);
		send_to(&local, "127.0.0.1", "GET");
		snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", rows[i].get);
		ck_assert_ptr_nonnull(strstr(received, line));
		snprintf(line, sizeof(line), "http://h:81%s", rows[i].get);
		ck_assert_str_eq(sender_url(&arena, url, "GET", "IdempotencyToken=x"), line);
	}
	path = "/cb";
	arena_release(&arena);
}
END_TEST

START_TEST(url_is_written_as_the_libraries_of_twilio_write_it)
{
	static const char *const rows[][2] = {
		{ "HTTPS://Example.COM/A?B", "https://example.com/A?B" },
		{ "https://EXAMPLE.com", "https://example.com/" },
		{ "https://example.com:443/a", "https://example.com/a" },
		{ "https://example.com:/a", "https://example.com/a" },
		{ "http://example.com:080/a", "http://example.com/a" },
		{ "http://example.com:08443/a", "http://example.com:8443/a" },
		{ "https://%65xample.com/", "https://example.com/" },
		{ "http://0x7f.1/a", "http://127.0.0.1/a" },
		{ "http://2130706433/a", "http://127.0.0.1/a" },
		{ "http://[2001:DB8:0:0:0:0:0:1]/a", "http://[2001:db8::1]/a" },
		{ "nothing", "nothing" },
	};
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i][0]);
		ck_assert_str_eq(sender_url(&arena, rows[i][0], "POST", "x"), rows[i][1]);
	}
	arena_release(&arena);
}
END_TEST

START_TEST(redirects_are_not_followed)
{
	static const char *const moved[] = {
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		NULL
	};
	struct sent sent;

	answer = moved;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.status, 302);
}
END_TEST

START_TEST(long_answer_is_cut_off)
{
	static char body[20001];
	static const char *parts[600] = { "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" };
	static const char *headers[600] = { "HTTP/1.1 200 OK\r\n" };
	static char line[1001];
	struct sent sent;

	memset(body, 'a', sizeof(body) - 1);
	for (int i = 1; i < 500; i++)
		parts[i] = body;
	answer = parts;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.status, 200);
	ck_assert_uint_eq(strlen(sent.answer), SENDER_KEPT_MAX);
	memset(line, 'a', sizeof(line) - 1);
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof(line) - 3, "\r\n", 2);
	for (int i = 1; i < 599; i++)
		headers[i] = line;
	answer = headers;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.took_us > 0, 1);
}
END_TEST

START_TEST(answer_that_is_no_http_is_an_error)
{
	static const char *const text[] = { "hello\r\n", NULL }, *const nothing[] = { NULL };
	struct sent sent;

	answer = text;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.status, 0);
	ck_assert_str_ne(sent.error, "");
	answer = nothing;
	sent = send_to(&local, "127.0.0.1", "POST");
	ck_assert_int_eq(sent.status, 0);
	ck_assert_str_ne(sent.error, "");
}
END_TEST

/* ---- names ---- */

#define SLOW_HOST   "slow.test"
#define MOVING_HOST "moving.test"

static int resolve_sec;           /* how long the resolver needs for SLOW_HOST */
static const char *moved_to = ""; /* the address of MOVING_HOST */

/* Takes the place of the system's resolver, for libcurl too. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	int (*of_system)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && strcmp(name, SLOW_HOST) == 0) {
		sleep((unsigned)resolve_sec);
		return EAI_AGAIN;
	}
	*(void **)&of_system = dlsym(RTLD_NEXT, "getaddrinfo");
	if (name && strcmp(name, MOVING_HOST) == 0)
		name = moved_to;
	return of_system(name, service, hints, ret);
}

START_TEST(name_that_is_not_resolved_holds_up_nobody)
{
	struct sender *s;
	struct sent sent = { 0 };
	struct error err = { 0 };
	int64_t longest_us = 0, begun_us;

	resolve_sec = 2 * SENDER_CONNECT_MS / 1000;
	ck_assert_int_eq(sender_new(&local, "", &s, &err), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(sender_begin(s,
					      &(struct sending) { .url = "http://" SLOW_HOST "/",
								  .method = "POST",
								  .form = "",
								  .signature = "sig",
								  .arg = &sent },
					      &err),
				 0);
	do {
		begun_us = monotonic_us();
		sender_work(s, 100);
		if (monotonic_us() - begun_us > longest_us)
			longest_us = monotonic_us() - begun_us;
	} while (!sender_take(s, &sent));
	ck_assert_int_eq(sent.status, 0);
	ck_assert_int_le(sent.took_us, (SENDER_CONNECT_MS + 2000) * 1000);
	ck_assert_int_le(longest_us, 2000000);
	/* nor does the end wait for the resolver */
	begun_us = monotonic_us();
	sender_free(&s);
	ck_assert_int_le(monotonic_us() - begun_us, 2000000);
}
END_TEST

/* Sends to MOVING_HOST, which has the address ADDRESS now; the port is closed. */
static struct sent send_while_at(struct sender *s, const char *address)
{
	struct sent sent = { 0 };

	moved_to = address;
	ck_assert_int_eq(sender_begin(s,
				      &(struct sending) { .url = "http://" MOVING_HOST ":1/",
							  .method = "POST",
							  .form = "",
							  .signature = "sig",
							  .arg = &sent },
				      NULL),
			 0);
	while (!sender_take(s, &sent))
		sender_work(s, 100);
	return sent;
}

START_TEST(name_is_allowed_or_not_by_the_address_that_it_has_at_each_attempt)
{
	static const struct {
		const char *address;
		bool forbidden;
	} rows[] = {
		{ "127.0.0.1", false }, { "127.0.0.2", true }, { "127.0.0.1", false },
		{ "::1", true },        { "10.1.2.3", true },  { "169.254.169.254", true },
	};
	struct networks one;
	struct sender *s;
	struct error err = { 0 };

	ck_assert(networks_parse("127.0.0.1", &one));
	ck_assert_int_eq(sender_new(&one, "", &s, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sent sent = send_while_at(s, rows[i].address);

		ROW("%s", rows[i].address);
		ck_assert_int_eq(sent.status, 0);
		ck_assert_int_eq(sent.forbidden, rows[i].forbidden);
	}
	sender_free(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notify");
	TCase *tc = tcase_create("notify"), *sending = tcase_create("sender");

	tcase_add_test(tc, signature_is_that_of_twilio);
	tcase_add_test(tc, signature_is_of_decoded_parameters_and_of_the_url_alone_with_get);
	tcase_add_test(tc, answer_of_2xx_ends_the_delivery);
	tcase_add_test(tc, answers_of_5xx_are_retried_quickly_three_times_and_then_for_24_hours);
	tcase_add_test(tc, other_failures_are_retried_after_a_minute_and_then_pauses_that_double);
	tcase_add_test(tc, pauses_stay_short_after_the_server_was_away);
	tcase_add_test(tc, receiver_that_is_gone_or_forbidden_is_given_up);
	tcase_set_timeout(sending, 60);
	tcase_add_checked_fixture(sending, setup_sender, NULL);
	tcase_add_test(sending, addresses_that_are_not_public_are_not_connected);
	tcase_add_test(sending, request_has_form_and_signature);
	tcase_add_test(sending, receiver_gets_the_url_that_is_signed);
	tcase_add_test(sending, url_is_written_as_the_libraries_of_twilio_write_it);
	tcase_add_test(sending, redirects_are_not_followed);
	tcase_add_test(sending, long_answer_is_cut_off);
	tcase_add_test(sending, answer_that_is_no_http_is_an_error);
	tcase_add_test(sending, name_that_is_not_resolved_holds_up_nobody);
	tcase_add_test(sending, name_is_allowed_or_not_by_the_address_that_it_has_at_each_attempt);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, sending);
	return run_suite(s);
}
