/*
 * post.c - sends usage events over HTTP as fast as they are taken, each with an
 * identity of its own, and prints how many requests and events a second that
 * were. Any answer but 200 fails the run.
 *
 *   post PORT PATH TOKEN CONNECTIONS RECORDS SECONDS RUN ACCOUNT
 *
 * RECORDS a request, as CSV; RUN is a word that no other run uses for its
 * identities. ACCOUNT is the SID of one, or the name of a shape (shapes.h) whose
 * accounts, categories and customers take turns.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/shapes.h"

#define CONNECTIONS_MAX 256
#define ID_DIGITS       10
#define SOURCES         4 /* as many as the events to import have; their ids grow with time likewise */
#define CUSTOMER_DIGITS 3
#define A_PRIME         7919                /* so that neighbours have different accounts */
#define FIRST_SECOND    INT64_C(1735689600) /* 2025-01-01T00:00:00Z */

static struct {
	int port, records, connections;
	double seconds;
	const char *path, *token, *run, *account;
	const struct shape *shape;
} o;

static atomic_bool over;
static atomic_llong answered;
static atomic_llong numbered; /* identities given out */

/* Where the parts of a record stand that each request has anew. */
struct record {
	char *id, *subject, *customer;
};

struct client {
	pthread_t thread;
	int number, fd;
	char *request;
	size_t len;
	struct record *records;
};

static void fail(const char *what)
{
	fprintf(stderr, "post: %s\n", what);
	exit(1);
}

/* Writes record I of the client's request at TO. Returns its end. */
static char *make_record(struct client *c, int i, char *to)
{
	struct record *r = &c->records[i];
	time_t when = FIRST_SECOND + (time_t)i * 7;
	char time_text[32];
	struct tm tm;

	strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
	to += sprintf(to, "/%s/%d,", o.run, c->number % SOURCES);
	r->id = to;
	to += sprintf(to, "%0*d,", ID_DIGITS, 0);
	r->subject = to;
	to += sprintf(to, "%s,%s,%s,1,%d.%d,0.%04d,", o.account, time_text,
		      shape_category((c->number + i) % o.shape->categories), i % 60, i % 10,
		      i % 10000);
	if (o.shape->customers) {
		r->customer = to + strlen("customer-");
		to += sprintf(to, "customer-%0*d", CUSTOMER_DIGITS, 0);
	}
	*to++ = '\n';
	return to;
}

static void make_request(struct client *c)
{
	size_t size = 4096 + (size_t)o.records * 256;
	char *body = malloc(size), *end = body;
	int head;

	c->request = malloc(size + 1024);
	c->records = calloc((size_t)o.records, sizeof(*c->records));
	if (!body || !c->request || !c->records)
		fail("out of memory");
	end += sprintf(end, "source,id,subject,time,category,count,usage,price,customer\n");
	for (int i = 0; i < o.records; i++)
		end = make_record(c, i, end);
	head = sprintf(c->request,
		       "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
		       "%s\r\nContent-Type: text/csv\r\n"
		       "Content-Length: %zu\r\n\r\n",
		       o.path, o.token, (size_t)(end - body));
	memcpy(c->request + head, body, (size_t)(end - body));
	c->len = (size_t)head + (size_t)(end - body);
	for (int i = 0; i < o.records; i++) {
		struct record *r = &c->records[i];

		r->id = c->request + head + (r->id - body);
		r->subject = c->request + head + (r->subject - body);
		if (r->customer)
			r->customer = c->request + head + (r->customer - body);
	}
	free(body);
}

static void write_digits(char *to, int digits, int64_t n)
{
	for (int d = digits - 1; d >= 0; d--, n /= 10)
		to[d] = (char)('0' + n % 10);
}

static void renew_records(const struct client *c, int64_t first)
{
	char sid[SHAPE_SID];

	for (int i = 0; i < o.records; i++) {
		const struct record *r = &c->records[i];
		int64_t n = first + i;

		write_digits(r->id, ID_DIGITS, n);
		if (o.shape->accounts > 1) {
			shape_account((int)(n * A_PRIME % o.shape->accounts), sid);
			memcpy(r->subject, sid, SHAPE_SID - 1);
		}
		if (r->customer)
			write_digits(r->customer, CUSTOMER_DIGITS,
				     n / o.shape->accounts % o.shape->customers);
	}
}

static void connect_client(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)o.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
		fail("can't connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void send_request(const struct client *c)
{
	for (size_t at = 0; at < c->len;) {
		ssize_t n = send(c->fd, c->request + at, c->len - at, MSG_NOSIGNAL);

		if (n <= 0)
			fail("the connection broke while sending");
		at += (size_t)n;
	}
}

/* Reads one answer: its length is given, or it comes in chunks. */
static void read_answer(const struct client *c)
{
	char buf[65536], *body = NULL;
	size_t len = 0, left = 0;
	bool chunked = false;

	while (!body) {
		ssize_t n = recv(c->fd, buf + len, sizeof buf - 1 - len, 0);
		const char *length;

		if (n <= 0)
			fail("the connection broke while reading");
		len += (size_t)n;
		buf[len] = '\0';
		body = strstr(buf, "\r\n\r\n");
		if (!body)
			continue;
		body += 4;
		if (strncmp(buf, "HTTP/1.1 200", 12) != 0)
			fail(buf);
		length = strstr(buf, "Content-Length: ");
		chunked = !length || length > body;
		left = chunked ? 0 : strtoul(length + 16, NULL, 10) - (len - (size_t)(body - buf));
	}
	while (left) {
		ssize_t n = recv(c->fd, buf, left < sizeof buf ? left : sizeof buf, 0);

		if (n <= 0)
			fail("the connection broke in an answer");
		left -= (size_t)n;
	}
	while (chunked && (len < 5 || memcmp(buf + len - 5, "0\r\n\r\n", 5) != 0)) {
		ssize_t n;

		if (len > 5) { /* the end is enough */
			memmove(buf, buf + len - 5, 5);
			len = 5;
		}
		n = recv(c->fd, buf + len, sizeof buf - 1 - len, 0);
		if (n <= 0)
			fail("the connection broke in a chunk");
		len += (size_t)n;
	}
}

static void *run_client(void *arg)
{
	struct client *c = arg;

	while (!atomic_load(&over)) {
		renew_records(c, atomic_fetch_add(&numbered, o.records));
		send_request(c);
		read_answer(c);
		if (!atomic_load(&over))
			atomic_fetch_add(&answered, 1);
	}
	close(c->fd);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static const struct shape one_account = { .accounts = 1, .categories = 2 };
	static struct client clients[CONNECTIONS_MAX];
	char first_account[SHAPE_SID];
	double began, took;
	long long n;

	if (argc != 9) {
		fputs("post PORT PATH TOKEN CONNECTIONS RECORDS SECONDS RUN ACCOUNT\n", stderr);
		return 2;
	}
	o.port = (int)strtol(argv[1], NULL, 10);
	o.path = argv[2];
	o.token = argv[3];
	o.connections = (int)strtol(argv[4], NULL, 10);
	o.records = (int)strtol(argv[5], NULL, 10);
	o.seconds = strtod(argv[6], NULL);
	o.run = argv[7];
	o.account = argv[8];
	o.shape = shape_find(o.account);
	if (o.shape) {
		shape_account(0, first_account);
		o.account = first_account;
	} else {
		o.shape = &one_account;
	}
	if (o.connections < 1 || o.connections > CONNECTIONS_MAX || o.records < 1 || o.seconds <= 0)
		fail("a number is out of its range");
	for (int i = 0; i < o.connections; i++) {
		clients[i].number = i;
		make_request(&clients[i]);
		connect_client(&clients[i]);
	}
	began = now();
	for (int i = 0; i < o.connections; i++)
		if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]) != 0)
			fail("no thread");
	usleep((useconds_t)(o.seconds * 1e6));
	atomic_store(&over, true);
	n = atomic_load(&answered);
	took = now() - began;
	for (int i = 0; i < o.connections; i++)
		pthread_join(clients[i].thread, NULL);
	printf("%.0f %.0f\n", (double)n / took, (double)n * o.records / took);
	return 0;
}
