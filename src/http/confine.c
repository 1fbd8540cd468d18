#include "http/confine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/zone.h"
#include "store/server.h"
#include "base/banned.h"

enum { PATHS_MAX = 48 };

struct paths {
	struct sandbox_path items[PATHS_MAX];
	char texts[PATHS_MAX][PATH_MAX];
	size_t n;
};

/* Adds PATH, unless it is empty. */
static void add(struct paths *p, const char *path, enum sandbox_use use)
{
	if (!*path)
		return;
	snprintf(p->texts[p->n], PATH_MAX, "%s", path);
	p->items[p->n] = (struct sandbox_path) { p->texts[p->n], use };
	p->n++;
}

/* Adds the folder of FILE; if FILE is a link, the folder of the target. */
static void add_folder_of(struct paths *p, const char *file, enum sandbox_use use)
{
	char *real = realpath(file, NULL), *slash;
	char folder[PATH_MAX];

	if (!*file)
		return;
	snprintf(folder, sizeof(folder), "%s", real ? real : file);
	free(real);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	add(p, slash ? folder : ".", use);
}

/* The files that a connection by TCP needs: names and certificates. */
static void add_network(struct paths *p)
{
	static const char *const files[] = { "/etc/resolv.conf",
					     "/etc/hosts",
					     "/etc/nsswitch.conf",
					     "/etc/host.conf",
					     "/etc/gai.conf",
					     "/etc/services",
					     "/etc/ssl",
					     "/usr/share/ca-certificates",
					     "/usr/local/share/ca-certificates",
					     "/run/systemd/resolve",
					     NULL };

	for (const char *const *file = files; *file; file++)
		add(p, *file, SANDBOX_READ);
}

/*
 * The ledger: a folder with files, or what a connection to its server needs. A
 * connection can break at any time, so that a new one is made.
 */
static void add_ledger(struct paths *p, const struct settings *settings, struct arena *arena,
		       struct store_reach *ret)
{
	*ret = (struct store_reach) { .local = false };
	if (!store_reach(settings->database, arena, ret)) {
		add_folder_of(p, settings->database, SANDBOX_CHANGE);
		return;
	}
	for (size_t i = 0; i < ret->n_files; i++)
		add(p, ret->files[i], SANDBOX_READ);
}

static void add_own_files(struct paths *p, const struct settings *settings)
{
	add(p, settings->backup_folder, SANDBOX_CHANGE);
	add(p, settings->templates, SANDBOX_READ);
	add(p, settings->own_templates, SANDBOX_READ);
	add(p, zone_folder(), SANDBOX_READ);
	add(p, "/dev/urandom", SANDBOX_READ);
	add_folder_of(p, settings->socket, SANDBOX_REMOVE);
	add_folder_of(p, settings->pid_file, SANDBOX_REMOVE);
}

/* SENDS: for the thread that calls receivers. */
static void enter(const struct settings *settings, bool sends, struct sandbox *ret)
{
	struct paths *p = calloc(1, sizeof(*p));
	struct sandbox_network network;
	struct store_reach reach;
	struct arena arena;

	if (!p)
		abort();
	arena_init(&arena);
	add_ledger(p, settings, &arena, &reach);
	add_own_files(p, settings);
	network = (struct sandbox_network) { .local = reach.local,
					     .tcp = sends || reach.tcp,
					     .ports = reach.ports,
					     .n_ports = sends ? 0 : reach.n_ports };
	if (network.tcp)
		add_network(p);
	if (sends)
		add(p, settings->webhook_ca_file, SANDBOX_READ);
	sandbox_enter(p->items, p->n, &network, ret);
	arena_release(&arena);
	free(p);
}

void confine(const struct settings *settings)
{
	struct sandbox sandbox;

	if (!settings->sandbox) {
		log_info("sandbox: none, as server.sandbox says");
		return;
	}
	enter(settings, false, &sandbox);
	if (sandbox.calls && sandbox.files)
		log_info("sandbox: %s", sandbox.words);
	else
		log_warning("sandbox: %s", sandbox.words);
}

void confine_sender(const struct settings *settings)
{
	struct sandbox sandbox;

	if (settings->sandbox)
		enter(settings, true, &sandbox);
}
