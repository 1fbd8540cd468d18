/*
 * follow.c - follows growing files, as tail -F does. A file is read line by
 * line, up to its last whole line.
 *
 * A file may be renamed and made anew, or copied and truncated. The old file,
 * or its copy, is read to its end beside the new one. The state file keeps the
 * place in each file. It is written after the commit of the records before that
 * place, so after a crash some records are read again: they are duplicates.
 *
 * A file is known by its first bytes (its print), because inode numbers are
 * used again and a truncated file keeps its number.
 */
#include "cli/import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "ingest/detect.h"
#include "store/server.h"
#include "base/banned.h"

enum {
	POLL_MS = 250,
	RETIRE_MS = 10000,     /* a renamed file that is silent for so long has ended */
	CHUNK_BYTES = 4 << 20, /* that are read at once */
	PRINT_BYTES = 1024,    /* of a file that make its print, at most */
	PRINT_TEXT = 65,
	/* times of files are coarse, and may lag behind the clock */
	CLOCK_SLACK_S = 2
};

static const char STATE_HEAD[] = "usaged follow 1\n";

/* A file that is read, open. */
struct followed {
	const char *path; /* as on the command line; also of a renamed file or a copy */
	int fd;
	dev_t device;
	ino_t inode;
	int64_t at;    /* the byte after the last record that was stored */
	int64_t lines; /* before that byte */
	bool skipping; /* within a line that is too long */
	int64_t print_bytes;
	char print[PRINT_TEXT];
	bool retired;     /* another file has the path now */
	int64_t quiet_ms; /* monotonic time since which it is silent; 0: it isn't */
};

struct follower {
	struct import *im;
	char **paths;
	size_t n_paths;
	const char *state; /* path of the state file */
	GPtrArray *streams;
	char *chunk;
	size_t chunk_bytes;
	time_t looked; /* when it last looked at the paths */
	bool changed;  /* the state file is to be written */
	bool *told;    /* by path: why it can't be read was printed */
};

/* ---- prints ---- */

/* The print of the first N bytes of the file. False: it is shorter. */
static bool print_of(int fd, int64_t n, char ret[static PRINT_TEXT])
{
	unsigned char head[PRINT_BYTES];
	char *hex;

	if (pread(fd, head, (size_t)n, 0) != (ssize_t)n)
		return false;
	hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, head, (gsize)n);
	g_strlcpy(ret, hex, PRINT_TEXT);
	g_free(hex);
	return true;
}

/* Does the file begin as the stream did? */
static bool same_print(int fd, const struct followed *s)
{
	char print[PRINT_TEXT];

	return print_of(fd, s->print_bytes, print) && strcmp(print, s->print) == 0;
}

/* Makes the print from more bytes while the file is short. */
static void renew_print(struct followed *s, int64_t size)
{
	int64_t n = size < PRINT_BYTES ? size : PRINT_BYTES;

	if (n > s->print_bytes && print_of(s->fd, n, s->print))
		s->print_bytes = n;
}

/* ---- streams ---- */

static void followed_free(gpointer p)
{
	struct followed *s = p;

	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static void begin_anew(struct followed *s)
{
	s->at = s->lines = s->print_bytes = 0;
	s->skipping = false;
	s->quiet_ms = 0;
	print_of(s->fd, 0, s->print);
}

/* Opens FILE as a stream of PATH, at its begin. NULL: it can't be opened. */
static struct followed *followed_open(struct follower *f, const char *path, const char *file)
{
	struct followed *s;
	struct stat sb;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &sb) < 0 || !S_ISREG(sb.st_mode)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->path = path;
	s->fd = fd;
	s->device = sb.st_dev;
	s->inode = sb.st_ino;
	begin_anew(s);
	g_ptr_array_add(f->streams, s);
	f->changed = true;
	return s;
}

static struct followed *current_of(const struct follower *f, const char *path)
{
	for (guint i = 0; i < f->streams->len; i++) {
		struct followed *s = g_ptr_array_index(f->streams, i);

		if (!s->retired && s->path == path)
			return s;
	}
	return NULL;
}

static bool is_read(const struct follower *f, const struct stat *sb)
{
	for (guint i = 0; i < f->streams->len; i++) {
		const struct followed *s = g_ptr_array_index(f->streams, i);

		if (s->device == sb->st_dev && s->inode == sb->st_ino)
			return true;
	}
	return false;
}

/* ---- rotated files beside the path ---- */

/* Is NAME what a rotation may call a file with the name BASE? */
static bool is_rotated(const char *name, const char *base)
{
	/* compressed files, and files of usaged's own */
	static const char *const others[] = { ".gz",  ".zst",    ".zstd",        ".xz",
					      ".bz2", ".follow", ".follow.lock", ".follow.new" };
	size_t len = strlen(base);

	if (strncmp(name, base, len) != 0 || !name[len] || !strchr(".-", name[len]))
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (g_str_has_suffix(name, others[i]))
			return false;
	return !g_str_has_suffix(name, ".rejected.csv");
}

/* Called for a rotated file. */
typedef void rotated_call(struct follower *f, const char *path, const char *file, void *arg);

static void each_rotated(struct follower *f, const char *path, rotated_call *call, void *arg)
{
	char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
	DIR *d = opendir(folder);

	for (const struct dirent *e; d && (e = readdir(d));) {
		char *file;

		if (!is_rotated(e->d_name, base))
			continue;
		file = g_build_filename(folder, e->d_name, NULL);
		call(f, path, file, arg);
		g_free(file);
	}
	if (d)
		closedir(d);
	g_free(folder);
	g_free(base);
}

/* A place in a file that has been renamed or copied, and the file when found. */
struct lost_place {
	const struct followed *was;
	bool found;
};

/* Several files may begin in the same way, with only a header: reads all. */
static void find_place(struct follower *f, const char *path, const char *file, void *arg)
{
	struct lost_place *p = arg;
	struct followed *s;
	struct stat sb;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool found;

	if (fd < 0)
		return;
	found = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size >= p->was->at &&
		same_print(fd, p->was);
	close(fd);
	p->found = p->found || found;
	if (found && !is_read(f, &sb) && (s = followed_open(f, path, file))) {
		s->at = p->was->at;
		s->lines = p->was->lines;
		s->skipping = p->was->skipping;
		s->print_bytes = p->was->print_bytes;
		g_strlcpy(s->print, p->was->print, PRINT_TEXT);
		s->retired = true;
	}
}

/* Goes on from the place of WAS in a rotated file, if there is one. */
static void go_on_in_rotated(struct follower *f, const struct followed *was)
{
	struct lost_place p = { .was = was };

	if (was->print_bytes == 0)
		return;
	each_rotated(f, was->path, find_place, &p);
	if (!p.found)
		fprintf(stderr,
			"usaged import: the file that was %s was read up to byte %" PRId64
			" and is gone; if it has more, import its copy\n",
			was->path, was->at);
}

/*
 * Reads a rotated file that was written at the time ARG or later, and that
 * nobody has read. What was read before are duplicates.
 */
static void read_newer(struct follower *f, const char *path, const char *file, void *arg)
{
	const time_t *since = arg;
	struct followed *s;
	struct stat sb;

	if (stat(file, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_mtime >= *since &&
	    !file_same(file, f->state) && !is_read(f, &sb) && (s = followed_open(f, path, file)))
		s->retired = true;
}

/* ---- rotation ---- */

/* Why the file can't be followed; NULL: it can be, or is not there yet. */
static const char *why_not(const char *path)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char head[sizeof(zstd)] = { 0 };
	const char *ret = NULL;
	struct stat sb;

	if (fd < 0)
		return errno == ENOENT ? NULL : g_strerror(errno);
	if (fstat(fd, &sb) < 0 || !S_ISREG(sb.st_mode))
		ret = "it is not a regular file";
	else if (pread(fd, head, sizeof(head), 0) > 0 &&
		 (memcmp(head, gzip, sizeof(gzip)) == 0 || memcmp(head, zstd, sizeof(zstd)) == 0))
		ret = "it is compressed: import it without --follow";
	close(fd);
	return ret;
}

/* Looks whether another file has the path now. */
static void look_at_path(struct follower *f, size_t number)
{
	const char *path = f->paths[number], *why;
	struct followed *s = current_of(f, path);
	struct stat sb;

	if (s && stat(path, &sb) == 0 && s->device == sb.st_dev && s->inode == sb.st_ino)
		return;
	why = why_not(path);
	if (why && !f->told[number])
		fprintf(stderr, "usaged import: %s cannot be followed: %s\n", path, why);
	f->told[number] = why != NULL;
	if (why || stat(path, &sb) < 0)
		return; /* it may be made in a moment */
	if (s) {
		s->retired = true;
		f->changed = true;
	}
	followed_open(f, path, path);
}

/*
 * Looks for rotated files that nobody has read: a file may have been rotated
 * several times since the last look. Looks only if the folder has changed.
 */
static void look_beside(struct follower *f, const char *path)
{
	time_t since = f->looked - CLOCK_SLACK_S;
	char *folder = g_path_get_dirname(path);
	struct stat sb;

	if (stat(folder, &sb) == 0 && sb.st_mtime >= since)
		each_rotated(f, path, read_newer, &since);
	g_free(folder);
}

/* Was the file truncated, and perhaps written anew? */
static bool is_truncated(const struct followed *s, int64_t *ret_size)
{
	struct stat sb;

	*ret_size = 0;
	if (fstat(s->fd, &sb) < 0)
		return false;
	*ret_size = sb.st_size;
	return sb.st_size < s->at || !same_print(s->fd, s);
}

/* ---- records ---- */

static enum reader_form form_of(const struct follower *f, const struct followed *s)
{
	enum reader_form ret = READER_NDJSON;
	char head[DETECT_BYTES];
	ssize_t n = pread(s->fd, head, sizeof(head), 0);

	if (f->im->format)
		detect_form(f->im->format, &ret);
	else if (f->im->mapping)
		ret = mapping_of_json(f->im->mapping) ? READER_NDJSON : READER_CSV;
	else if (!detect_by_name(s->path, &ret))
		ret = detect_by_content(head, n > 0 ? (size_t)n : 0);
	/* each line is a record */
	return ret == READER_JSON ? READER_NDJSON : ret;
}

/*
 * The first line of a file whose header names the columns, if the stream is
 * beyond it; "" if there is none. Free it.
 */
static char *header_of(const struct follower *f, const struct followed *s, enum reader_form form)
{
	char *text, *newline;
	size_t n, least;
	ssize_t got;

	if (s->at == 0 || (form != READER_CSV && form != READER_TSV) ||
	    (f->im->mapping && mapping_own_columns(f->im->mapping, &n, &least)))
		return g_strdup("");
	text = g_malloc(f->im->record_bytes + 1);
	got = pread(s->fd, text, f->im->record_bytes, 0);
	text[got > 0 ? got : 0] = '\0';
	newline = strchr(text, '\n');
	if (newline)
		newline[1] = '\0';
	return text;
}

static int64_t count_lines(const char *text, size_t len)
{
	int64_t n = 0;

	for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text)));
	     text++)
		n++;
	return n;
}

/* Stores the records in the first LEN bytes of the chunk. */
static int store_text(struct follower *f, struct followed *s, size_t len, struct error *err)
{
	struct import *im = f->im;
	enum reader_form form = form_of(f, s);
	struct strbuf text;
	char *header;
	int rc;

	header = header_of(f, s, form);
	strbuf_init(&text, f->chunk_bytes + im->record_bytes + 1);
	strbuf_add(&text, header);
	strbuf_addn(&text, f->chunk, len);
	im->path = s->path;
	im->lines_before = s->lines - (*header ? 1 : 0);
	im->logged = 0;
	im->file = (struct import_counts) { 0 };
	rc = import_chunk(im, form, text.text, text.len, err);
	for (int v = 0; v < VERDICTS; v++)
		im->total.verdict[v] += im->file.verdict[v];
	im->total.skipped += im->file.skipped;
	strbuf_release(&text);
	g_free(header);
	return rc;
}

/* The bytes of the chunk that are whole lines; all of them if the file has ended. */
static size_t whole_lines(const char *text, size_t n, bool ended)
{
	const char *last = memrchr(text, '\n', n);

	if (ended)
		return n;
	return last ? (size_t)(last - text) + 1 : 0;
}

/* Goes on by N bytes, and SKIPPING says whether a line that is too long does. */
static void pass(struct follower *f, struct followed *s, size_t n, bool skipping)
{
	s->lines += count_lines(f->chunk, n);
	s->at += (int64_t)n;
	s->skipping = skipping;
	f->changed = true;
}

/* Handles the N bytes of the chunk. Returns how many it has passed, or -1. */
static int64_t take_chunk(struct follower *f, struct followed *s, size_t n, bool ended,
			  struct error *err)
{
	bool full = n == f->chunk_bytes;
	const char *newline = memchr(f->chunk, '\n', n);
	size_t whole;

	if (s->skipping) {
		/* the rest of a line that was rejected */
		whole = newline ? (size_t)(newline - f->chunk) + 1 : n;
		pass(f, s, whole, !newline);
		return (int64_t)whole;
	}
	whole = whole_lines(f->chunk, n, ended && !full);
	if (!whole && full)
		whole = n;
	if (whole && store_text(f, s, whole, err) < 0)
		return -1;
	if (whole)
		pass(f, s, whole, full && !newline);
	return (int64_t)whole;
}

/* Reads more of the stream. Returns 1 if something was there, 0, or -1. */
static int read_stream(struct follower *f, struct followed *s, bool ended, struct error *err)
{
	int64_t size, taken;
	ssize_t n;

	if (is_truncated(s, &size)) {
		go_on_in_rotated(f, s);
		begin_anew(s);
		f->changed = true;
	}
	if (size <= s->at)
		return 0;
	n = pread(s->fd, f->chunk, f->chunk_bytes, s->at);
	if (n < 0)
		return error_system(err, s->path, errno);
	/* what was read while the file was truncated is not to be used */
	if (n == 0 || is_truncated(s, &size))
		return 0;
	renew_print(s, size);
	taken = take_chunk(f, s, (size_t)n, ended, err);
	return taken < 0 ? -1 : taken > 0;
}

/*
 * Reads a stream. A retired one is removed when it has been silent for a while;
 * its last line may lack its end. Returns as read_stream.
 */
static int serve_stream(struct follower *f, guint i, struct error *err)
{
	struct followed *s = g_ptr_array_index(f->streams, i);
	int64_t now = monotonic_ms();
	int rc = read_stream(f, s, false, err);

	if (rc != 0) {
		s->quiet_ms = 0;
		return rc;
	}
	if (!s->quiet_ms)
		s->quiet_ms = now;
	if (!s->retired || now - s->quiet_ms < RETIRE_MS)
		return 0;
	rc = read_stream(f, s, true, err);
	if (rc == 0) {
		g_ptr_array_remove_index(f->streams, i);
		f->changed = true;
	}
	return rc;
}

/* ---- the state file ---- */

static int save(struct follower *f, struct error *err)
{
	char *fresh = g_strconcat(f->state, ".new", NULL);
	struct strbuf text;
	int fd = -1, rc;

	strbuf_init(&text, 1 << 20);
	strbuf_add(&text, STATE_HEAD);
	for (guint i = 0; i < f->streams->len; i++) {
		const struct followed *s = g_ptr_array_index(f->streams, i);

		strbuf_addf(&text, "%" PRId64 " %" PRId64 " %d %ju %ju %" PRId64 " %s %s\n", s->at,
			    s->lines, s->skipping, (uintmax_t)s->device, (uintmax_t)s->inode,
			    s->print_bytes, s->print, s->path);
	}
	rc = file_claim(fresh, &fd, err);
	if (rc == 0 && write(fd, text.text, text.len) != (ssize_t)text.len)
		rc = error_system(err, fresh, errno);
	if (rc == 0)
		rc = file_sync(fd, fresh, err);
	if (rc == 0)
		rc = file_rename(fresh, f->state, true, err);
	if (fd >= 0)
		close(fd);
	strbuf_release(&text);
	g_free(fresh);
	f->changed = rc < 0;
	return rc;
}

/* Reads a line of the state file. False: it is no such line. */
static bool parse_place(char *line, struct followed *ret)
{
	uintmax_t device, inode;
	int skipping, path = 0;

	*ret = (struct followed) { .fd = -1 };
	if (sscanf(line, "%" SCNd64 " %" SCNd64 " %d %ju %ju %" SCNd64 " %64s %n", &ret->at,
		   &ret->lines, &skipping, &device, &inode, &ret->print_bytes, ret->print,
		   &path) != 7 ||
	    !path || ret->at < 0 || ret->print_bytes < 0 || ret->print_bytes > PRINT_BYTES)
		return false;
	ret->skipping = skipping;
	ret->device = (dev_t)device;
	ret->inode = (ino_t)inode;
	ret->path = line + path;
	return true;
}

/* Opens the file of a saved place: at its path, or where it was rotated to. */
static void restore_place(struct follower *f, struct followed *place)
{
	const char *path = NULL;
	struct followed *s;
	struct stat sb;

	for (size_t i = 0; i < f->n_paths; i++)
		if (strcmp(f->paths[i], place->path) == 0)
			path = f->paths[i];
	if (!path)
		return; /* it is not followed any more */
	place->path = path;
	if (!current_of(f, path) && stat(path, &sb) == 0 && !is_read(f, &sb) &&
	    (s = followed_open(f, path, path))) {
		if (sb.st_size >= place->at && place->print_bytes && same_print(s->fd, place)) {
			s->at = place->at;
			s->lines = place->lines;
			s->skipping = place->skipping;
			s->print_bytes = place->print_bytes;
			g_strlcpy(s->print, place->print, PRINT_TEXT);
			return;
		}
		/* a new file; it is read from its begin, after the old one */
		g_ptr_array_remove(f->streams, s);
	}
	go_on_in_rotated(f, place);
}

static int load(struct follower *f, struct error *err)
{
	char *text = NULL, **lines;
	struct followed place;
	struct stat saved;
	time_t since;
	int rc = 0;

	if (stat(f->state, &saved) < 0)
		return errno == ENOENT ? 0 : error_system(err, f->state, errno);
	if (!g_file_get_contents(f->state, &text, NULL, NULL) ||
	    !g_str_has_prefix(text, STATE_HEAD)) {
		g_free(text);
		return error_set(err, ERR_PARAM, NULL,
				 "%s is no state of usaged import --follow; name another file with "
				 "--state",
				 f->state);
	}
	lines = g_strsplit(text, "\n", -1);
	for (size_t i = 1; lines[i] && *lines[i] && rc == 0; i++) {
		if (parse_place(lines[i], &place))
			restore_place(f, &place);
		else
			rc = error_set(err, ERR_PARAM, NULL, "%s:%zu is damaged; remove the file",
				       f->state, i + 1);
	}
	since = saved.st_mtime - CLOCK_SLACK_S;
	for (size_t i = 0; i < f->n_paths && rc == 0; i++)
		each_rotated(f, f->paths[i], read_newer, &since);
	g_strfreev(lines);
	g_free(text);
	return rc;
}

/* ---- the loop ---- */

static int round_of(struct follower *f, bool *ret_busy, struct error *err)
{
	guint n;
	time_t now = time(NULL); /* which file times are compared with */

	for (size_t i = 0; i < f->n_paths; i++)
		look_at_path(f, i);
	*ret_busy = false;
	n = f->streams->len;
	for (guint i = n; i-- > 0 && !interrupted;) {
		int rc = serve_stream(f, i, err);

		if (rc < 0)
			return -1;
		*ret_busy = *ret_busy || rc > 0;
	}
	/* after the streams, which find their own copies */
	for (size_t i = 0; i < f->n_paths; i++)
		look_beside(f, f->paths[i]);
	f->looked = now;
	if (store_gone(f->im->store))
		return error_set(err, ERR_CONFLICT, NULL,
				 "the ledger was replaced; start the command again");
	return f->changed ? save(f, err) : 0;
}

static int follow(struct follower *f, struct error *err)
{
	static const struct timespec pause = { .tv_nsec = POLL_MS * 1000000 };
	bool busy = false;

	if (load(f, err) < 0)
		return -1;
	while (!interrupted) {
		if (round_of(f, &busy, err) < 0)
			return -1;
		if (!busy && !interrupted)
			nanosleep(&pause, NULL);
	}
	return f->changed ? save(f, err) : 0;
}

/*
 * NAME.follow beside the ledger, after the first file; beside the secret file if
 * the ledger is not a file. Free it.
 */
static char *state_path(const struct import *im, const struct settings *s, const char *file)
{
	char *folder, *base, *name, *ret;

	if (im->state)
		return g_strdup(im->state);
	folder = g_path_get_dirname(store_is_file(s->database) ? s->database : s->secret_file);
	base = g_path_get_basename(file);
	name = g_strconcat(base, ".follow", NULL);
	ret = g_build_filename(folder, name, NULL);
	g_free(folder);
	g_free(base);
	g_free(name);
	return ret;
}

int import_follow(struct import *im, const struct settings *s, char **paths, size_t n)
{
	struct follower f = { .im = im, .paths = paths, .n_paths = n };
	char *state = state_path(im, s, paths[0]), *lock = g_strconcat(state, ".lock", NULL);
	struct error err = { 0 };
	int fd, rc = file_claim(lock, &fd, &err);

	f.looked = time(NULL);
	f.state = state;
	if (rc == 0) {
		f.streams = g_ptr_array_new_with_free_func(followed_free);
		f.chunk_bytes = im->record_bytes + CHUNK_BYTES;
		f.chunk = g_malloc(f.chunk_bytes);
		f.told = g_new0(bool, n);
		rc = follow(&f, &err);
		g_ptr_array_free(f.streams, TRUE);
		g_free(f.chunk);
		g_free(f.told);
		close(fd);
	}
	g_free(lock);
	g_free(state);
	return rc < 0 ? command_fail("import", &err) : EXIT_DONE;
}
