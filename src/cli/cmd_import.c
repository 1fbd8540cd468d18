/*
 * cmd_import.c - imports files of usage events into the ledger, a batch at a
 * time.
 */
#include "cli/import.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/plausible.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "ingest/detect.h"
#include "ingest/read_ahead.h"
#include "base/decompress.h"
#include "store/meta.h"
#include "store/server.h"
#include "base/banned.h"

#define TICK_MS 200
/*
 * Blocks that are stored together in a database server: its rows are not packed,
 * so that more would take memory without saving time.
 */
#define BLOCKS_ON_SERVER 2
/*
 * While another process writes to the ledger, an import waits instead of
 * failing. It prints a message after WAIT_QUIET_MS.
 */
#define WAIT_MS       20
#define WAIT_QUIET_MS 3000
#define WAIT_MAX_MS   (30 * 60 * 1000)

/* ---- input ---- */

struct import_input {
	const char *path;
	int fd;
	bool regular;
	int64_t size;
	_Atomic int64_t done; /* bytes of the file read so far */
	atomic_bool stop;
	struct decompressor *decompressor;
	char head[DETECT_BYTES]; /* the first bytes, decompressed, to detect the form */
	size_t head_len, head_at;
	/* the error that ended `head`, reported after all bytes of `head` */
	struct error failure;
};

/*
 * Reads bytes of the file, before decompression. Returns when the import stops,
 * even if a pipe is silent.
 */
static int64_t read_file(void *arg, void *buf, size_t size, struct error *err)
{
	struct import_input *in = arg;

	for (;;) {
		struct pollfd ready = { .fd = in->fd, .events = POLLIN };
		ssize_t n;

		if (atomic_load(&in->stop))
			return 0;
		if (!in->regular && poll(&ready, 1, TICK_MS) <= 0)
			continue;
		n = read(in->fd, buf, size);
		if (n > 0)
			atomic_fetch_add(&in->done, n);
		if (n >= 0)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return error_system(err, in->path, errno);
	}
}

static int64_t input_read(void *arg, void *buf, size_t size, struct error *err)
{
	struct import_input *in = arg;
	size_t n = in->head_len - in->head_at;

	if (n == 0 && in->failure.kind)
		*err = in->failure;
	if (n == 0)
		return in->failure.kind ? -1 : decompressor_read(in->decompressor, buf, size, err);
	if (n > size)
		n = size;
	memcpy(buf, in->head + in->head_at, n);
	in->head_at += n;
	return (int64_t)n;
}

static int input_open(struct import_input *in, const char *path, struct error *err)
{
	struct stat st;

	memset(in, 0, sizeof(*in));
	in->path = strcmp(path, "-") == 0 ? "standard input" : path;
	in->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st) < 0)
		return error_system(err, in->path, errno);
	in->regular = S_ISREG(st.st_mode);
	in->size = in->regular ? st.st_size : 0;
	in->decompressor = decompressor_new(ENCODING_BY_CONTENT, read_file, in, 0);
	return 0;
}

static void input_close(struct import_input *in)
{
	decompressor_free(&in->decompressor);
	if (in->fd >= 0)
		close(in->fd);
}

/*
 * Chooses the form by the mapping or the file name. If both are missing, or to
 * distinguish JSON from NDJSON, the content decides.
 */
static enum reader_form choose_form(struct import_input *in, const struct mapping *m)
{
	enum reader_form form = m && !mapping_of_json(m) ? READER_CSV : READER_JSON, detected;
	bool named = m || detect_by_name(in->path, &form);
	int64_t n = 1;

	if (named && form != READER_JSON)
		return form;
	while (n > 0 && !detect_has_enough(in->head, in->head_len)) {
		n = decompressor_read(in->decompressor, in->head + in->head_len,
				      DETECT_BYTES - in->head_len, &in->failure);
		in->head_len += n > 0 ? (size_t)n : 0;
	}
	detected = detect_by_content(in->head, in->head_len);
	return named && detected != READER_NDJSON ? form : detected;
}

/* ---- rejected records ---- */

/*
 * The path of the list of rejected records: FILE.rejected.csv in the current
 * folder.
 */
static char *rejects_path(const struct import_rejects *rj, const char *input)
{
	const char *slash = strrchr(input, '/');
	struct strbuf path;

	strbuf_init(&path, 4096);
	if (rj->option)
		strbuf_add(&path, rj->option);
	else
		strbuf_addf(&path, "%s.rejected.csv",
			    strcmp(input, "-") == 0 ? "stdin"
			    : slash                 ? slash + 1
						    : input);
	return strbuf_take(&path);
}

static int rejects_failed(const struct import_rejects *rj, struct error *err)
{
	return error_system(err, rj->path ? rj->path : "the list of rejected records", errno);
}

static int rejects_open(struct import_rejects *rj, const char *input, struct error *err)
{
	rj->path = rejects_path(rj, input);
	rj->file = rj->path ? fopen(rj->path, rj->adds ? "a" : "w") : NULL;
	if (!rj->file)
		return rejects_failed(rj, err);
	if (fseeko(rj->file, 0, SEEK_END) == 0 && ftello(rj->file) == 0 &&
	    fputs("file,line,field,reason,record\r\n", rj->file) < 0)
		return rejects_failed(rj, err);
	return 0;
}

static int rejects_add(struct import_rejects *rj, const char *input, const struct event *ev,
		       const char *field, const char *reason, struct error *err)
{
	if (!rj->file && rejects_open(rj, input, err) < 0)
		return -1;
	csv_fwrite(rj->file, input, strlen(input));
	fprintf(rj->file, ",%" PRId64 ",%s,", ev->line, field);
	csv_fwrite(rj->file, reason, strlen(reason));
	putc(',', rj->file);
	csv_fwrite(rj->file, ev->record, ev->record_len);
	fputs("\r\n", rj->file);
	return ferror(rj->file) ? rejects_failed(rj, err) : 0;
}

static int rejects_close(struct import_rejects *rj, struct error *err)
{
	int rc = 0;

	if (rj->file && fclose(rj->file) != 0)
		rc = rejects_failed(rj, err);
	rj->file = NULL;
	free(rj->path);
	rj->path = NULL;
	return rc;
}

/* ---- blocks of events ---- */

static int note_verdict(struct import *im, const struct event *ev, struct error *err)
{
	im->file.verdict[ev->verdict]++;
	/* a follower has the rejection log, unless a file is named */
	if (im->follow && !im->rejects.option)
		return 0;
	if (ev->verdict == VERDICT_REJECTED)
		return rejects_add(&im->rejects, im->path, ev, ev->reason->param,
				   ev->reason->message, err);
	if (ev->verdict == VERDICT_CONFLICT)
		return rejects_add(
			&im->rejects, im->path, ev, "id",
			"conflict: another event with this source and id is stored already", err);
	return 0;
}

/* Adds a block to the window. Only the last one may be empty. */
static int add_block(struct import *im, const struct event_block *block, struct error *err)
{
	struct submission *s = &im->window[im->blocks];

	im->file.skipped += block->skipped;
	if (block->n == 0)
		return 0;
	im->blocks++;
	*s = (struct submission) { .events = block->events,
				   .n = block->n,
				   .arena = block->arena,
				   .author = "console",
				   .file = im->path,
				   .file_logged = &im->logged };
	for (size_t i = 0; i < block->n; i++)
		block->events[i].line += im->lines_before;
	if (ledger_add(im->ledger, s, err) == 0)
		return 0;
	im->failed = true;
	return -1;
}

static int note_verdicts(struct import *im, const struct submission *s, struct error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		im->line = s->events[i].line;
		if (note_verdict(im, &s->events[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Stores the window. */
static int store_window(struct import *im, struct read_ahead *ahead, struct error *err)
{
	int rc = 0;

	if (!im->blocks)
		return 0;
	if (ledger_store(im->ledger, NULL, err) < 0) {
		im->failed = true;
		return -1;
	}
	for (size_t i = 0; i < im->blocks && rc == 0; i++)
		rc = note_verdicts(im, &im->window[i], err);
	im->blocks = 0;
	read_ahead_release(ahead);
	return rc;
}

/*
 * Gets the next block, and stores the window if it is full or no block comes.
 * As read_ahead_next.
 */
static enum read_ahead_result take_block(struct import *im, struct read_ahead *ahead,
					 struct error *err)
{
	struct event_block block;
	enum read_ahead_result got = read_ahead_next(ahead, TICK_MS, &block, err);

	if (got == AHEAD_BLOCK && add_block(im, &block, err) < 0)
		return AHEAD_FAILED;
	if (got == AHEAD_BLOCK && im->blocks < im->blocks_most)
		return got;
	/* what came before the stream broke is stored; its error counts */
	return store_window(im, ahead, got == AHEAD_FAILED ? NULL : err) < 0 ? AHEAD_FAILED : got;
}

/* ---- one file ---- */

static int64_t count_all(const struct import_counts *c)
{
	int64_t all = 0;

	for (int v = 0; v < VERDICTS; v++)
		all += c->verdict[v];
	return all;
}

static int import_events(struct import *im, struct read_ahead *ahead, struct import_input *in,
			 struct error *err)
{
	while (!interrupted) {
		progress_show(&im->progress, atomic_load(&in->done), in->size,
			      count_all(&im->file));
		switch (take_block(im, ahead, err)) {
		case AHEAD_NOT_YET:
		case AHEAD_BLOCK:
			break;
		case AHEAD_END:
			return 0;
		case AHEAD_FAILED:
			return -1;
		}
	}
	return 0;
}

static int import_stream(struct import *im, struct import_input *in, struct error *err)
{
	enum reader_form form;
	struct read_ahead *ahead = NULL;
	struct reader *reader;
	int rc;

	if (!im->format || !detect_form(im->format, &form))
		form = choose_form(in, im->mapping);
	reader = reader_new(form, im->mapping, im->record_bytes, input_read, in);
	im->blocks = 0;
	rc = read_ahead_start(reader, clock_now_us(), im->ahead_us, &ahead, err);
	if (rc == 0) {
		progress_begin(&im->progress, in->path, "events");
		rc = import_events(im, ahead, in, err);
		progress_end(&im->progress);
	}
	atomic_store(&in->stop, true);
	read_ahead_stop(&ahead);
	if (rc < 0 && (err->kind == ERR_BODY || err->kind == ERR_PARAM))
		error_detail(err, "%s:%" PRId64, in->path, reader_line(reader));
	im->folds = reader_folds(reader);
	reader_free(&reader);
	return rc;
}

/* Text that a reader reads. */
struct chunk {
	const char *text;
	size_t left;
};

static int64_t read_chunk(void *arg, void *buf, size_t size, struct error *err)
{
	struct chunk *c = arg;
	size_t n = c->left < size ? c->left : size;

	(void)err;
	memcpy(buf, c->text, n);
	c->text += n;
	c->left -= n;
	return (int64_t)n;
}

int import_chunk(struct import *im, enum reader_form form, const char *text, size_t len,
		 struct error *err)
{
	struct chunk c = { text, len };
	struct reader *reader = reader_new(form, im->mapping, im->record_bytes, read_chunk, &c);
	enum read_ahead_result got = AHEAD_NOT_YET;
	struct read_ahead *ahead = NULL;
	int rc = read_ahead_start(reader, clock_now_us(), im->ahead_us, &ahead, err);

	im->blocks = 0;
	while (rc == 0 && got != AHEAD_END) {
		got = take_block(im, ahead, err);
		if (got == AHEAD_FAILED)
			rc = -1;
	}
	read_ahead_stop(&ahead);
	reader_free(&reader);
	return rc;
}

static void print_counts(const char *name, const struct import_counts *c)
{
	printf("%s:", name);
	for (int v = 0; v < VERDICTS; v++)
		printf("%s %" PRId64 " %s", v ? "," : "", c->verdict[v], verdict_names[v]);
	if (c->skipped)
		printf("; %" PRId64 " skipped", c->skipped);
	putchar('\n');
}

static void print_file(const struct import *im, const char *name)
{
	const struct reader_folds *folds = &im->folds;

	print_counts(name, &im->file);
	if (folds->records)
		printf("%s: %" PRId64
		       " %s over several lines, by quotes; the longest begins at line %" PRId64
		       " and has %" PRId64 " lines\n",
		       name, folds->records, folds->records == 1 ? "record went" : "records went",
		       folds->longest_line, folds->longest_lines);
	if (im->rejects.file)
		printf("%s: the records that were not stored are in %s\n", name, im->rejects.path);
	if (interrupted)
		fprintf(stderr,
			"usaged import: interrupted: %s is stored up to line %" PRId64
			"; run the same command again to go on\n",
			name, im->line);
	fflush(stdout);
}

static void add_counts(struct import_counts *sum, const struct import_counts *c)
{
	for (int v = 0; v < VERDICTS; v++)
		sum->verdict[v] += c->verdict[v];
	sum->skipped += c->skipped;
}

static int import_file(struct import *im, const char *path)
{
	struct error err = { 0 };
	struct import_input in;
	int rc;

	im->path = path;
	im->line = 0;
	im->file = (struct import_counts) { 0 };
	im->folds = (struct reader_folds) { 0 };
	im->logged = 0;
	rc = input_open(&in, path, &err);
	if (rc == 0)
		rc = import_stream(im, &in, &err);
	print_file(im, in.path);
	add_counts(&im->total, &im->file);
	input_close(&in);
	if (!im->rejects.option && rejects_close(&im->rejects, &err) < 0)
		rc = -1;
	return rc < 0 ? command_fail("import", &err) : EXIT_DONE;
}

/* ---- the command ---- */

/* Is REJECTS one of the files to import? Writing it would empty the file. */
static bool is_input(const char *rejects, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (file_same(rejects, argv[i]))
			return true;
	return false;
}

static bool has_standard_input(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-") == 0)
			return true;
	return false;
}

static int check_call(const struct import *im, int argc, char **argv)
{
	enum reader_form form;

	if (argc < 2)
		return command_wrong(&command_import, "the files are missing");
	if (im->zone && !im->mapping_path)
		return command_wrong(&command_import, "--zone is for the times of a --mapping");
	if (im->format && !detect_form(im->format, &form))
		return command_wrong(&command_import, "--format must be ndjson, json, csv or tsv");
	if (im->follow && has_standard_input(argc, argv))
		return command_wrong(&command_import,
				     "--follow is for files, not for standard input");
	if (im->state && !im->follow)
		return command_wrong(&command_import, "--state is for --follow");
	if (im->rejects.option && is_input(im->rejects.option, argc, argv))
		return command_wrong(&command_import, "--rejects must not be one of the files");
	return EXIT_DONE;
}

static int check_mapping(const struct import *im)
{
	enum reader_form form;

	if (im->mapping && im->follow && mapping_uses_position(im->mapping))
		return command_wrong(&command_import,
				     "--follow needs identities that stay the same when a file is "
				     "rotated, but the mapping uses {line} or {row}");
	if (im->mapping && im->format && detect_form(im->format, &form) &&
	    (form != READER_CSV && form != READER_TSV) != mapping_of_json(im->mapping))
		return command_wrong(&command_import, mapping_of_json(im->mapping)
							      ? "--mapping is for JSON"
							      : "--mapping is for CSV");
	return EXIT_DONE;
}

/* Waits while another process writes. Returns false to give up. */
static int wait_for_writer(void *arg, int times)
{
	static const struct timespec pause = { .tv_nsec = WAIT_MS * 1000000 };
	struct import *im = arg;

	if (times == WAIT_QUIET_MS / WAIT_MS) {
		progress_end(&im->progress);
		fputs("usaged import: waiting for another writer of the ledger\n", stderr);
	}
	nanosleep(&pause, NULL);
	return !interrupted && times < WAIT_MAX_MS / WAIT_MS;
}

static int import_files(struct import *im, int argc, char **argv)
{
	struct error err = { 0 };
	int worst = EXIT_DONE;

	/* the first signal stops the import between two batches */
	interrupt_catch();
	command_keep_memory();
	for (int i = 1; i < argc && !interrupted && !im->failed; i++)
		if (import_file(im, argv[i]) != EXIT_DONE)
			worst = EXIT_FAILED;
	print_counts("total", &im->total);
	if (rejects_close(&im->rejects, &err) < 0)
		worst = command_fail("import", &err);
	if (interrupted || im->total.verdict[VERDICT_CONFLICT] ||
	    im->total.verdict[VERDICT_REJECTED])
		worst = EXIT_FAILED;
	return worst;
}

static int follow_files(struct import *im, const struct settings *s, int argc, char **argv)
{
	struct error err = { 0 };
	int rc;

	interrupt_catch();
	im->rejects.adds = true;
	rc = import_follow(im, s, argv + 1, (size_t)argc - 1);
	print_counts("total", &im->total);
	if (rejects_close(&im->rejects, &err) < 0)
		rc = command_fail("import", &err);
	return rc;
}

static int open_and_import(struct import *im, const struct settings *s, int argc, char **argv)
{
	struct ledger_options options = { .any_account = true,
					  .late = late_events_find(s->late_events),
					  .rejection_log = true,
					  .rejected_days = s->rejected_days };
	int64_t known = 0;
	int rc;

	im->store = command_open("import", s, STORE_WRITE);
	if (!im->store)
		return EXIT_FAILED;
	im->blocks_most = store_is_file(s->database) ? AHEAD_HELD : BLOCKS_ON_SERVER;
	store_large_cache(im->store);
	store_trust_ids(im->store);
	store_wait_with(im->store, wait_for_writer, im);
	store_meta(im->store, META_COMMITTED, &known, NULL);
	plausible_process_begin(known, floor_div(clock_now_us(), USEC_PER_SEC));
	im->ahead_us = s->ahead_seconds * USEC_PER_SEC;
	options.accounts_by_name = im->mapping && mapping_accounts_by_name(im->mapping);
	im->ledger = ledger_new(im->store, &options);
	im->record_bytes = (size_t)s->record_bytes;
	rc = im->follow ? follow_files(im, s, argc, argv) : import_files(im, argc, argv);
	ledger_free(&im->ledger);
	store_close(&im->store);
	return rc;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct import im = { 0 };
	const struct command_option options[] = { { .name = "mapping", .text = &im.mapping_path },
						  { .name = "format", .text = &im.format },
						  { .name = "zone", .text = &im.zone },
						  { .name = "rejects", .text = &im.rejects.option },
						  { .name = "follow", .flag = &im.follow },
						  { .name = "state", .text = &im.state },
						  { 0 } };
	struct error err = { 0 };
	int rc;

	if (!command_options(&command_import, options, &argc, argv, &rc))
		return rc;
	rc = check_call(&im, argc, argv);
	if (rc != EXIT_DONE)
		return rc;
	if (im.mapping_path && mapping_load(im.mapping_path, &im.mapping, &err) < 0)
		return command_fail("import", &err);
	if (im.mapping && mapping_set_zone(im.mapping, im.zone, &err) < 0) {
		mapping_free(&im.mapping);
		return command_fail("import", &err);
	}
	rc = check_mapping(&im);
	if (rc == EXIT_DONE)
		rc = open_and_import(&im, s, argc, argv);
	mapping_free(&im.mapping);
	return rc;
}

const struct command command_import = {
	.name = "import",
	.usage = "import [--mapping FILE] [--zone ZONE] [--format ndjson|json|csv|tsv] [--rejects "
		 "FILE] [--follow [--state FILE]] FILE...",
	.summary = "bring files of usage events into the ledger",
	.help = "Reads CloudEvents as NDJSON (one a line) or JSON (one after the other, or "
		"arrays), or CSV or tab-separated values\n"
		"whose header names the event's fields; - is standard input. Files compressed by "
		"gzip "
		"or zstd are decompressed on the way. Each event is created, or a\n"
		"duplicate of one that is there, or in conflict with it (same source and id, other "
		"content), or rejected: so a\n"
		"file can be imported again and counts once.\n\n"
		"  --mapping FILE   how the CSV or JSON of another program becomes events "
		"(conf/mappings has examples)\n"
		"  --zone ZONE      the time zone of the mapping's times without offset, such as "
		"Europe/Vienna\n"
		"  --format FORMAT  ndjson, json, csv or tsv, instead of going by the file's name "
		"or content\n"
		"  --rejects FILE   where records go that were rejected or are in conflict, as CSV "
		"with line and reason\n"
		"                   (else NAME.rejected.csv in this folder, only if there are "
		"any)\n"
		"  --follow         go on when the end of a file is reached, as tail -F does, "
		"until a "
		"signal comes; each record\n"
		"                   is a line. Rotated files are read to their end. The last lines "
		"may be read again after a\n"
		"                   crash, and count once\n"
		"  --state FILE     where --follow keeps its place in each file (else NAME.follow "
		"beside the ledger)\n\n"
		"Events are stored in batches; an interrupt ends the import between two of them, "
		"and running it again is safe.\n"
		"While another program writes to the ledger, the import waits for it, and says "
		"so.\n"
		"Exits with 1 if a record was rejected or in conflict, or a file could not be read "
		"to its end.\n",
	.run = run
};
