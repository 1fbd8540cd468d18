#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"

/*
 * The limit of connections not yet accepted. The reception accepts at once, so
 * few suffice.
 */
enum { UNACCEPTED_MAX = 511 };

/*
 * Removes a socket that no server listens on. -1: a server listens, or the file
 * is not a socket.
 */
static int remove_stale(const char *path, const struct sockaddr_un *addr, struct error *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_system(err, path, errno);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERR_PARAM, "server.socket", "%s exists and is no socket",
				 path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(err, "Can't make a socket", errno);
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	close(fd);
	if (rc == 0)
		return error_set(err, ERR_CONFLICT, "server.socket", "Another server answers on %s",
				 path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_system(err, path, errno);
	return 0;
}

/* Makes the socket. */
static int open_own(const struct settings *settings, int *ret_fd, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = settings->socket;
	mode_t mode = (mode_t)strtol(settings->socket_mode, NULL, 8), old;
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_PARAM, "server.socket", "must have fewer than %zu bytes",
				 sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (remove_stale(path, &addr, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(err, "Can't make a socket", errno);
	old = umask(0777 & ~mode);
	rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(old);
	if (rc < 0 || listen(fd, UNACCEPTED_MAX) < 0) {
		error_system(err, path, errno);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

/* Takes descriptor 0, which must be a listening socket. */
static int take_inherited(struct error *err)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens)
		return error_set(err, ERR_PARAM, "server.socket",
				 "is empty, but standard input is no listening socket");
	return 0;
}

int listener_open(const struct settings *settings, struct listener *ret, struct error *err)
{
	struct listener l = { .fd = STDIN_FILENO, .own = settings->socket[0] != '\0' };

	if ((l.own ? open_own(settings, &l.fd, err) : take_inherited(err)) < 0)
		return -1;
	if (fcntl(l.fd, F_SETFL, fcntl(l.fd, F_GETFL) | O_NONBLOCK) < 0) {
		error_system(err, "Can't use the socket", errno);
		listener_close(&l);
		return -1;
	}
	*ret = l;
	return 0;
}

void listener_end(const struct listener *l, const struct settings *settings)
{
	if (!l->own)
		return;
	unlink(settings->socket);
	shutdown(l->fd, SHUT_RDWR);
}

void listener_close(struct listener *l)
{
	close(l->fd);
	l->fd = -1;
}
