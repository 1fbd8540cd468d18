/*
 * post.c - sends usage events over HTTP as fast as they are taken, each with an
 * identity of its own, and prints how many requests and events a second that
 * were. Any answer but 200 fails the run.
 *
 *   post PORT PATH TOKEN CONNECTIONS RECORDS SECONDS RUN ACCOUNT_SID
 *
 * RECORDS a request, as CSV; RUN is a word that no other run uses for its
 * identities.
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

#define CONNECTIONS_MAX 256
#define ID_DIGITS       10
#define SOURCES         4 /* as many as the events to import have; their ids grow with time likewise */
#define FIRST_SECOND    INT64_C(1735689600) /* 2025-01-01T00:00:00Z */

static struct {
	int port, records, connections;
	double seconds;
	const char *path, *token, *run, *account;
} o;

static atomic_bool over;
static atomic_llong answered;
static atomic_llong numbered; /* identities given out */

struct client {
	pthread_t thread;
	int number, fd;
	char *request;
	size_t len;
	char **ids; /* where each record's number stands */
};

static void fail(const char *what)
{
	fprintf(stderr, "post: %s\n", what);
	exit(1);
}

static void make_request(struct client *c)
{
	size_t size = 4096 + (size_t)o.records * 256;
	char *body = malloc(size), *end = body;
	char time_text[32];
	int head;

	c->request = malloc(size + 1024);
	c->ids = calloc((size_t)o.records, sizeof(*c->ids));
	if (!body || !c->request || !c->ids)
		fail("out of memory");
	end += sprintf(end, "source,id,subject,time,category,count,usage,price\n");
	for (int i = 0; i < o.records; i++) {
		time_t when = FIRST_SECOND + (time_t)i * 7;
		struct tm tm;

		strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
		end += sprintf(end, "/%s/%d,", o.run, c->number % SOURCES);
		c->ids[i] = end;
		end += sprintf(end, "%0*d,%s,%s,%s,1,%d.%d,0.%04d\n", ID_DIGITS, 0, o.account,
			       time_text, i % 3 ? "calls-outbound" : "sms-outbound-longcode",
			       i % 60, i % 10, i % 10000);
	}
	head = sprintf(c->request,
		       "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
		       "%s\r\nContent-Type: text/csv\r\n"
		       "Content-Length: %zu\r\n\r\n",
		       o.path, o.token, (size_t)(end - body));
	memcpy(c->request + head, body, (size_t)(end - body));
	c->len = (size_t)head + (size_t)(end - body);
	for (int i = 0; i < o.records; i++)
		c->ids[i] = c->request + head + (c->ids[i] - body);
	free(body);
}

static void number_records(const struct client *c, int64_t first)
{
	for (int i = 0; i < o.records; i++) {
		int64_t n = first + i;

		for (int d = ID_DIGITS - 1; d >= 0; d--, n /= 10)
			c->ids[i][d] = (char)('0' + n % 10);
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
		number_records(c, atomic_fetch_add(&numbered, o.records));
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
	static struct client clients[CONNECTIONS_MAX];
	double began, took;
	long long n;

	if (argc != 9) {
		fputs("post PORT PATH TOKEN CONNECTIONS RECORDS SECONDS RUN ACCOUNT_SID\n", stderr);
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
