#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/banned.h"

/* The environment variable NAME as a number; 0 if it is not set. */
static int64_t number(const char *name)
{
	const char *text = getenv(name);
	int64_t n = 0;

	if (!text || decimal_parse(text, strlen(text), 0, INT64_MAX, &n) != DECIMAL_OK || n < 0)
		return 0;
	return n;
}

/* "@name" is an abstract socket, in no file system. */
static int connect_to(const char *path, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(addr.sun_path))
		return error_set(
			err, ERR_PARAM, "NOTIFY_SOCKET",
			"NOTIFY_SOCKET must be an absolute path or @name, of fewer than %zu bytes",
			sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_system(err, "NOTIFY_SOCKET", errno);
	if (connect(fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		error_system(err, "NOTIFY_SOCKET", errno);
		close(fd);
		return -1;
	}
	return fd;
}

int notify_open(struct notify *n, struct error *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int64_t pid = number("WATCHDOG_PID");

	*n = (struct notify) { .fd = -1 };
	if (!path || !*path)
		return 0;
	n->fd = connect_to(path, err);
	if (n->fd < 0)
		return -1;
	if (pid == 0 || pid == getpid())
		n->watchdog_us = number("WATCHDOG_USEC");
	return 0;
}

void notify_tell(const struct notify *n, const char *text)
{
	ssize_t rc;

	if (n->fd < 0)
		return;
	do
		rc = send(n->fd, text, strlen(text), MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
