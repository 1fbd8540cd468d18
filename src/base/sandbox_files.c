/*
 * Files of the sandbox: Landlock. The C library has no functions for Landlock,
 * so this file makes the system calls directly.
 */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif
#include "base/banned.h"

#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_create_ruleset)

/* Names that the headers of older kernels lack. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

enum {
	TCP_BIND = 1 << 0,
	TCP_CONNECT = 1 << 1,
	SCOPE_ABSTRACT_SOCKETS = 1 << 0,
	SCOPE_SIGNALS = 1 << 1
};

/* struct landlock_ruleset_attr in its newest form. */
struct ruleset {
	uint64_t files, network, scoped;
};

/* All file rights of Landlock's first version; later versions add rights. */
#define FILES_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/*
 * The rights that Landlock of this VERSION can restrict. *RET_SIZE is the size
 * of its struct.
 */
static struct ruleset all_of(int version, size_t *ret_size)
{
	struct ruleset all = { .files = FILES_1 };

	all.files |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
	all.files |= version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0;
	all.files |= version >= 5 ? LANDLOCK_ACCESS_FS_IOCTL_DEV : 0;
	all.network = version >= 4 ? TCP_BIND | TCP_CONNECT : 0;
	all.scoped = version >= 6 ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0;
	*ret_size = version >= 6   ? sizeof(all)
		    : version >= 4 ? offsetof(struct ruleset, scoped)
				   : offsetof(struct ruleset, network);
	return all;
}

static uint64_t rights(enum sandbox_use use, bool folder)
{
	switch (use) {
	case SANDBOX_READ:
		return LANDLOCK_ACCESS_FS_READ_FILE | (folder ? LANDLOCK_ACCESS_FS_READ_DIR : 0);
	case SANDBOX_CHANGE:
		return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		       LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
		       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
	case SANDBOX_REMOVE:
		return LANDLOCK_ACCESS_FS_REMOVE_FILE;
	}
	return 0;
}

/* Allows access to the path P. */
static bool allow(int ruleset, uint64_t taken, const struct sandbox_path *p)
{
	struct landlock_path_beneath_attr rule;
	struct stat st;
	bool done = true;
	int fd = open(p->path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
	if (fstat(fd, &st) == 0) {
		rule.parent_fd = fd;
		rule.allowed_access = rights(p->use, S_ISDIR(st.st_mode)) & taken;
		done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
			       0) == 0;
	}
	close(fd);
	return done;
}

enum { RULE_NET_PORT = 2, PORT_OF_DNS = 53 };

/* struct landlock_net_port_attr, which older headers lack. */
struct port_rule {
	uint64_t access, port;
};

static bool allow_port(int ruleset, int port)
{
	const struct port_rule rule = { TCP_CONNECT, (uint64_t)port };

	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0;
}

/* Allows connections to the ports of NETWORK, if ALL limits ports. */
static bool allow_ports(int ruleset, const struct ruleset *all,
			const struct sandbox_network *network)
{
	bool done = true;

	if (!network || !network->tcp || !(all->network & TCP_CONNECT))
		return true;
	for (size_t i = 0; done && i < network->n_ports; i++)
		done = allow_port(ruleset, network->ports[i]);
	return done && allow_port(ruleset, PORT_OF_DNS);
}

bool sandbox_limit_files(const struct sandbox_path *paths, size_t n,
			 const struct sandbox_network *network, const char **ret_why)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
				   LANDLOCK_CREATE_RULESET_VERSION),
	    fd;
	const struct sandbox_path everything = { "/", SANDBOX_READ };
	struct ruleset all;
	size_t size;
	bool done;

	*ret_why = "this kernel has no Landlock";
	if (version < 1)
		return false;
	all = all_of(version, &size);
	if (network && network->tcp && !network->n_ports)
		all.network &= ~(uint64_t)TCP_CONNECT;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	done = fd >= 0;
	for (size_t i = 0; done && i < n; i++)
		done = allow(fd, all.files, &paths[i]);
	done = done && allow_ports(fd, &all, network);
	if (done && SANDBOX_SANITIZED)
		done = allow(fd, all.files, &everything);
	done = done && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	if (fd >= 0)
		close(fd);
	*ret_why = done ? "" : "the kernel refuses Landlock's rules";
	return done;
}

#else

bool sandbox_limit_files(const struct sandbox_path *paths, size_t n,
			 const struct sandbox_network *network, const char **ret_why)
{
	(void)paths;
	(void)n;
	(void)network;
	*ret_why = "built without Landlock";
	return false;
}

#endif
