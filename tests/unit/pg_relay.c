#include "pg_relay.h"

#include <glib.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/banned.h"

struct pg_relay {
	int listener;
	struct sockaddr_un server;
	pthread_mutex_t lock;
	enum relay_direction direction;
	int left; /* messages to pass until the cut; 0: no cut */
	bool cut;
	struct link *links;
};

/* A connection: a thread for each direction. */
struct link {
	struct pg_relay *relay;
	int fd[RELAY_DIRECTIONS]; /* where the messages of a direction go to */
	int users;
	struct link *next;
};

/* Where the bytes of a direction stand in its messages. */
struct message {
	bool typed; /* the first one of a client has no type */
	unsigned char head[5];
	size_t have; /* of the head */
	uint32_t left;
};

/* Takes a byte. Is it the last one of a message? */
static bool take_byte(struct message *m, unsigned char byte)
{
	const size_t size = m->typed ? 5 : 4;

	if (m->have < size) {
		m->head[m->have++] = byte;
		if (m->have < size)
			return false;
		for (size_t i = size - 4; i < size; i++)
			m->left = m->left << 8 | m->head[i];
		m->left -= 4; /* the length counts itself */
	} else {
		m->left--;
	}
	if (m->left)
		return false;
	*m = (struct message) { .typed = true };
	return true;
}

/* Counts a message. Is it the one after which the connection is cut? */
static bool count_message(struct pg_relay *r, enum relay_direction direction)
{
	bool cut = false;

	pthread_mutex_lock(&r->lock);
	if (r->left && r->direction == direction)
		cut = --r->left == 0;
	r->cut = r->cut || cut;
	pthread_mutex_unlock(&r->lock);
	return cut;
}

static bool pass(int fd, const unsigned char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		n -= (size_t)sent;
	}
	return true;
}

static void cut_link(const struct link *l)
{
	for (int i = 0; i < RELAY_DIRECTIONS; i++)
		shutdown(l->fd[i], SHUT_RDWR);
}

static void release(struct link *l)
{
	struct pg_relay *r = l->relay;

	cut_link(l);
	pthread_mutex_lock(&r->lock);
	if (--l->users == 0) {
		struct link **at = &r->links;

		while (*at != l)
			at = &(*at)->next;
		*at = l->next;
		close(l->fd[RELAY_TO_SERVER]);
		close(l->fd[RELAY_TO_CLIENT]);
		g_free(l);
	}
	pthread_mutex_unlock(&r->lock);
}

static void pump(struct link *l, enum relay_direction direction)
{
	enum { BYTES = 1 << 16 };
	unsigned char *bytes = g_malloc(BYTES);
	struct message m = { .typed = direction == RELAY_TO_CLIENT };
	bool cut = false;
	ssize_t n;

	while (!cut && (n = recv(l->fd[!direction], bytes, BYTES, 0)) > 0) {
		size_t at = 0;

		while (!cut && at < (size_t)n)
			cut = take_byte(&m, bytes[at++]) && count_message(l->relay, direction);
		if (!pass(l->fd[direction], bytes, at))
			break;
	}
	g_free(bytes);
	release(l);
}

static void *pump_to_server(void *l)
{
	pump(l, RELAY_TO_SERVER);
	return NULL;
}

static void *pump_to_client(void *l)
{
	pump(l, RELAY_TO_CLIENT);
	return NULL;
}

static void join(struct pg_relay *r, int client)
{
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct link *l;

	if (connect(server, (struct sockaddr *)&r->server, sizeof(r->server)) < 0) {
		close(server);
		close(client);
		return;
	}
	l = g_new0(struct link, 1);
	*l = (struct link) { .relay = r, .fd = { server, client }, .users = 2 };
	pthread_mutex_lock(&r->lock);
	l->next = r->links;
	r->links = l;
	pthread_mutex_unlock(&r->lock);
	g_thread_unref(g_thread_new("to server", pump_to_server, l));
	g_thread_unref(g_thread_new("to client", pump_to_client, l));
}

static void *serve(void *relay)
{
	struct pg_relay *r = relay;
	int client;

	while ((client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		join(r, client);
	return NULL;
}

struct pg_relay *relay_start(const char *folder, int port, const char *server)
{
	struct pg_relay *r = g_new0(struct pg_relay, 1);
	struct sockaddr_un own = { .sun_family = AF_UNIX };

	r->server.sun_family = AF_UNIX;
	g_strlcpy(r->server.sun_path, server, sizeof(r->server.sun_path));
	snprintf(own.sun_path, sizeof(own.sun_path), "%s/.s.PGSQL.%d", folder, port);
	pthread_mutex_init(&r->lock, NULL);
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (access(server, F_OK) < 0 || r->listener < 0 ||
	    bind(r->listener, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    listen(r->listener, 20) < 0) {
		close(r->listener);
		g_free(r);
		return NULL;
	}
	g_thread_unref(g_thread_new("relay", serve, r));
	return r;
}

void relay_arm(struct pg_relay *r, enum relay_direction direction, int n, bool fresh)
{
	pthread_mutex_lock(&r->lock);
	r->direction = direction;
	r->left = n;
	r->cut = false;
	for (const struct link *l = r->links; fresh && l; l = l->next)
		cut_link(l);
	pthread_mutex_unlock(&r->lock);
}

bool relay_disarm(struct pg_relay *r)
{
	bool cut;

	pthread_mutex_lock(&r->lock);
	r->left = 0;
	cut = r->cut;
	pthread_mutex_unlock(&r->lock);
	return cut;
}
