/*
 * cmd_export.c - exports all counted events in a form that usaged import reads.
 */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "ingest/event_out.h"
#include "base/compress.h"
#include "store/account.h"
#include "store/event_find.h"
#include "store/source.h"
#include "store/sums.h"
#include "usage/correct.h"
#include "base/banned.h"

#define OUT_BYTES 65536

enum { EXPORT_READ = 1000 }; /* events read at a time */

struct export
{
	struct command_list accounts;
	const char *from_text, *to_text, *format;
	bool overwrite;
	enum event_form form;
	int64_t from_us, to_us; /* range of effective time; TO exclusive */
	const char *path;       /* "-": standard output */
	char *part;             /* temporary name of the file until it is complete */
	FILE *file;
	struct compressor *compressor;
	struct strbuf out;
	const struct catalogue *catalogue;
	int64_t own_source; /* source of the entries of corrections; 0: none */
	struct progress progress;
	wide count, count_done; /* the amounts of all events to read, and of those read */
	/*
	 * written events; of these, amended ones; skipped events, whose
	 * correction counts instead
	 */
	int64_t written, amended, changed;
};

/* ---- one event ---- */

/*
 * Tells whether E is exported: an event that was not corrected or, under the
 * identity of the corrected event, the replacement that counts now.
 */
static bool stands_for(struct export *ex, struct found_event *e)
{
	if (e->event.source != ex->own_source) {
		ex->changed += e->state != EVENT_CURRENT;
		return e->state == EVENT_CURRENT;
	}
	if (e->state != EVENT_REPLACEMENT || e->last_correction != e->event.correction)
		return false;
	e->source = e->corrects_source;
	e->event.id = e->corrects;
	ex->amended++;
	return true;
}

static int flush(struct export *ex, struct error *err)
{
	if (compressor_write(ex->compressor, ex->out.text, ex->out.len, err) < 0)
		return -1;
	strbuf_clear(&ex->out);
	return 0;
}

static int export_event(struct export *ex, struct found_event *e, struct arena *arena,
			struct error *err)
{
	struct raw_event raw;

	if (!stands_for(ex, e))
		return 0;
	if (event_as_texts(ex->catalogue, e, arena, &raw, err) < 0)
		return -1;
	event_out_add(ex->form, &raw, &ex->out);
	ex->written++;
	return ex->out.len < OUT_BYTES ? 0 : flush(ex, err);
}

/* ---- all events ---- */

static int add_count(void *arg, const struct sums_row *row, struct error *err)
{
	struct export *ex = arg;

	(void)err;
	ex->count += row->amounts->count;
	return 0;
}

/*
 * Adds up the count of the events to export, for the progress: most events count
 * one. A range that ends within a quarter hour is taken whole.
 */
static int add_counts(struct export *ex, struct store *st, const int64_t *accounts, size_t n,
		      struct arena *arena, struct error *err)
{
	const struct slot_span span = { slot_of_instant(ex->from_us),
					slot_of_instant(ex->to_us - 1) + 1 };
	struct sums_account *list = arena_array(arena, struct sums_account, n);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct sums_account) { .id = accounts[i] };
	return store_sums(st,
			  &(struct sums_query) { .accounts = list,
						 .n_accounts = n,
						 .spans = &span,
						 .n_spans = 1,
						 .any_account = true },
			  add_count, ex, err);
}

enum { PARTS = 1000 };

static void show_progress(struct export *ex)
{
	bool known = ex->count > 0 && ex->count_done >= 0;

	progress_show(&ex->progress, known ? (int64_t)(ex->count_done * PARTS / ex->count) : 0,
		      known ? PARTS : 0, ex->written);
}

/* Exports the page of the account's events after ret->next, which it sets. */
static int export_page(struct export *ex, struct store *st, int64_t account, struct arena *arena,
		       struct found_events *ret, struct error *err)
{
	struct event_find q = { .accounts = &account,
				.n_accounts = 1,
				.from_us = ex->from_us,
				.to_us = ex->to_us,
				.state = -1,
				.oldest_first = true,
				.attributes = true };
	struct event_slice page = { ret->next, EXPORT_READ };

	if (interrupted)
		return error_set(err, ERR_BUSY, NULL, "interrupted");
	if (store_events_find(st, &q, &page, arena, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		ex->count_done += ret->list[i].event.amounts.count;
		if (export_event(ex, &ret->list[i], arena, err) < 0)
			return -1;
	}
	return 0;
}

static int export_account(struct export *ex, struct store *st, int64_t account, struct error *err)
{
	struct found_events found = { .more = true };
	/* used in turn: the next page begins at a text of the page before */
	struct arena page[2];
	int rc = 0;

	arena_init(&page[0]);
	arena_init(&page[1]);
	for (int p = 0; found.more && rc == 0; p = !p) {
		arena_reset(&page[p]);
		rc = export_page(ex, st, account, &page[p], &found, err);
		show_progress(ex);
	}
	arena_release(&page[0]);
	arena_release(&page[1]);
	return rc;
}

/* Finds the accounts that the options name, or all accounts. */
static int find_accounts(const struct export *ex, struct store *st, struct arena *arena,
			 int64_t **ret, size_t *ret_n, struct error *err)
{
	struct account *all;

	*ret_n = ex->accounts.n;
	if (ex->accounts.n == 0) {
		if (store_accounts(st, 0, arena, &all, ret_n, err) < 0)
			return -1;
		*ret = arena_array(arena, int64_t, *ret_n);
		for (size_t i = 0; i < *ret_n; i++)
			(*ret)[i] = all[i].id;
		return 0;
	}
	*ret = arena_array(arena, int64_t, *ret_n);
	for (size_t i = 0; i < *ret_n; i++)
		if (command_account_id(st, arena, "account", ex->accounts.items[i], &(*ret)[i],
				       err) < 0)
			return -1;
	return 0;
}

static int export_accounts(struct export *ex, struct store *st, const int64_t *accounts, size_t n,
			   struct arena *arena, struct error *err)
{
	if (add_counts(ex, st, accounts, n, arena, err) < 0)
		return -1;
	event_out_begin(ex->form, &ex->out);
	for (size_t i = 0; i < n; i++)
		if (export_account(ex, st, accounts[i], err) < 0)
			return -1;
	return flush(ex, err);
}

static int export_all(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct export *ex = arg;
	int64_t *accounts;
	size_t n;
	int rc;

	if (catalogue_load(st, arena, &ex->catalogue, err) < 0 ||
	    find_accounts(ex, st, arena, &accounts, &n, err) < 0 ||
	    store_source_find(st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &ex->own_source,
			      err) < 0)
		return -1;
	progress_begin(&ex->progress, "exporting", "events");
	rc = export_accounts(ex, st, accounts, n, arena, err);
	progress_end(&ex->progress);
	if (rc == 0)
		rc = compressor_finish(ex->compressor, err);
	return rc;
}

/* ---- the file ---- */

static bool to_stdout(const struct export *ex)
{
	return strcmp(ex->path, "-") == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static enum encoding encoding_of_name(const char *path)
{
	return ends_with(path, ".gz")    ? ENCODING_GZIP
	       : ends_with(path, ".zst") ? ENCODING_ZSTD
					 : ENCODING_NONE;
}

static int file_open(struct export *ex, struct error *err)
{
	struct strbuf part;

	strbuf_init(&ex->out, OUT_BYTES * 4);
	if (to_stdout(ex)) {
		ex->file = stdout;
	} else {
		if (!ex->overwrite && access(ex->path, F_OK) == 0)
			return error_set(err, ERR_CONFLICT, NULL,
					 "%s is there already; --overwrite replaces it", ex->path);
		strbuf_init(&part, 4096);
		strbuf_addf(&part, "%s.part", ex->path);
		ex->part = strbuf_take(&part);
		ex->file = ex->part ? fopen(ex->part, "we") : NULL;
		if (!ex->file)
			return error_system(err, ex->path, ex->part ? errno : ENAMETOOLONG);
	}
	ex->compressor = compressor_new(encoding_of_name(ex->path), ex->file);
	return 0;
}

/* Gives the file its name once it is complete and on disk. */
static int file_close(struct export *ex, bool good, struct error *err)
{
	int rc = good ? 0 : -1;

	compressor_free(&ex->compressor);
	strbuf_release(&ex->out);
	if (!ex->part)
		return rc;
	if (rc == 0 && fsync(fileno(ex->file)) < 0)
		rc = error_system(err, ex->path, errno);
	if (ex->file && fclose(ex->file) != 0 && rc == 0)
		rc = error_system(err, ex->path, errno);
	if (rc == 0 && rename(ex->part, ex->path) < 0)
		rc = error_system(err, ex->path, errno);
	if (rc < 0 && ex->file)
		unlink(ex->part);
	free(ex->part);
	return rc;
}

/* ---- the command ---- */

/* Reads a day (in UTC) or an instant. */
static bool read_moment(const char *text, int64_t *ret_us)
{
	struct date d;

	if (!date_parse(text, strlen(text), &d))
		return instant_parse(text, strlen(text), false, ret_us);
	*ret_us = date_to_days(d) * SEC_PER_DAY * USEC_PER_SEC;
	return true;
}

static int check_call(struct export *ex)
{
	ex->from_us = 0;
	ex->to_us = INT64_MAX;
	if (ex->from_text && !read_moment(ex->from_text, &ex->from_us))
		return command_wrong(&command_export, "--from must be a day such as 2026-11-01, or "
						      "a time such as 2026-11-01T10:00:00Z");
	if (ex->to_text && !read_moment(ex->to_text, &ex->to_us))
		return command_wrong(&command_export, "--to must be a day such as 2026-11-01, or a "
						      "time such as 2026-11-01T10:00:00Z");
	if (ex->from_us < 0 || ex->from_us >= ex->to_us)
		return command_wrong(&command_export, "--to must be later than --from");
	if (!ex->format)
		ex->format = ends_with(ex->path, ".csv") || ends_with(ex->path, ".csv.gz") ||
					     ends_with(ex->path, ".csv.zst")
				     ? "csv"
				     : "ndjson";
	ex->form = strcmp(ex->format, "csv") == 0 ? EVENT_CSV : EVENT_NDJSON;
	if (ex->form != EVENT_CSV && strcmp(ex->format, "ndjson") != 0)
		return command_wrong(&command_export, "--format must be ndjson or csv");
	return EXIT_DONE;
}

static int export_file(struct export *ex, const struct settings *s)
{
	struct error err = { 0 };
	int rc = EXIT_FAILED;

	interrupt_catch();
	if (file_open(ex, &err) == 0)
		rc = command_in_ledger("export", s, 0, export_all, ex);
	if (file_close(ex, rc == EXIT_DONE, &err) < 0)
		return err.kind ? command_fail("export", &err) : EXIT_FAILED;
	fprintf(to_stdout(ex) ? stderr : stdout,
		"%s: %" PRId64 " events, %" PRId64 " of them amended; %" PRId64
		" left out that were amended or "
		"are void\n",
		to_stdout(ex) ? "export" : ex->path, ex->written, ex->amended, ex->changed);
	return rc;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct export ex = { .path = "-" };
	const struct command_option options[] = {
		{ "account", .list = &ex.accounts },    { "from", .text = &ex.from_text },
		{ "to", .text = &ex.to_text },          { "format", .text = &ex.format },
		{ "overwrite", .flag = &ex.overwrite }, { 0 }
	};
	int rc;

	if (!command_options(&command_export, options, &argc, argv, &rc))
		return rc;
	if (argc > 2)
		return command_wrong(&command_export, "one file at most can be named");
	if (argc == 2)
		ex.path = argv[1];
	rc = check_call(&ex);
	return rc == EXIT_DONE ? export_file(&ex, s) : rc;
}

const struct command command_export = {
	.name = "export",
	.usage = "export [--account SID]... [--from TIME] [--to TIME] [--format ndjson|csv] "
		 "[--overwrite] [FILE]",
	.summary = "write the events that count to a file",
	.help = "Writes the events that count now, in the form that `usaged import` and POST "
		"/events read: an amended event has its\n"
		"new content under its own source and id, a void one is left out. A ledger with "
		"the same accounts and categories that\n"
		"imports the file gives the same reports. The events are those of one moment, "
		"whoever writes meanwhile. FILE is compressed\n"
		"if its name ends in .gz or .zst; - or none is standard output.\n\n"
		"  --account SID    only of this account (may be given several times); its "
		"subaccounts are accounts of their own\n"
		"  --from TIME      only what counts from then on: a day (from midnight UTC), or a "
		"time with offset\n"
		"  --to TIME        only what counts before then\n"
		"  --format FORMAT  ndjson, or csv; else as the file's name says, or ndjson\n"
		"  --overwrite      FILE may be there already; it is replaced when the export is "
		"done\n\n"
		"Until the export is done there is only FILE.part.\n",
	.run = run
};
