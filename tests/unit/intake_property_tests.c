/*
 * intake_property_tests.c - files of every form with damage at random: each record has a
 * verdict, and every undamaged one is created once. INTAKE_SEED and INTAKE_FILES choose
 * others, and more.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "base/secret.h"
#include "ingest/reader.h"
#include "ingest/unpack.h"
#include "usage/ledger.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/civil.h"
#include "base/banned.h"

#define SID "AC00000000000000000000000000000001"
#define NOW_US (INT64_C(1795258800) * USEC_PER_SEC)      /* 2026-11-21 */

enum { RECORD_BYTES = 1500, RECORDS_MAX = 60, FILES = 3000 };

enum form { NDJSON, TSV, CSV, MAPPED_CSV, VALUES, PRETTY, ARRAY, PRETTY_ARRAY, FORMS };
static const char *const form_names[FORMS] = {
	"NDJSON", "TSV", "CSV", "mapped CSV", "JSON values", "pretty JSON values", "JSON array", "pretty JSON array"
};

static struct error err;
static char dir[FOLDER_TEXT];
static uint64_t state;

/* ---- randomness that a seed repeats ---- */

static uint32_t draw(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % n;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- one file ---- */

struct record {
	int id;                      /* the same for a record that is sent again */
	bool damaged;
	size_t at, end;              /* in the text, with its line end */
};

struct file {
	enum form form;
	struct strbuf text;
	struct record records[RECORDS_MAX];
	size_t n;
	char delimiter;
	bool quotes;                 /* cells may be in quotes */
	bool stray;                  /* there are quotes where none should be */
	int created[RECORDS_MAX], duplicate[RECORDS_MAX];
	int64_t verdicts;
	bool failed;
};

static bool is_rows(enum form form)
{
	return form == TSV || form == CSV || form == MAPPED_CSV;
}

static void add_cell(struct file *f, const char *text, bool last)
{
	bool quoted = f->quotes && draw(3) == 0;

	strbuf_addf(&f->text, quoted ? "\"%s\"" : "%s", text);
	strbuf_addc(&f->text, last ? '\n' : f->delimiter);
}

static void add_row(struct file *f, int file, int id)
{
	char source[40], name[40];

	snprintf(source, sizeof(source), "/file/%d", file);
	snprintf(name, sizeof(name), "r-%d", id);
	add_cell(f, source, false);
	add_cell(f, name, false);
	add_cell(f, SID, false);
	add_cell(f, "2026-11-01T10:00:00Z", false);
	add_cell(f, "calls", false);
	add_cell(f, draw(2) ? "2.5" : "0", false);
	add_cell(f, "some customer", true);
}

static void add_json(struct file *f, int file, int id)
{
	bool pretty = f->form == PRETTY || f->form == PRETTY_ARRAY;
	const char *n = pretty ? f->form == PRETTY ? "\n  " : "\n    " : "", *end = f->form == PRETTY ? "\n" : pretty ? "\n  " : "";

	strbuf_addf(&f->text, "%s{%s\"source\": \"/file/%d\",%s\"id\":\"r-%d\",%s\"subject\":\"" SID "\",%s\"time\":\"2026-11-01T10:00:00Z\",",
		    f->form == PRETTY_ARRAY ? "  " : "", n, file, n, id, n, n);
	strbuf_addf(&f->text, "%s\"data\":{\"category\":\"calls\", \"usage\":\"2.5\",%s\"tags\": [1, {\"x\": \"a\\\"}b\"}, []]}%s}", n, n, end);
}

/* What a record of the file must not be, so that its damage doesn't hide it. */
static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n,") >= len;
}

/* ---- damage ---- */

/* Puts LEN bytes in the place of TAKE at AT, which the last record ends behind. */
static void replace(struct file *f, size_t at, size_t take, const char *bytes, size_t len)
{
	struct strbuf rest;

	strbuf_init(&rest, 1 << 20);
	strbuf_addn(&rest, f->text.text + at + take, f->text.len - at - take);
	f->text.len = at;
	strbuf_addn(&f->text, bytes, len);
	strbuf_addn(&f->text, rest.text, rest.len);
	strbuf_release(&rest);
}

/* Damages the record that begins AT and ends before its line end. */
static void damage(struct file *f, size_t at)
{
	static const char quote = '"', nul = '\0', bad = '\xFF';
	static char long_text[4 * RECORD_BYTES];
	size_t len = f->text.len - at, place = at + draw((uint32_t)len);

	memset(long_text, 'x', sizeof(long_text));
	switch (draw(6)) {
	case 0:         /* cut off, as by a rotation of logs or a full disk */
		if (place == at || is_blank(f->text.text + at, place - at))
			place = at + len / 2;
		replace(f, place, at + len - place, "", 0);
		break;
	case 1:         /* its beginning is missing */
		if (is_blank(f->text.text + place, at + len - place))
			place = at + len / 2;
		replace(f, at, place - at, "", 0);
		break;
	case 2:
		replace(f, place, draw(2), &bad, 1);
		break;
	case 3:
		replace(f, place, draw(2), &nul, 1);
		break;
	case 4:
		replace(f, place, 0, &quote, 1);
		f->stray |= f->quotes;
		break;
	default:
		replace(f, at + len / 2, 0, long_text, RECORD_BYTES + draw(3 * RECORD_BYTES));
	}
}

static void add_record(struct file *f, int file, size_t i, uint32_t damaged_of)
{
	struct record *r = &f->records[i];
	const struct record *again = i && draw(8) == 0 ? &f->records[draw((uint32_t)i)] : NULL;
	bool pretty = f->form == PRETTY || f->form == PRETTY_ARRAY;

	r->at = f->text.len;
	r->id = (int)i;
	if (again && !again->damaged) {
		struct strbuf copy;

		strbuf_init(&copy, 1 << 20);
		strbuf_addn(&copy, f->text.text + again->at, again->end - again->at);
		strbuf_addn(&f->text, copy.text, copy.len);
		strbuf_release(&copy);
		r->id = again->id;
		r->end = f->text.len;
		return;
	}
	if (is_rows(f->form))
		add_row(f, file, r->id);
	else
		add_json(f, file, r->id);
	while (f->text.len && f->text.text[f->text.len - 1] == '\n')
		f->text.len--;
	r->damaged = draw(damaged_of) == 0;
	if (r->damaged)
		damage(f, r->at);
	/* in an array each line has its comma, also one that is damaged */
	if (f->form == ARRAY || f->form == PRETTY_ARRAY)
		strbuf_add(&f->text, i + 1 < f->n ? ",\n" : "\n");
	else
		strbuf_add(&f->text, !pretty && draw(3) == 0 && is_rows(f->form) == false ? "\r\n" : "\n");
	r->end = f->text.len;
}

static void make(struct file *f, int file)
{
	uint32_t damaged_of = draw(3) == 0 ? 1000000 : 2 + draw(8);

	strbuf_init(&f->text, 1 << 20);
	f->form = (enum form)draw(FORMS);
	f->n = 1 + draw(RECORDS_MAX);
	f->delimiter = f->form == TSV ? '\t' : f->form == MAPPED_CSV ? ";|,\t"[draw(4)] : ',';
	f->quotes = f->form == CSV || (f->form == MAPPED_CSV && f->delimiter != '\t' && draw(2));
	if (is_rows(f->form))
		for (int i = 0; i < 7; i++) {
			static const char *const names[] = { "source", "id", "subject", "time", "category", "usage", "customer" };

			strbuf_addf(&f->text, "%s%c", names[i], i < 6 ? f->delimiter : '\n');
		}
	if (f->form == ARRAY || f->form == PRETTY_ARRAY)
		strbuf_add(&f->text, "[\n");
	for (size_t i = 0; i < f->n; i++)
		add_record(f, file, i, damaged_of);
	if (f->form == ARRAY || f->form == PRETTY_ARRAY)
		strbuf_add(&f->text, "]\n");
	ck_assert(!f->text.failed);
}

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

static struct mapping *load_mapping(const struct file *f)
{
	const char *name = f->delimiter == ';' ? "semicolon" : f->delimiter == '|' ? "bar" : f->delimiter == '\t' ? "tab" : "comma";
	int fd = memfd_create("mapping", MFD_CLOEXEC);
	struct mapping *m = NULL;
	char path[40];

	ck_assert_int_ge(fd, 0);
	dprintf(fd, "[file]\nheader = yes\ndelimiter = %s\nquote = %s\n[event]\nsource = {source}\nid = {id}\nsubject = {subject}\n"
		"time = {time}\ncategory = {category}\nusage = {usage}\n", name, f->quotes ? "double" : "none");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(mapping_load(path, &m, &err));
	close(fd);
	return m;
}

static void take_verdict(struct file *f, enum verdict v, int id)
{
	f->verdicts++;
	if (id < 0 || id >= RECORDS_MAX)
		return;
	f->created[id] += v == VERDICT_CREATED;
	f->duplicate[id] += v == VERDICT_DUPLICATE;
}

/* The record's number; -1: damage has made another id of it. */
static int id_of(const char *text)
{
	int id = -1, len = 0;

	return sscanf(text, "r-%d%n", &id, &len) == 1 && text[len] == '\0' ? id : -1;
}

/* Reads the LEN bytes of DATA, packed or not, and stores what they hold. */
static void take_in(struct file *f, struct ledger *l, const char *data, size_t len)
{
	static const enum reader_form forms[] = { READER_NDJSON, READER_TSV, READER_CSV, READER_CSV };
	struct bytes bytes = { data, len, 0, draw(2) ? SIZE_MAX : 1 + draw(3000) };
	struct mapping *m = f->form == MAPPED_CSV ? load_mapping(f) : NULL;
	struct unpacker *u = unpacker_new(PACKING_BY_CONTENT, read_from, &bytes, 0);
	struct reader *r = reader_new(f->form >= VALUES ? READER_JSON : forms[f->form], m, RECORD_BYTES, unpacker_read, u);
	const struct ledger_result *results;
	int ids[4 * RECORDS_MAX];
	enum read_result got;
	size_t n = 0, n_results;
	struct raw_event raw;
	struct event ev;

	error_clear(&err);
	while ((got = reader_next(r, &raw, &err)) != READ_END && got != READ_FAILED) {
		int id = -1;

		if (got == READ_EVENT && raw.field[EV_ID].text)
			id = id_of(raw.field[EV_ID].text);
		error_clear(&err);
		if (got != READ_EVENT || event_check(&raw, NOW_US, 0, &ev, &err) < 0 || ledger_add(l, &ev, &err) < 0)
			take_verdict(f, VERDICT_REJECTED, -1);
		else
			ids[n++] = id;
		error_clear(&err);
		ck_assert_uint_lt(n, 4 * RECORDS_MAX);
	}
	f->failed = got == READ_FAILED;
	error_clear(&err);
	OK(ledger_commit(l, &results, &n_results, &err));
	for (size_t i = 0; i < n_results; i++)
		take_verdict(f, results[i].verdict, ids[i]);
	reader_free(&r);
	unpacker_free(&u);
	mapping_free(&m);
}

static char *packed(const struct strbuf *text, bool gzip, size_t *ret_len)
{
	size_t room = compressBound(text->len) + ZSTD_compressBound(text->len) + 100;
	z_stream z = { .next_in = (Bytef *)text->text, .avail_in = (uInt)text->len, .avail_out = (uInt)room };
	char *data = malloc(room);

	ck_assert_ptr_nonnull(data);
	if (!gzip) {
		*ret_len = ZSTD_compress(data, room, text->text, text->len, 1);
		ck_assert(!ZSTD_isError(*ret_len));
		return data;
	}
	z.next_out = (Bytef *)data;
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_len = z.total_out;
	deflateEnd(&z);
	return data;
}

/* ---- what must be ---- */

/* Prints the records around the one that failed, and ends the test. */
static void fail_with(const struct file *f, int file, const char *what, size_t record)
{
	size_t from = record > 2 ? record - 2 : 0, to = record + 2 < f->n ? record + 2 : f->n;

	fprintf(stderr, "file %d:\n", file);
	for (size_t i = from < f->n ? f->records[from].at : 0; to && i < f->records[to - 1].end; i++)
		fprintf(stderr, f->text.text[i] == '\n' || (f->text.text[i] >= ' ' && f->text.text[i] < 0x7F) ? "%c" : "\\x%02x",
			(unsigned char)f->text.text[i]);
	ck_abort_msg("file %d (%s, delimiter %c, %squotes), record %zu %s", file, form_names[f->form], f->delimiter,
		     f->quotes ? "" : "no ", record, what);
}

static void check_whole(const struct file *f, int file)
{
	bool strict = !f->stray;

	for (size_t i = 0; i < f->n; i++) {
		const struct record *r = &f->records[i];

		if (f->created[r->id] > 1)
			fail_with(f, file, "was created twice", i);
		/* after a stray quote it depends on the next one what is a row */
		if (!strict && r->damaged)
			return;
		if (!r->damaged && f->created[r->id] != 1)
			fail_with(f, file, "was not created", i);
	}
	if ((f->form == NDJSON || f->form == TSV) && f->verdicts != (int64_t)f->n)
		fail_with(f, file, "is the last; the verdicts are not as many", f->n);
	if (f->form == TSV && f->failed)
		fail_with(f, file, "the stream failed", f->n);
}

/* Of a packed file that was cut, a beginning without a gap is stored, and that it was cut is told. */
static void check_cut(const struct file *f, int file)
{
	bool ended = false;

	if (!f->failed)
		fail_with(f, file, "nothing was told of the cut", 0);
	for (size_t i = 0; i < f->n; i++) {
		const struct record *r = &f->records[i];

		if (f->created[r->id] > 1)
			fail_with(f, file, "was created twice", i);
		if (r->damaged && f->stray)
			return;
		if (r->damaged)
			continue;
		if (ended && f->created[r->id] && r->id == (int)i)
			fail_with(f, file, "was created, but not the one before", i);
		ended |= !f->created[r->id];
	}
}

static void try_file(struct ledger *l, int file)
{
	struct file f = { 0 };
	bool cut;
	char *data;
	size_t len;

	make(&f, file);
	cut = draw(6) == 0;
	if (!cut && draw(2)) {
		take_in(&f, l, f.text.text, f.text.len);
		check_whole(&f, file);
		strbuf_release(&f.text);
		return;
	}
	data = packed(&f.text, draw(2), &len);
	take_in(&f, l, data, cut ? 20 + draw((uint32_t)len - 20) : len);
	if (cut)
		check_cut(&f, file);
	else
		check_whole(&f, file);
	free(data);
	strbuf_release(&f.text);
}

START_TEST(every_record_has_a_verdict_and_every_undamaged_one_is_created_once)
{
	struct category c = { .name = "calls", .description = "", .count_unit = "", .usage_unit = "" };
	struct account a = { .sid = SID, .name = "one", .currency = "USD" };
	struct ledger_options options = { 0 };
	struct store *st = NULL;
	struct ledger *l;
	char path[96];
	int files = (int)number_of("INTAKE_FILES", FILES);

	state = number_of("INTAKE_SEED", 1);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
	OK(store_open(path, STORE_WRITE | STORE_CREATE, 50, &st, &err));
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
