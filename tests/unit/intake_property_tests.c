/*
 * intake_property_tests.c - files of every form with damage at random: each
 * record has a verdict, and every undamaged one is created once. INTAKE_SEED
 * and INTAKE_FILES choose others, and more; USAGED_LONG stands for many.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "ingest/reader.h"
#include "base/decompress.h"
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger.h"
#include "intake_files.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/civil.h"
#include "base/banned.h"

#define NOW_US (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21 */

enum { EVENTS_MAX = 4 * INTAKE_RECORDS_MAX, FILES = 2000, LONG_FILES = 30000 };

static struct error err;
static char dir[FOLDER_TEXT];

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* What came of a file. */
struct outcome {
	int created[INTAKE_RECORDS_MAX];
	int64_t verdicts, rejected;
	int64_t changed; /* events of which damage has made others */
	int64_t folded;  /* records over several lines */
	bool failed;
};

/* ---- reading ---- */

struct bytes {
	const char *text;
	size_t len, at, step;
};

static int64_t read_from(void *arg, void *buf, size_t size, struct error *e)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at;

	(void)e;
	n = n > b->step ? b->step : n;
	n = n > size ? size : n;
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	return (int64_t)n;
}

static struct mapping *load_mapping(const struct intake_file *f)
{
	int fd = memfd_create("mapping", MFD_CLOEXEC);
	struct mapping *m = NULL;
	struct strbuf text;
	char path[40];

	ck_assert_int_ge(fd, 0);
	strbuf_init(&text, 4096);
	intake_mapping(f, &text);
	ck_assert_int_eq(write(fd, text.text, text.len), (ssize_t)text.len);
	strbuf_release(&text);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(mapping_load(path, &m, &err));
	close(fd);
	return m;
}

static void take_verdict(struct outcome *o, enum verdict v, int id)
{
	o->verdicts++;
	o->rejected += v == VERDICT_REJECTED;
	o->changed += v != VERDICT_REJECTED && id < 0;
	if (v == VERDICT_CREATED && id >= 0 && id < INTAKE_RECORDS_MAX)
		o->created[id]++;
}

/* The record's number; -1: damage has made another event of it. */
static int id_of(const struct raw_event *ev, const struct intake_file *f)
{
	int file = -1, id = -1, len = 0;
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)ev->field[EV_SOURCE].len,
		 ev->field[EV_SOURCE].text);
	if (sscanf(text, "/file/%d%n", &file, &len) != 1 || text[len] || file != f->number)
		return -1;
	snprintf(text, sizeof(text), "%.*s", (int)ev->field[EV_ID].len, ev->field[EV_ID].text);
	return sscanf(text, "r-%d%n", &id, &len) == 1 && !text[len] ? id : -1;
}

/*
 * Adds all records of R to the batch, each with the number of its event in *IDS.
 * The records that can't be read have their verdict at once.
 */
static void take_records(const struct intake_file *f, struct reader *r, struct batch *b,
			 struct outcome *o, int ids[static EVENTS_MAX])
{
	enum read_result got;
	struct raw_event raw;

	while ((got = reader_next(r, &raw, &err)) != READ_END && got != READ_FAILED) {
		error_clear(&err);
		if (got != READ_EVENT || batch_add(b, &raw, NOW_US, 0, &err) < 0)
			take_verdict(o, VERDICT_REJECTED, -1);
		else
			ids[b->n - 1] = id_of(&raw, f);
		error_clear(&err);
		ck_assert_uint_lt(b->n, EVENTS_MAX);
	}
	o->failed = got == READ_FAILED;
	error_clear(&err);
}

/* Reads the LEN bytes of DATA, packed or not, and stores what they hold. */
static void take_in(const struct intake_file *f, struct ledger *l, const char *data, size_t len,
		    struct outcome *ret)
{
	static const enum reader_form forms[] = { READER_NDJSON, READER_TSV, READER_CSV,
						  READER_CSV };
	struct bytes bytes = { data, len, 0, intake_draw(2) ? SIZE_MAX : 1 + intake_draw(3000) };
	struct mapping *m = f->form == FORM_MAPPED_CSV ? load_mapping(f) : NULL;
	struct decompressor *u = decompressor_new(ENCODING_BY_CONTENT, read_from, &bytes, 0);
	struct reader *r = reader_new(f->form >= FORM_VALUES ? READER_JSON : forms[f->form], m,
				      INTAKE_RECORD_BYTES, decompressor_read, u);
	static struct batch batch;
	int ids[EVENTS_MAX];

	*ret = (struct outcome) { 0 };
	take_records(f, r, &batch, ret, ids);
	OK(batch_store(&batch, l, &err));
	for (size_t i = 0; i < batch.n; i++)
		take_verdict(ret, batch.events[i].verdict,
			     batch.events[i].verdict == VERDICT_REJECTED ? -1 : ids[i]);
	ret->folded = reader_folds(r).records;
	reader_free(&r);
	decompressor_free(&u);
	mapping_free(&m);
}

/* ---- what must be ---- */

/*
 * Prints the records around the one that failed, or those that are damaged, and
 * ends the test.
 */
static void fail_with(const struct intake_file *f, const char *what, size_t record)
{
	for (size_t k = 0; k < f->n; k++) {
		const struct intake_record *r = &f->records[k];
		size_t shown = r->end - r->at < 400 ? r->end : r->at + 400;

		if (record < f->n ? k + 2 < record || k > record + 1 : !r->damaged)
			continue;
		fprintf(stderr, "record %zu:\n", k);
		for (const char *p = f->text.text + r->at; p < f->text.text + shown; p++)
			fprintf(stderr, *p == '\n' || (*p >= ' ' && *p < 0x7F) ? "%c" : "\\x%02x",
				(unsigned char)*p);
	}
	ck_abort_msg("file %d (%s, delimiter %c, %squotes), record %zu %s", f->number,
		     intake_form_names[f->form], f->delimiter, f->quotes ? "" : "no ", record,
		     what);
}

/*
 * Damaged records one after the other of which none is an event of the file
 * have a verdict at least.
 */
static int64_t verdicts_needed(const struct intake_file *f, const struct outcome *o)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		bool told = false;

		if (!f->records[i].damaged)
			continue;
		for (; i < f->n && (f->records[i].damaged || f->records[i].in_doubt); i++)
			told |= f->records[i].id != (int)i || o->created[i];
		n += !told;
	}
	return n;
}

static void check_whole(const struct intake_file *f, const struct outcome *o)
{
	int64_t lines = intake_lines(f), damaged = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct intake_record *r = &f->records[i];

		damaged += r->damaged;
		if (o->created[r->id] > 1)
			fail_with(f, "was created twice", i);
		if (!r->damaged && !r->in_doubt && o->created[r->id] != 1)
			fail_with(f, "was not created", i);
		/*
		 * it is part of another record, and the summary tells of that
		 */
		if (f->quotes && !r->damaged && r->in_doubt && o->created[r->id] != 1 &&
		    o->folded == 0)
			fail_with(f, "was not created, nor any record that goes over several lines",
				  i);
	}
	if (!damaged && (o->failed || o->rejected || o->verdicts != (int64_t)f->n))
		fail_with(f, "is the last; nothing is damaged, but not all was good", f->n);
	if (lines >= 0 && o->verdicts != lines)
		fail_with(f, "is the last; there aren't as many verdicts as lines", f->n);
	if (!f->quotes && o->rejected + o->changed < verdicts_needed(f, o))
		fail_with(f, "is the last; damage has no verdict", f->n);
	if (f->form < FORM_VALUES && o->failed)
		fail_with(f, "is the last; the stream failed", f->n);
}

/*
 * Of a packed file that was cut, a beginning without a gap is stored, and that
 * it was cut is told.
 */
static void check_cut(const struct intake_file *f, const struct outcome *o)
{
	bool ended = false;

	if (!o->failed)
		fail_with(f, "is one of those of which nothing was told when the stream was cut",
			  0);
	for (size_t i = 0; i < f->n; i++) {
		const struct intake_record *r = &f->records[i];

		if (o->created[r->id] > 1)
			fail_with(f, "was created twice", i);
		if (r->damaged || r->in_doubt)
			continue;
		if (ended && o->created[r->id] && r->id == (int)i)
			fail_with(f, "was created, but not the one before", i);
		ended |= !o->created[r->id];
	}
}

static void try_file(struct ledger *l, int number)
{
	bool cut = intake_draw(6) == 0, packed = cut || intake_draw(2);
	struct intake_file f;
	struct outcome o;
	char *data = NULL;
	size_t len;

	intake_file_make(&f, number);
	if (packed)
		data = intake_pack(&f.text, intake_draw(2), &len);
	if (cut)
		len = 20 + intake_draw((uint32_t)len - 20);
	take_in(&f, l, packed ? data : f.text.text, packed ? len : f.text.len, &o);
	if (cut)
		check_cut(&f, &o);
	else
		check_whole(&f, &o);
	free(data);
	intake_file_release(&f);
}

START_TEST(every_record_has_a_verdict_and_every_undamaged_one_is_created_once)
{
	struct category c = {
		.name = "calls", .description = "", .count_unit = "", .usage_unit = ""
	};
	struct account a = { .sid = INTAKE_SID, .name = "one", .currency = "USD" };
	struct ledger_options options = { 0 };
	struct store *st = NULL;
	struct ledger *l;
	char path[96];
	int files = (int)number_of("INTAKE_FILES", getenv("USAGED_LONG") ? LONG_FILES : FILES);

	intake_seed(number_of("INTAKE_SEED", 1));
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
	OK(store_open(ledger_place(path), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	OK(store_begin_write(st, &err));
	OK(store_category_add(st, &c, &err));
	OK(store_account_add(st, &a, &err));
	OK(store_commit(st, &err));
	l = ledger_new(st, &options);
	for (int i = 0; i < files; i++)
		try_file(l, i);
	ck_assert_uint_eq(ledger_differences(st), 0);
	ledger_free(&l);
	store_close(&st);
	folder_remove(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intake properties");
	TCase *tc = tcase_create("files");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, every_record_has_a_verdict_and_every_undamaged_one_is_created_once);
	return run_suite(s);
}
