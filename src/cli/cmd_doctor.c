/*
 * cmd_doctor.c - looks at all that a server needs, and says what is right or
 * what to do. The table `checks` has a row for each check.
 */
#include "cli/command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/civil.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/zone.h"
#include "format/templates.h"
#include "http/page.h"
#include "notify/deliver.h"
#include "store/server.h"
#include "store/account.h"
#include "store/meta.h"
#include "usage/backup.h"
#include "base/banned.h"

/* Debian's package has it here. */
#define CERTIFICATE "/etc/usaged/tls/cert.pem"

enum {
	ROOM_BYTES = 1000000000,  /* that should be free on the ledger's disk */
	CERTIFICATE_DAYS = 14,    /* a certificate should be valid for so long */
	VERIFY_DAYS = 9,          /* a ledger should be verified so often */
	NEW_SECONDS = 86400,      /* a ledger is new for so long */
	LOG_BYTES_MAX = 1 << 30,  /* a larger write-ahead log is not normal */
	CLOCK_BEGIN = 1767225600, /* 2026-01-01: no earlier time can be right */
	MODE_OTHERS = 0007,
	MODE_GROUP_WRITE = 0020,
	MODE_NOT_OWNER = 0077
};

enum finding { RIGHT, NOTE, TO_DO };

struct doctor {
	const struct settings *settings;
	const char *certificate; /* NULL: none was named */
	const char *nginx_user;  /* NULL: none was named */
	struct arena arena;
	int64_t now;        /* seconds */
	struct stat ledger; /* st_nlink 0: it is not there */
	/* opened by check_ledger; NULL: it can't be opened */
	struct store *store;
	struct error unopened; /* why */
	struct strbuf words;
};

__attribute__((format(printf, 3, 4))) static enum finding say(struct doctor *d, enum finding f,
							      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&d->words, fmt, ap);
	va_end(ap);
	return f;
}

/* ---- words ---- */

static const char *instant_words(struct doctor *d, int64_t seconds)
{
	char text[INSTANT_TEXT];

	instant_format(text, seconds * USEC_PER_SEC);
	return arena_str(&d->arena, text);
}

static const char *user_words(struct doctor *d, uid_t uid)
{
	const struct passwd *p = getpwuid(uid);

	return p ? arena_str(&d->arena, p->pw_name) : arena_printf(&d->arena, "%u", (unsigned)uid);
}

static int64_t megabytes(int64_t bytes)
{
	return bytes / 1000000;
}

/* The folder of the file PATH. */
static const char *folder_of(struct doctor *d, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_strn(&d->arena, path, (size_t)(slash - path));
}

static int64_t free_bytes(const char *path)
{
	struct statvfs disk;

	return statvfs(path, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize) : INT64_MAX;
}

/* ---- settings and files ---- */

static enum finding check_templates(struct doctor *d)
{
	struct templates *t = NULL;
	struct error err = { 0 };
	size_t n;

	if (page_templates(d->settings, &t, &err) < 0)
		return say(d, TO_DO, "%s; correct the file, or the setting server.templates",
			   err.message);
	n = templates_count(t);
	templates_unref(&t);
	if (command_check_files(d->settings, &err) < 0)
		return say(d, TO_DO, "%s%s%s; correct the file, or the setting that names it",
			   err.param, *err.param ? ": " : "", err.message);
	return say(d, RIGHT, "the settings are valid; %zu templates can be read", n);
}

/* The owner and mode of the file PATH of SETTING, which only its user may change. */
static enum finding check_rights(struct doctor *d, const char *setting, const char *path,
				 const struct stat *sb, mode_t forbidden)
{
	const char *folder = folder_of(d, path);
	struct stat of_folder;

	if (!S_ISREG(sb->st_mode))
		return say(d, TO_DO, "%s is not a regular file; correct the setting %s", path,
			   setting);
	if (sb->st_mode & forbidden)
		return say(d, TO_DO,
			   "%s has the mode %03o, so others may use it; run: chmod %03o %s", path,
			   sb->st_mode & 0777, sb->st_mode & 0777 & ~forbidden, path);
	if (stat(folder, &of_folder) == 0 && of_folder.st_uid != sb->st_uid)
		return say(d, TO_DO,
			   "%s belongs to %s, its folder to %s; run, after stopping the server: "
			   "chown %s %s",
			   path, user_words(d, sb->st_uid), user_words(d, of_folder.st_uid),
			   user_words(d, of_folder.st_uid), path);
	return say(d, RIGHT, "%s belongs to %s, mode %03o", path, user_words(d, sb->st_uid),
		   sb->st_mode & 0777);
}

/*
 * Has the user the rights WANTED (of rwx, as a number) for the file?
 */
static bool has_rights(const struct passwd *user, const struct stat *sb, mode_t wanted)
{
	gid_t groups[64];
	int n = sizeof(groups) / sizeof(groups[0]), shift = 0;

	if (user->pw_uid == 0)
		return true;
	if (user->pw_uid == sb->st_uid)
		shift = 6;
	else if (getgrouplist(user->pw_name, user->pw_gid, groups, &n) >= 0)
		for (int i = 0; i < n; i++)
			if (groups[i] == sb->st_gid)
				shift = 3;
	return (sb->st_mode >> shift & wanted) == wanted;
}

static enum finding check_ledger_file(struct doctor *d)
{
	const char *path = d->settings->database;

	if (!d->ledger.st_nlink)
		return say(d, TO_DO, "%s is not there; run, as the server's user: usaged init",
			   path);
	return check_rights(d, "ledger.database", path, &d->ledger, MODE_OTHERS | MODE_GROUP_WRITE);
}

static enum finding check_log_files(struct doctor *d)
{
	static const char *const endings[] = { "-wal", "-shm" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *path = arena_join(&d->arena, d->settings->database, endings[i], NULL);
		struct stat sb;

		if (stat(path, &sb) == 0 && sb.st_uid != d->ledger.st_uid)
			return say(d, TO_DO, "%s belongs to %s, the ledger to %s; run: chown %s %s",
				   path, user_words(d, sb.st_uid), user_words(d, d->ledger.st_uid),
				   user_words(d, d->ledger.st_uid), path);
	}
	return say(d, RIGHT, "the ledger's log belongs to its user");
}

static enum finding check_secret(struct doctor *d)
{
	const char *path = d->settings->secret_file, *setting = "ledger.secret_file";
	unsigned char secret[SECRET_BYTES];
	struct error err = { 0 };
	struct stat sb;

	if (stat(path, &sb) < 0)
		return say(d, TO_DO,
			   "%s: %s; put back the copy that belongs to the ledger, or no key works; "
			   "for a new ledger, usaged init makes it",
			   path, strerror(errno));
	if (!S_ISREG(sb.st_mode) || sb.st_mode & MODE_NOT_OWNER)
		return check_rights(d, setting, path, &sb, MODE_NOT_OWNER);
	if (secret_load(path, secret, &err) < 0)
		return say(d, TO_DO, "%s; put back the copy that belongs to the ledger",
			   err.message);
	secret_wipe(secret, sizeof(secret));
	return check_rights(d, setting, path, &sb, MODE_NOT_OWNER);
}

/* ---- the machine ---- */

static enum finding check_zones(struct doctor *d)
{
	struct account *accounts = NULL;
	struct error err = { 0 };
	size_t n = 0, zones;

	zone_names(&zones);
	if (zones < 100)
		return say(d, TO_DO, "%s has hardly any time zones; install the package tzdata",
			   zone_folder());
	if (d->store && store_accounts(d->store, 0, &d->arena, &accounts, &n, &err) < 0)
		return say(d, TO_DO, "%s", err.message);
	for (size_t i = 0; i < n; i++)
		if (*accounts[i].time_zone && !zone_find(accounts[i].time_zone))
			return say(d, TO_DO,
				   "the system lacks the time zone %s of the account %s; install "
				   "the package tzdata or tzdata-legacy",
				   accounts[i].time_zone, accounts[i].sid);
	return say(d, RIGHT, "%zu zones in %s", zones, zone_folder());
}

static enum finding check_disk(struct doctor *d)
{
	const char *folder = folder_of(d, d->settings->database);
	int64_t left = free_bytes(folder);

	if (left < ROOM_BYTES)
		return say(d, TO_DO,
			   "%s has %" PRId64 " MB of room; make room for at least 1000 MB", folder,
			   megabytes(left));
	return say(d, RIGHT, "%s has %" PRId64 " MB of room", folder, megabytes(left));
}

static enum finding check_clock(struct doctor *d)
{
	struct timex clock = { .modes = 0 };
	int64_t committed = 0;
	int state;

	if (d->store)
		store_meta(d->store, META_COMMITTED, &committed, NULL);
	if (d->now < CLOCK_BEGIN || d->now < committed)
		return say(d, TO_DO, "it is said to be %s, which is before %s; set the clock",
			   instant_words(d, d->now),
			   committed ? "the last stored events" : "this program was made");
	state = adjtimex(&clock);
	if (state == TIME_ERROR || (state >= 0 && clock.status & STA_UNSYNC))
		return say(d, NOTE,
			   "%s, but the kernel knows of no synchronisation; run systemd-timesyncd "
			   "or chrony, unless the host of a container does",
			   instant_words(d, d->now));
	return say(d, RIGHT, "%s, synchronised", instant_words(d, d->now));
}

static enum finding check_certificate(struct doctor *d)
{
	const char *path = d->certificate ? d->certificate : CERTIFICATE;
	struct error err = { 0 };
	int64_t end;

	if (!d->certificate && access(path, F_OK) < 0)
		return say(d, NOTE, "%s is not there; name nginx's certificate with --certificate",
			   path);
	if (certificate_file_end(path, &end, &err) < 0)
		return say(d, TO_DO, "%s: %s; give nginx another one", path, err.message);
	if (end - d->now < CERTIFICATE_DAYS * SEC_PER_DAY)
		return say(d, TO_DO, "%s %s on %s; renew it, and run: nginx -s reload", path,
			   end < d->now ? "ended" : "ends", instant_words(d, end));
	return say(d, RIGHT, "%s is valid until %s", path, instant_words(d, end));
}

/* Can receivers of callbacks be verified? */
static enum finding check_receivers(struct doctor *d)
{
	const char *path = deliver_ca_file(d->settings);

	if (!d->settings->send_webhooks)
		return say(d, NOTE, "webhooks.send = no: this server sends no callbacks");
	if (!path || access(path, R_OK) < 0)
		return say(d, NOTE,
			   "%s is not there, so no callback to https is sent; install the package "
			   "ca-certificates, or set webhooks.ca_file",
			   path ? path : "the system's list of certificates");
	return say(d, RIGHT, "those of callbacks are verified by %s", path);
}

/* ---- the ledger ---- */

/*
 * Opens the ledger. Root does so as the ledger's user: otherwise the log's
 * files would belong to root, and the server could not use them.
 */
static void open_ledger(struct doctor *d)
{
	bool other = d->ledger.st_nlink && geteuid() == 0 && d->ledger.st_uid != 0;

	if (other && (setegid(d->ledger.st_gid) < 0 || seteuid(d->ledger.st_uid) < 0))
		other = false;
	if (store_open(d->settings->database, 0, d->settings->busy_timeout_ms, &d->store,
		       &d->unopened) < 0)
		d->store = NULL;
	if (other && (seteuid(0) < 0 || setegid(0) < 0))
		abort();
}

static enum finding check_ledger(struct doctor *d)
{
	struct store_stats stats;
	struct error err = { 0 };

	open_ledger(d);
	if (!d->store)
		return say(d, TO_DO, "%s%s%s", d->unopened.message, *d->unopened.detail ? ": " : "",
			   d->unopened.detail);
	if (store_check_moved(d->store, &err) > 0)
		return say(d, TO_DO, "%s: %s", err.message, err.detail);
	if (store_stats(d->store, &stats, &err) < 0)
		return say(d, TO_DO, "%s", err.message);
	if (!store_is_file(d->settings->database))
		return say(d, RIGHT, "version %" PRId64 ", in %s", stats.schema,
			   d->settings->database);
	if (stats.log_bytes > LOG_BYTES_MAX)
		return say(d, TO_DO,
			   "its log has %" PRId64 " MB, because something has read the ledger for "
			   "very long; end that program, or restart the server",
			   megabytes(stats.log_bytes));
	return say(d, RIGHT, "version %" PRId64 ", %" PRId64 " MB and a log of %" PRId64 " MB",
		   stats.schema, megabytes(stats.file_bytes), megabytes(stats.log_bytes));
}

/* Reads the note NAME; 0: there is none. */
static int64_t note_of(const struct doctor *d, const char *name)
{
	int64_t value = 0;

	if (d->store)
		store_meta(d->store, name, &value, NULL);
	return value;
}

/* Was the ledger's file made lately? */
static bool is_new(const struct doctor *d)
{
	struct statx made;

	return statx(AT_FDCWD, d->settings->database, 0, STATX_BTIME, &made) == 0 &&
	       made.stx_mask & STATX_BTIME && d->now - made.stx_btime.tv_sec < NEW_SECONDS;
}

static enum finding check_verified(struct doctor *d)
{
	int64_t verified = note_of(d, META_VERIFIED), differences = note_of(d, META_DIFFERENCES);
	int64_t whole = note_of(d, META_VERIFIED_WHOLE);

	if (!d->store)
		return say(d, NOTE, "the ledger can't be opened");
	if (!verified && d->settings->verify_hours && is_new(d))
		return say(d, NOTE,
			   "not yet; a server verifies a new ledger five minutes after its start");
	if (!verified)
		return say(d, TO_DO, "the ledger was never verified; run: usaged verify");
	if (differences)
		return say(d, TO_DO,
			   "the verification of %s found %" PRId64 " differences; run: usaged "
			   "verify, then: usaged rebuild",
			   instant_words(d, verified), differences);
	if (!whole)
		return say(d, TO_DO, "the whole ledger was never verified; run: usaged verify");
	if (d->now - whole > VERIFY_DAYS * SEC_PER_DAY)
		return say(d, TO_DO,
			   "the whole ledger was last verified at %s; run: usaged verify, and see "
			   "the setting verify.every_hours",
			   instant_words(d, whole));
	if (whole >= verified)
		return say(d, RIGHT, "no differences in the whole ledger at %s",
			   instant_words(d, whole));
	return say(d, RIGHT,
		   "no differences in what had changed at %s, nor in the whole ledger at %s",
		   instant_words(d, verified), instant_words(d, whole));
}

/* What keeps the server from making backups; else RIGHT, without words. */
static enum finding check_backup_folder(struct doctor *d)
{
	const char *folder = d->settings->backup_folder;
	const struct passwd *user = d->ledger.st_nlink ? getpwuid(d->ledger.st_uid) : NULL;
	struct error err = { 0 };
	struct stat sb;

	if (backup_check(d->settings, &err) < 0)
		return say(d, NOTE, "the folder %s cannot be used", folder);
	if (user && stat(folder, &sb) == 0 && !has_rights(user, &sb, 7))
		return say(d, TO_DO, "the server's user %s may not write into %s; run: chown %s %s",
			   user_words(d, d->ledger.st_uid), folder, user_words(d, d->ledger.st_uid),
			   folder);
	if (backup_check_room(d->settings, &err) < 0)
		return say(d, TO_DO, "%s; make room, or change backup.folder", err.message);
	return RIGHT;
}

static enum finding check_backup(struct doctor *d)
{
	const char *folder = d->settings->backup_folder;
	int64_t last = note_of(d, META_BACKUP), failed = note_of(d, META_BACKUP_FAILED);
	enum finding f;

	if (!*folder)
		return say(d, NOTE,
			   "the server makes no backups; set backup.folder, unless you make them "
			   "otherwise");
	if (!d->store)
		return say(d, NOTE, "the ledger can't be opened");
	f = check_backup_folder(d);
	if (f != RIGHT)
		return f;
	if (failed > last)
		return say(d, TO_DO, "the backup of %s failed; the server's log says why",
			   instant_words(d, failed));
	if (!last)
		return say(d, is_new(d) ? NOTE : TO_DO,
			   "there is none in %s yet; a server makes the first one five minutes "
			   "after its start",
			   folder);
	if (d->now - last > 2 * d->settings->backup_hours * 3600)
		return say(d, TO_DO, "the last backup in %s was made at %s; is the server running?",
			   folder, instant_words(d, last));
	return say(d, RIGHT, "%s, last at %s", folder, instant_words(d, last));
}

/* ---- the server's socket ---- */

static bool can_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	done = fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

/*
 * nginx's user: as named, else as Debian and nginx.org call it. NULL: there is
 * none.
 */
static const struct passwd *nginx_user(const struct doctor *d)
{
	const struct passwd *p = getpwnam(d->nginx_user ? d->nginx_user : "www-data");

	if (d->nginx_user)
		return p;
	return p ? p : getpwnam("nginx");
}

/* Is the process with the folder PID, below /proc, one of nginx? */
static bool is_nginx(const char *pid)
{
	char path[64], name[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = *pid >= '0' && *pid <= '9' ? fopen(path, "re") : NULL;
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		*name = '\0';
	fclose(f);
	return strcmp(name, "nginx\n") == 0;
}

/* Has the user the rights for the socket that a client needs? */
static bool may_use(struct doctor *d, const struct passwd *user, const struct stat *socket)
{
	struct stat folder;

	return has_rights(user, socket, 6) &&
	       (stat(folder_of(d, d->settings->socket), &folder) < 0 ||
		has_rights(user, &folder, 1));
}

/* Does an nginx run whose processes, of whatever user, may use the socket? */
static bool running_nginx_may_use(struct doctor *d, const struct stat *socket)
{
	DIR *processes = opendir("/proc");
	const struct dirent *e;
	bool may = false;

	while (processes && !may && (e = readdir(processes))) {
		const struct passwd *user;
		struct stat of_process;

		if (!is_nginx(e->d_name) ||
		    fstatat(dirfd(processes), e->d_name, &of_process, 0) < 0)
			continue;
		user = getpwuid(of_process.st_uid);
		/* root's process may be the master of others */
		may = user && (user->pw_uid || !socket->st_uid) && may_use(d, user, socket);
	}
	if (processes)
		closedir(processes);
	return may;
}

static enum finding check_socket(struct doctor *d)
{
	const char *path = d->settings->socket;
	const struct passwd *nginx = nginx_user(d);
	struct stat sb;

	if (!*path)
		return say(d, NOTE, "server.socket is empty: a spawner makes the socket");
	if (stat(path, &sb) < 0)
		return say(d, TO_DO, "%s is not there; start the server: systemctl start usaged",
			   path);
	if (!S_ISSOCK(sb.st_mode))
		return say(d, TO_DO, "%s is not a socket; correct the setting server.socket", path);
	if (!can_connect(path))
		return say(d, TO_DO, "no server answers at %s (%s); run: systemctl restart usaged",
			   path, strerror(errno));
	if (d->nginx_user && !nginx)
		return say(d, TO_DO, "there is no user %s; name nginx's with --nginx-user",
			   d->nginx_user);
	if (nginx && !may_use(d, nginx, &sb) && (d->nginx_user || !running_nginx_may_use(d, &sb)))
		return say(d, TO_DO,
			   "nginx's user %s may not use %s; let the server run with its group, and "
			   "set server.socket_mode = 0660",
			   nginx->pw_name, path);
	return say(d, RIGHT, "a server answers at %s", path);
}

/* ---- a ledger in PostgreSQL ---- */

/* Has this host the secret of the hosts that made the ledger? */
static int check_mark(struct doctor *d, struct error *err)
{
	unsigned char secret[SECRET_BYTES];
	int rc = command_secret(d->store, d->settings, 0, secret, err);

	secret_wipe(secret, sizeof(secret));
	return rc;
}

static enum finding check_database(struct doctor *d)
{
	const int64_t needed = d->settings->connections + 2;
	struct store_server server;
	struct error err = { 0 };

	if (!d->store)
		return say(d, NOTE, "the ledger can't be opened");
	if (store_durable(d->store, &err) < 0 || check_mark(d, &err) < 0 ||
	    store_server(d->store, &d->arena, &server, &err) <= 0)
		return say(d, TO_DO, "%s", err.message);
	if (server.standby)
		return say(d, TO_DO,
			   "it is a standby, which stores no events; name all servers in the "
			   "address, and target_session_attrs=read-write");
	if (server.read_only)
		return say(d, TO_DO,
			   "it stores no events, because default_transaction_read_only is on; turn "
			   "it off where it was set: with ALTER DATABASE, with ALTER ROLE, in the "
			   "address or in postgresql.conf");
	if (!server.autovacuum)
		return say(d, TO_DO,
			   "autovacuum is off, so the tables grow without need; set autovacuum and "
			   "track_counts to on in postgresql.conf, and reload it");
	if (server.connections_max < needed)
		return say(d, TO_DO,
			   "it allows %" PRId64 " connections, and a server may need %" PRId64
			   "; raise max_connections, or lower ledger.connections",
			   server.connections_max, needed);
	return say(d, RIGHT,
		   "PostgreSQL %s, schema %s, %" PRId64 " MB, %" PRId64 " of %" PRId64
		   " connections, synchronous_commit %s",
		   server.version, server.schema, megabytes(server.bytes), server.connections,
		   server.connections_max, server.synchronous_commit);
}

static enum finding check_role(struct doctor *d)
{
	struct store_server server;
	struct error err = { 0 };

	if (!d->store)
		return say(d, NOTE, "the ledger can't be opened");
	if (store_server(d->store, &d->arena, &server, &err) <= 0)
		return say(d, TO_DO, "%s", err.message);
	if (server.superuser)
		return say(d, NOTE,
			   "%s is a superuser; a role that owns the ledger's database is enough: "
			   "see usaged-postgresql(7)",
			   server.role);
	if (*server.forbidden)
		return say(d, TO_DO,
			   "%s may not use tables of the ledger: %s; run as a superuser, in the "
			   "schema %s, for each: ALTER TABLE NAME OWNER TO %s",
			   server.role, server.forbidden, server.schema, server.role);
	return say(d, RIGHT, "%s is not a superuser", server.role);
}

/* The servers of a ledger that is distributed over several. */
static enum finding check_servers(struct doctor *d)
{
	struct error err = { 0 };
	const char *away;
	int rc;

	if (!d->store)
		return say(d, NOTE, "the ledger can't be opened");
	rc = store_servers_away(d->store, &d->arena, &away, &err);
	if (rc < 0)
		return say(d, TO_DO, "%s", err.message);
	if (rc == 0)
		return say(d, NOTE, "one database server has the whole ledger");
	return *away ? say(d, TO_DO,
			   "these servers do not answer: %s; events of the accounts that they keep "
			   "are not stored until they are back: see usaged-postgresql(7)",
			   away)
		     : say(d, RIGHT, "Citus distributes the ledger, and all its servers answer");
}

static enum finding check_copies(struct doctor *d)
{
	return say(
		d, NOTE,
		"the ledger is in PostgreSQL; make copies with pg_dump, or with pg_basebackup and "
		"an archive of its log");
}

/* ---- the table ---- */

enum only { ANY, FILES, SERVERS };

/* In this order: what comes after the ledger uses it. */
static const struct {
	const char *name;
	enum finding (*check)(struct doctor *d);
	enum only only; /* for ledgers of this kind */
} checks[] = {
	{ "settings", check_templates, ANY },
	{ "ledger file", check_ledger_file, FILES },
	{ "log files", check_log_files, FILES },
	{ "secret file", check_secret, ANY },
	{ "ledger", check_ledger, ANY },
	{ "database", check_database, SERVERS },
	{ "role", check_role, SERVERS },
	{ "servers", check_servers, SERVERS },
	{ "verification", check_verified, ANY },
	{ "backup", check_backup, FILES },
	{ "backup", check_copies, SERVERS },
	{ "disk", check_disk, FILES },
	{ "clock", check_clock, ANY },
	{ "time zones", check_zones, ANY },
	{ "certificate", check_certificate, ANY },
	{ "receivers", check_receivers, ANY },
	{ "socket", check_socket, ANY },
};

static bool examine(struct doctor *d)
{
	static const char *const words[] = { "ok", "note", "TO DO" };
	const enum only other = store_is_file(d->settings->database) ? SERVERS : FILES;
	bool good = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum finding f;

		if (checks[i].only == other)
			continue;
		strbuf_clear(&d->words);
		f = checks[i].check(d);
		printf("%-6s %-13s %s\n", words[f], checks[i].name, d->words.text);
		good = good && f != TO_DO;
	}
	return good;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct doctor d = { .settings = s, .now = command_now() };
	const struct command_option options[] = { { "certificate", .text = &d.certificate },
						  { "nginx-user", .text = &d.nginx_user },
						  { 0 } };
	bool good;
	int rc;

	if (!command_only_options(&command_doctor, options, argc, argv, &rc))
		return rc;
	arena_init(&d.arena);
	strbuf_init(&d.words, 4096);
	if (stat(s->database, &d.ledger) < 0)
		d.ledger.st_nlink = 0;
	good = examine(&d);
	store_close(&d.store);
	strbuf_release(&d.words);
	arena_release(&d.arena);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "doctor [--certificate FILE] [--nginx-user NAME]",
	.summary = "look at all that a server needs, and say what to do",
	.help = "Checks the settings, the rights and owners of the files, the ledger, its last "
		"verification and backup, the disk,\n"
		"the clock, the time zones, the certificates and the server's socket. Prints a "
		"line for each: ok, note, or TO DO\n"
		"with what to do. Exits with 1 if something is to do. Changes nothing. Run it as "
		"root or as the server's user.\n\n"
		"  --certificate FILE  nginx's certificate (default: " CERTIFICATE ")\n"
		"  --nginx-user NAME   the user of nginx's processes (default: that of a running "
		"nginx, www-data or nginx)\n",
	.run = run
};
