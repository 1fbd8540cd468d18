/*
 * import.c - brings files of usage events into the ledger, a batch at a time.
 */
#include "cli/command.h"

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
#include "base/arena.h"
#include "base/plausible.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "ingest/feed.h"
#include "ingest/rejections.h"
#include "ingest/unpack.h"
#include "usage/account.h"
#include "usage/ledger.h"
#include "base/banned.h"

#define BATCH_EVENTS     50000
#define BATCH_TEXT_BYTES (24u << 20)
#define HEAD_BYTES       65536
#define HEAD_LINES       3
#define LISTED_AT_ONCE   200
#define TICK_MS          200
/*
 * However busy others keep the ledger, an import waits rather than stop half
 * way; it says so after a while.
 */
#define WAIT_MS       20
#define WAIT_QUIET_MS 3000
#define WAIT_MAX_MS   (30 * 60 * 1000)

/* ---- where bytes come from ---- */

struct input {
	const char *path;
	int fd;
	bool regular;
	int64_t size;
	_Atomic int64_t done; /* bytes of the file handed over */
	atomic_bool stop;
	struct unpacker *unpacker;
	char head[HEAD_BYTES]; /* unpacked, to see what it is */
	size_t head_len, head_at;
	/* that ended the head: told when what came before has been read */
	struct error failure;
};

/*
 * The file's own bytes. Ends when the import is over, even while nothing comes
 * out of a pipe.
 */
static int64_t read_file(void *arg, void *buf, size_t size, struct error *err)
{
	struct input *in = arg;

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
	struct input *in = arg;
	size_t n = in->head_len - in->head_at;

	if (n == 0 && in->failure.kind)
		*err = in->failure;
	if (n == 0)
		return in->failure.kind ? -1 : unpacker_read(in->unpacker, buf, size, err);
	if (n > size)
		n = size;
	memcpy(buf, in->head + in->head_at, n);
	in->head_at += n;
	return (int64_t)n;
}

static int input_open(struct input *in, const char *path, struct error *err)
{
	struct stat st;

	memset(in, 0, sizeof(*in));
	in->path = strcmp(path, "-") == 0 ? "standard input" : path;
	in->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st) < 0)
		return error_system(err, in->path, errno);
	in->regular = S_ISREG(st.st_mode);
	in->size = in->regular ? st.st_size : 0;
	in->unpacker = unpacker_new(PACKING_BY_CONTENT, read_file, in, 0);
	return 0;
}

static void input_close(struct input *in)
{
	unpacker_free(&in->unpacker);
	if (in->fd >= 0)
		close(in->fd);
}

static const struct {
	const char *name; /* of --format, and as suffix */
	enum reader_form form;
} forms[] = { { "ndjson", READER_NDJSON },
	      { "jsonl", READER_NDJSON },
	      { "json", READER_JSON },
	      { "csv", READER_CSV },
	      { "tsv", READER_TSV },
	      { "tab", READER_TSV },
	      { 0 } };

/* NAME as in forms[], into *ret. */
static bool form_find(const char *name, enum reader_form *ret)
{
	for (int i = 0; forms[i].name; i++) {
		if (strcmp(forms[i].name, name) == 0) {
			*ret = forms[i].form;
			return true;
		}
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * A byte after the object that begins at P, where only spaces stand before the
 * line's end; NULL if its line doesn't close it.
 */
static const char *object_end(const char *p, const char *end)
{
	bool in_string = false;
	int depth = 0;

	for (; p < end && *p != '\n'; p++) {
		if (in_string)
			in_string = *p != '"';
		else if (*p == '"')
			in_string = true;
		else
			depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		if (in_string && *p == '\\')
			p++;
		if (depth == 0)
			return p + 1;
	}
	return NULL;
}

/*
 * Is a line in the head, whole as far as it is there, an object by itself? So
 * it is where each line is one.
 */
static bool has_object_line(const char *p, const char *end)
{
	while (p < end) {
		const char *next = memchr(p, '\n', (size_t)(end - p)),
			   *closed = *p == '{' ? object_end(p, end) : NULL;

		while (closed && closed < end && *closed != '\n' && is_blank(*closed))
			closed++;
		if (closed && (closed == end || *closed == '\n'))
			return true;
		p = next ? next + 1 : end;
	}
	return false;
}

/* What the first bytes look like. Of JSON lines the first may be damaged. */
static enum reader_form form_of_head(const struct input *in)
{
	const char *p = in->head, *end = in->head + in->head_len, *line;

	if (in->head_len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	while (p < end && is_blank(*p))
		p++;
	if (p < end && *p == '[')
		return READER_JSON;
	if (has_object_line(p, end))
		return READER_NDJSON;
	if (p < end && *p == '{')
		return READER_JSON;
	line = memchr(p, '\n', (size_t)(end - p));
	return memchr(p, '\t', (size_t)((line ? line : end) - p)) ? READER_TSV : READER_CSV;
}

/* Have the bytes been seen that say which form it is? */
static bool head_tells(const struct input *in)
{
	const char *p = in->head, *end = in->head + in->head_len;
	int lines = 0;

	while (lines < HEAD_LINES && (p = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p++;
	}
	return lines == HEAD_LINES || in->head_len == HEAD_BYTES ||
	       (lines && form_of_head(in) == READER_NDJSON);
}

/* By the name's suffix, in front of that of a packed file. */
static bool form_of_name(const char *path, enum reader_form *ret)
{
	static const char *const packed[] = { ".gz", ".zst", ".zstd" };
	const char *slash = strrchr(path, '/'), *dot;
	struct strbuf name;
	bool found;

	strbuf_init(&name, 4096);
	strbuf_add(&name, slash ? slash + 1 : path);
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		size_t len = strlen(packed[i]);

		if (name.len > len && strcmp(name.text + name.len - len, packed[i]) == 0)
			name.text[name.len - len] = '\0';
	}
	dot = strrchr(name.text, '.');
	found = dot && form_find(dot + 1, ret);
	strbuf_release(&name);
	return found;
}

/*
 * By the mapping or the name, else by the content, which says too what kind of
 * JSON it is.
 */
static enum reader_form form_guess(struct input *in, const struct mapping *m)
{
	enum reader_form form = m && !mapping_of_json(m) ? READER_CSV : READER_JSON;
	bool named = m || form_of_name(in->path, &form);
	int64_t n = 1;

	if (named && form != READER_JSON)
		return form;
	while (n > 0 && !head_tells(in)) {
		n = unpacker_read(in->unpacker, in->head + in->head_len, HEAD_BYTES - in->head_len,
				  &in->failure);
		in->head_len += n > 0 ? (size_t)n : 0;
	}
	return !named || form_of_head(in) == READER_NDJSON ? form_of_head(in) : form;
}

/* ---- what can't be stored ---- */

struct rejects {
	const char *option; /* --rejects, or NULL: a file for each input */
	char *path;
	FILE *file;
};

/* FILE.rejected.csv in this folder */
static char *rejects_path(const struct rejects *rj, const char *input)
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

static int rejects_failed(const struct rejects *rj, struct error *err)
{
	return error_system(err, rj->path ? rj->path : "the list of rejected records", errno);
}

static int rejects_open(struct rejects *rj, const char *input, struct error *err)
{
	rj->path = rejects_path(rj, input);
	rj->file = rj->path ? fopen(rj->path, "w") : NULL;
	if (!rj->file || fputs("file,line,field,reason,record\r\n", rj->file) < 0)
		return rejects_failed(rj, err);
	return 0;
}

static int rejects_add(struct rejects *rj, const char *input, int64_t line, const char *field,
		       const char *reason, const char *record, size_t len, struct error *err)
{
	if (!rj->file && rejects_open(rj, input, err) < 0)
		return -1;
	csv_fwrite(rj->file, input, strlen(input));
	fprintf(rj->file, ",%" PRId64 ",%s,", line, field);
	csv_fwrite(rj->file, reason, strlen(reason));
	putc(',', rj->file);
	csv_fwrite(rj->file, record, len);
	fputs("\r\n", rj->file);
	return ferror(rj->file) ? rejects_failed(rj, err) : 0;
}

static int rejects_close(struct rejects *rj, struct error *err)
{
	int rc = 0;

	if (rj->file && fclose(rj->file) != 0)
		rc = rejects_failed(rj, err);
	rj->file = NULL;
	free(rj->path);
	rj->path = NULL;
	return rc;
}

/* ---- the ledger's own list of them ---- */

/*
 * Those that wait for a write; the first REJECTIONS_MAX of a file, whose own
 * list has all.
 */
struct listed {
	int64_t days; /* that the ledger keeps them; 0: not at all */
	size_t n;     /* of the file, so far */
	struct rejection list[LISTED_AT_ONCE];
	size_t n_list;
	struct arena arena; /* of their texts */
};

/* TEXT as UTF-8: any other byte becomes a question mark. */
static const char *plain_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_strn(arena, text,
				len < REJECTION_RECORD_MAX ? len : REJECTION_RECORD_MAX);

	len = len < REJECTION_RECORD_MAX ? len : REJECTION_RECORD_MAX;
	for (size_t i = 0; i < len;) {
		size_t step = copy[i] ? utf8_step(copy + i, len - i) : 0;

		if (!step)
			copy[i] = '?';
		i += step ? step : 1;
	}
	return copy;
}

/* In a write. At the END of a file it removes what is too much. */
static int listed_store(struct listed *l, struct store *st, bool end, struct error *err)
{
	for (size_t i = 0; i < l->n_list; i++)
		if (store_rejection_add(st, &l->list[i], err) < 0)
			return -1;
	return end ? rejections_prune(st, l->days, err) : 0;
}

static void listed_clear(struct listed *l)
{
	l->n_list = 0;
	arena_reset(&l->arena);
}

/* In a write of its own. */
static int listed_flush(struct listed *l, struct store *st, bool end, struct error *err)
{
	int rc = 0;

	if (end ? l->n == 0 : l->n_list == 0)
		return 0;
	if (store_begin_write(st, err) < 0)
		return -1;
	if (listed_store(l, st, end, err) < 0 || store_commit(st, err) < 0) {
		store_end(st);
		rc = -1;
	}
	listed_clear(l);
	return rc;
}

/* ---- batches ---- */

struct counts {
	int64_t verdict[VERDICTS];
	int64_t left_out;
};

/* What is kept of an event until its verdict is known. */
struct pending {
	int64_t line;
	size_t at, len; /* of its record */
};

struct import {
	const char *mapping_path, *format, *zone;
	int64_t ahead_us;    /* how far in the future an event's time may lie */
	size_t record_bytes; /* the longest record */
	struct mapping *mapping;
	struct store *store;
	struct ledger *ledger;
	struct rejects rejects;
	struct listed listed;
	const char *path; /* of the file in work, as it was given */
	struct counts file, total;
	struct reader_folds folds; /* of it */
	struct pending *pending;   /* BATCH_EVENTS of them */
	size_t n_pending;
	struct strbuf records;
	int64_t line; /* everything up to here has its verdict on disk */
	struct progress progress;
};

static bool is_listed(const struct listed *l)
{
	return l->days && l->n < REJECTIONS_MAX;
}

/*
 * The first of a file are listed in the ledger, too. R and its texts are
 * copied.
 */
static int list_rejected(struct import *im, const struct rejection *r, size_t len,
			 struct error *err)
{
	struct listed *l = &im->listed;

	if (!is_listed(l))
		return 0;
	l->n++;
	l->list[l->n_list++] = (struct rejection) {
		.at = floor_div(clock_now_us(), USEC_PER_SEC),
		.author = "console",
		.account = r->account,
		.source = plain_copy(&l->arena, r->source, strlen(r->source)),
		.event = plain_copy(&l->arena, r->event, strlen(r->event)),
		.code = r->code,
		.field = arena_str(&l->arena, r->field),
		.message = arena_str(&l->arena, r->message),
		.record = plain_copy(&l->arena, r->record, len),
		.file = plain_copy(&l->arena, im->path, strlen(im->path)),
		.line = r->line,
	};
	return l->n_list < LISTED_AT_ONCE ? 0 : listed_flush(l, im->store, false, err);
}

/* LEN: of the record. */
static int reject(struct import *im, const struct rejection *r, size_t len, struct error *err)
{
	im->file.verdict[VERDICT_REJECTED]++;
	if (list_rejected(im, r, len, err) < 0)
		return -1;
	return rejects_add(&im->rejects, im->path, r->line, r->field, r->message, r->record, len,
			   err);
}

/* The account that RAW names, for the list; 0 if there is none. */
static int find_account(struct import *im, const struct raw_event *raw, int64_t *ret,
			struct error *err)
{
	const char *text = raw->field[EV_SUBJECT].text;
	struct account a;
	int rc = 0;

	if (text && is_listed(&im->listed) &&
	    (im->mapping || sid_valid("AC", text, raw->field[EV_SUBJECT].len)))
		rc = account_find(im->store, text, &im->listed.arena, &a, err);
	*ret = rc > 0 ? a.id : 0;
	return rc < 0 ? -1 : 0;
}

/*
 * A record that is no event, or one that can't be stored: for the reason given.
 */
static int reject_item(struct import *im, const struct feed_item *item, const char *code,
		       const char *field, const char *reason, struct error *err)
{
	const struct raw_event *raw = &item->raw;
	struct rejection r = {
		.source = raw->field[EV_SOURCE].text ? raw->field[EV_SOURCE].text : "",
		.event = raw->field[EV_ID].text ? raw->field[EV_ID].text : "",
		.code = code,
		.field = field,
		.message = reason,
		.record = item->record,
		.line = item->line,
	};

	if (find_account(im, raw, &r.account, err) < 0)
		return -1;
	return reject(im, &r, item->record_len, err);
}

static int note_verdict(struct import *im, const struct pending *a, const struct ledger_result *r,
			struct error *err)
{
	const char *record = im->records.text + a->at;

	if (r->verdict == VERDICT_REJECTED)
		return reject(im,
			      &(struct rejection) { .account = r->account,
						    .source = r->source,
						    .event = r->event,
						    .code = event_refusal_code(r->error),
						    .field = r->error->param,
						    .message = r->error->message,
						    .record = record,
						    .line = a->line },
			      a->len, err);
	im->file.verdict[r->verdict]++;
	if (r->verdict != VERDICT_CONFLICT)
		return 0;
	return rejects_add(&im->rejects, im->path, a->line, "id",
			   "conflict: another event with this source and id is stored already",
			   record, a->len, err);
}

static int commit(struct import *im, struct error *err)
{
	const struct ledger_result *results;
	size_t n;
	int rc;

	if (im->n_pending == 0)
		return 0;
	rc = ledger_commit(im->ledger, &results, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = note_verdict(im, &im->pending[i], &results[i], err);
	if (rc == 0)
		im->line = im->pending[im->n_pending - 1].line;
	im->n_pending = 0;
	strbuf_clear(&im->records);
	return rc;
}

static int add_item(struct import *im, const struct feed_item *item, struct error *err)
{
	struct error own = { 0 };

	if (item->reason)
		return reject_item(im, item, item->code, item->field, item->reason, err);
	if (ledger_add(im->ledger, &item->event, &own) < 0) {
		if (own.kind == ERR_PARAM || own.kind == ERR_OVERFLOW)
			return reject_item(im, item, event_refusal_code(&own), own.param,
					   own.message, err);
		*err = own;
		return -1;
	}
	im->pending[im->n_pending++] = (struct pending) { item->line, im->records.len,
							  item->record_len };
	strbuf_addn(&im->records, item->record, item->record_len);
	if (im->n_pending == BATCH_EVENTS || im->records.len > BATCH_TEXT_BYTES)
		return commit(im, err);
	return 0;
}

/* ---- one file ---- */

static int64_t count_all(const struct counts *c)
{
	int64_t all = 0;

	for (int v = 0; v < VERDICTS; v++)
		all += c->verdict[v];
	return all;
}

/* What was read before the stream broke, for the reason in *ERR, is good. */
static int commit_rest(struct import *im, struct error *err)
{
	struct error own = { 0 };

	if (commit(im, &own) < 0)
		*err = own;
	return -1;
}

static int import_events(struct import *im, struct feed *feed, struct input *in, struct error *err)
{
	struct feed_chunk chunk;

	while (!interrupted) {
		progress_show(&im->progress, atomic_load(&in->done), in->size,
			      count_all(&im->file));
		switch (feed_next(feed, TICK_MS, &chunk, err)) {
		case FEED_NOT_YET:
			continue;
		case FEED_END:
			return commit(im, err);
		case FEED_FAILED:
			return commit_rest(im, err);
		case FEED_CHUNK:
			break;
		}
		im->file.left_out += chunk.left_out;
		for (size_t i = 0; i < chunk.n && !interrupted; i++)
			if (add_item(im, &chunk.items[i], err) < 0)
				return -1;
	}
	return 0;
}

static int import_stream(struct import *im, struct input *in, struct error *err)
{
	enum reader_form form;
	struct feed *feed = NULL;
	struct reader *reader;
	int rc;

	if (!im->format || !form_find(im->format, &form))
		form = form_guess(in, im->mapping);
	reader = reader_new(form, im->mapping, im->record_bytes, input_read, in);
	rc = feed_start(reader, clock_now_us(), im->ahead_us, &feed, err);
	if (rc == 0) {
		progress_begin(&im->progress, in->path, "events");
		rc = import_events(im, feed, in, err);
		progress_end(&im->progress);
	}
	atomic_store(&in->stop, true);
	feed_stop(&feed);
	if (rc < 0 && (err->kind == ERR_BODY || err->kind == ERR_PARAM))
		error_detail(err, "%s:%" PRId64, in->path, reader_line(reader));
	im->folds = reader_folds(reader);
	reader_free(&reader);
	return rc;
}

static void print_counts(const char *name, const struct counts *c)
{
	printf("%s:", name);
	for (int v = 0; v < VERDICTS; v++)
		printf("%s %" PRId64 " %s", v ? "," : "", c->verdict[v], verdict_names[v]);
	if (c->left_out)
		printf("; %" PRId64 " skipped", c->left_out);
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
		printf("%s: what was not stored, and why, is in %s\n", name, im->rejects.path);
	if (interrupted)
		fprintf(stderr,
			"usaged import: interrupted: %s is stored up to line %" PRId64
			"; run the same command again to go on\n",
			name, im->line);
	fflush(stdout);
}

static void add_counts(struct counts *sum, const struct counts *c)
{
	for (int v = 0; v < VERDICTS; v++)
		sum->verdict[v] += c->verdict[v];
	sum->left_out += c->left_out;
}

static int import_file(struct import *im, const char *path)
{
	struct error err = { 0 };
	struct input in;
	int rc;

	im->path = path;
	im->line = 0;
	im->file = (struct counts) { 0 };
	im->folds = (struct reader_folds) { 0 };
	im->listed.n = 0;
	rc = input_open(&in, path, &err);
	if (rc == 0)
		rc = import_stream(im, &in, &err);
	if (listed_flush(&im->listed, im->store, true, &err) < 0)
		rc = -1;
	print_file(im, in.path);
	add_counts(&im->total, &im->file);
	input_close(&in);
	if (!im->rejects.option && rejects_close(&im->rejects, &err) < 0)
		rc = -1;
	return rc < 0 ? command_fail("import", &err) : EXIT_DONE;
}

/* ---- the command ---- */

/* Is the list of rejected records one of the files? It would be emptied. */
static bool is_input(const char *rejects, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (file_same(rejects, argv[i]))
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
	if (im->format && !form_find(im->format, &form))
		return command_wrong(&command_import, "--format must be ndjson, json, csv or tsv");
	if (im->rejects.option && is_input(im->rejects.option, argc, argv))
		return command_wrong(&command_import, "--rejects must not be one of the files");
	return EXIT_DONE;
}

static int check_mapping(const struct import *im)
{
	enum reader_form form;

	if (im->mapping && im->format && form_find(im->format, &form) &&
	    (form != READER_CSV && form != READER_TSV) != mapping_of_json(im->mapping))
		return command_wrong(&command_import, mapping_of_json(im->mapping)
							      ? "--mapping is for JSON"
							      : "--mapping is for CSV");
	return EXIT_DONE;
}

/* Another one writes. */
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

	interrupt_catch(); /* the first signal ends the import between two batches */
	/* Events that are left over are those of a ledger that failed. */
	for (int i = 1; i < argc && !interrupted && im->n_pending == 0; i++)
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

static int open_and_import(struct import *im, const struct settings *s, int argc, char **argv)
{
	struct ledger_options options = { .late = late_events_find(s->late_events) };
	int64_t known = 0;
	int rc;

	im->store = command_open("import", s, STORE_WRITE);
	if (!im->store)
		return EXIT_FAILED;
	store_wait_with(im->store, wait_for_writer, im);
	store_meta(im->store, META_COMMITTED, &known, NULL);
	plausible_process_begin(known, floor_div(clock_now_us(), USEC_PER_SEC));
	im->ahead_us = s->ahead_seconds * USEC_PER_SEC;
	options.accounts_by_name = im->mapping && mapping_accounts_by_name(im->mapping);
	im->ledger = ledger_new(im->store, &options);
	im->pending = malloc(BATCH_EVENTS * sizeof(*im->pending));
	if (!im->pending)
		abort();
	im->record_bytes = (size_t)s->record_bytes;
	strbuf_init(&im->records, BATCH_TEXT_BYTES + 2 * im->record_bytes);
	im->listed.days = s->rejected_days;
	arena_init(&im->listed.arena);
	rc = import_files(im, argc, argv);
	arena_release(&im->listed.arena);
	strbuf_release(&im->records);
	free(im->pending);
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
		 "FILE] FILE...",
	.summary = "bring files of usage events into the ledger",
	.help = "Reads CloudEvents as NDJSON (one a line) or JSON (one after the other, or "
		"arrays), or CSV or tab-separated values\n"
		"whose header names the event's fields; - is standard input. Files packed by gzip "
		"or zstd are unpacked on the way. Each event is created, or a\n"
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
		"any)\n\n"
		"Events are stored in batches; an interrupt ends the import between two of them, "
		"and running it again is safe.\n"
		"While another program writes to the ledger, the import waits for it, and says "
		"so.\n"
		"Exits with 1 if a record was rejected or in conflict, or a file could not be read "
		"to its end.\n",
	.run = run
};
