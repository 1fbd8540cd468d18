#include "intake_files.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "ingest/json_scan.h"
#include "base/banned.h"

#define TEXT_MAX (1u << 20)

const char *const intake_form_names[INTAKE_FORMS] = { "NDJSON",      "TSV",
						      "CSV",         "mapped CSV",
						      "JSON values", "pretty JSON values",
						      "JSON array",  "pretty JSON array" };

static uint64_t state;

void intake_seed(uint64_t seed)
{
	state = seed;
}

uint32_t intake_draw(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % n;
}

static bool one_in(uint32_t n)
{
	return intake_draw(n) == 0;
}

static bool has_rows(const struct intake_file *f)
{
	return f->form == FORM_TSV || f->form == FORM_CSV || f->form == FORM_MAPPED_CSV;
}

static bool is_array(const struct intake_file *f)
{
	return f->form == FORM_ARRAY || f->form == FORM_PRETTY_ARRAY;
}

static bool is_pretty(const struct intake_file *f)
{
	return f->form == FORM_PRETTY || f->form == FORM_PRETTY_ARRAY;
}

/* ---- rows ---- */

static const char *const columns[] = { "source",   "id",    "subject",  "time",
				       "category", "usage", "customer", "note" };

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/*
 * Texts that need quotes where there are some, and others. An event that is
 * sent again has the same.
 */
static const char *note_of(const struct intake_file *f, size_t id)
{
	static const char *const plain[] = { "", "a note", "not\\a\\path", "caf\xC3\xA9" };
	static const char *const quoted[] = { "\"\"", "\"two\nlines\"", "\"he said \"\"no\"\"\"",
					      "\",;|\"", "\"\n\n\"" };
	static const char *const stray[] = { "\"", "6\" pipe", "\"x\" y" };

	if (f->quotes && id % 3 == 0)
		return quoted[id % (sizeof(quoted) / sizeof(quoted[0]))];
	if (f->form == FORM_TSV && id % 3 == 0)
		return stray[id % (sizeof(stray) / sizeof(stray[0]))];
	return plain[id % (sizeof(plain) / sizeof(plain[0]))];
}

static void add_cell(struct intake_file *f, const char *text)
{
	strbuf_addf(&f->text, f->quotes && one_in(3) ? "\"%s\"%c" : "%s%c", text, f->delimiter);
}

static void add_row(struct intake_file *f, int id)
{
	char source[40], name[40];

	snprintf(source, sizeof(source), "/file/%d", f->number);
	snprintf(name, sizeof(name), "r-%d", id);
	add_cell(f, source);
	add_cell(f, name);
	add_cell(f, INTAKE_SID);
	add_cell(f, "2026-11-01T10:00:00Z");
	add_cell(f, "calls");
	add_cell(f, id % 2 ? "2.5" : "0");
	add_cell(f, "some customer");
	strbuf_add(&f->text, note_of(f, (size_t)id));
}

static void add_header(struct intake_file *f)
{
	for (size_t i = 0; i < COLUMNS; i++)
		strbuf_addf(&f->text, "%s%c", columns[i], i + 1 < COLUMNS ? f->delimiter : '\n');
}

/* ---- JSON ---- */

/* How the program that wrote a file sets it out. */
struct layout {
	const char *indent; /* of a level */
	int level;          /* of the records */
	bool braces_alone;  /* an object or an array begins on a line of its own */
	/*
	 * a record of an array begins on the line that the one before ends on
	 */
	bool joined;
	const char *line_end;
};

/* The level of the records, which each array has for itself. */
static int level_draw(const struct intake_file *f, const struct layout *l)
{
	return f->form == FORM_PRETTY_ARRAY && !l->joined ? (int)intake_draw(3) : 0;
}

static struct layout layout_draw(const struct intake_file *f)
{
	static const char *const indents[] = { "  ", "    ", "\t", " " };
	struct layout l = { .indent = indents[intake_draw(4)],
			    .line_end = one_in(4) ? "\r\n" : "\n" };

	l.braces_alone = one_in(3);
	l.joined = f->form == FORM_PRETTY_ARRAY && one_in(3);
	l.level = level_draw(f, &l);
	return l;
}

/* A new line, if the form has some, at a level below the record's. */
static void add_line(struct intake_file *f, const struct layout *l, int level)
{
	if (!is_pretty(f))
		return;
	strbuf_add(&f->text, l->line_end);
	for (int i = 0; i < l->level + level; i++)
		strbuf_add(&f->text, l->indent);
}

static void add_open(struct intake_file *f, const struct layout *l, int level, char bracket)
{
	if (l->braces_alone)
		add_line(f, l, level);
	strbuf_addc(&f->text, bracket);
}

static void add_tags(struct intake_file *f, const struct layout *l, size_t id)
{
	static const char *const texts[] = { "a\\\"}b", "{",     "}, {",
					     "[\\\\",   "plain", "caf\xC3\xA9 \\u00e9",
					     "}]\\n{" };

	strbuf_add(&f->text, "\"tags\":");
	add_open(f, l, 2, '[');
	add_line(f, l, 3);
	strbuf_add(&f->text, "1,");
	add_open(f, l, 3, '{');
	add_line(f, l, 4);
	strbuf_addf(&f->text, "\"x\": \"%s\"", texts[id % (sizeof(texts) / sizeof(texts[0]))]);
	add_line(f, l, 3);
	strbuf_add(&f->text, "}, []");
	add_line(f, l, 2);
	strbuf_addc(&f->text, ']');
}

static void add_json(struct intake_file *f, const struct layout *l, int id)
{
	for (int i = 0; is_pretty(f) && i < l->level; i++)
		strbuf_add(&f->text, l->indent);
	strbuf_addc(&f->text, '{');
	add_line(f, l, 1);
	strbuf_addf(&f->text, "\"source\": \"/file/%d\",", f->number);
	add_line(f, l, 1);
	strbuf_addf(&f->text, "\"id\":\"r-%d\", \"subject\":\"" INTAKE_SID "\",", id);
	add_line(f, l, 1);
	strbuf_add(&f->text, "\"time\":\"2026-11-01T10:00:00Z\", \"data\":");
	add_open(f, l, 1, '{');
	add_line(f, l, 2);
	strbuf_add(&f->text, "\"category\":\"calls\", \"usage\":\"2.5\",");
	add_line(f, l, 2);
	add_tags(f, l, (size_t)id);
	add_line(f, l, 1);
	strbuf_addc(&f->text, '}');
	add_line(f, l, 0);
	strbuf_addc(&f->text, '}');
}

/* ---- damage ---- */

/*
 * Puts LEN bytes in the place of TAKE at AT, which the last record ends behind.
 */
static void replace(struct intake_file *f, size_t at, size_t take, const char *bytes, size_t len)
{
	struct strbuf rest;

	strbuf_init(&rest, TEXT_MAX);
	strbuf_addn(&rest, f->text.text + at + take, f->text.len - at - take);
	f->text.len = at;
	strbuf_addn(&f->text, bytes, len);
	strbuf_addn(&f->text, rest.text, rest.len);
	strbuf_release(&rest);
}

/* Nothing is left of a record that is only what may stand between two. */
static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n,[]") >= len;
}

/* Makes another record of the one that begins AT and ends with the text. */
static void damage(struct intake_file *f, size_t at)
{
	static const char bytes[] = { '"', '\0', '\xFF', '\n', '\\', '}' };
	static char long_text[4 * INTAKE_RECORD_BYTES];
	size_t len = f->text.len - at, place = at + intake_draw((uint32_t)len);

	memset(long_text, 'x', sizeof(long_text));
	switch (intake_draw(5)) {
	case 0: /* cut off, as by a rotation of logs or a full disk */
		if (is_blank(f->text.text + at, place - at))
			place = at + len / 2;
		replace(f, place, at + len - place, "", 0);
		break;
	case 1: /* its beginning is missing */
		if (is_blank(f->text.text + place, at + len - place))
			place = at + len / 2;
		replace(f, at, place - at, "", 0);
		break;
	case 2:
		replace(f, at + len / 2, 0, long_text,
			INTAKE_RECORD_BYTES + intake_draw(3 * INTAKE_RECORD_BYTES));
		break;
	default:
		replace(f, place, intake_draw(2), &bytes[intake_draw(sizeof(bytes))], 1);
	}
}

/* ---- files ---- */

/* That of record I: now and then of one that came before, and is whole. */
static int id_draw(const struct intake_file *f, size_t i)
{
	const struct intake_record *again = i && one_in(8) ? &f->records[intake_draw((uint32_t)i)]
							   : NULL;

	return again && !again->damaged ? again->id : (int)i;
}

/*
 * Ends the record's line. In an array each record has its comma, also one that
 * is damaged.
 */
static void end_record(struct intake_file *f, struct layout *l, bool last)
{
	if (!is_array(f)) {
		strbuf_add(&f->text, last && one_in(4) ? ""
				     : has_rows(f)     ? one_in(8) ? "\r\n" : "\n"
						       : l->line_end);
	} else if (!last && one_in(16)) {
		strbuf_add(&f->text, one_in(2) ? "\n]\n[\n" : "\n][\n");
		l->level = level_draw(f, l);
	} else {
		strbuf_addf(&f->text, "%s%s", last ? "" : ",",
			    l->joined && !last ? " " : l->line_end);
	}
	if (!last && !l->joined && one_in(20))
		strbuf_add(&f->text, "\n");
}

static void add_record(struct intake_file *f, struct layout *l, size_t i, uint32_t damaged_of)
{
	struct intake_record *r = &f->records[i];

	r->at = f->text.len;
	r->id = id_draw(f, i);
	r->in_doubt = l->joined && i && f->records[i - 1].damaged;
	if (has_rows(f))
		add_row(f, r->id);
	else
		add_json(f, l, r->id);
	r->damaged = one_in(damaged_of);
	if (r->damaged)
		damage(f, r->at);
	if (r->damaged && one_in(8))
		damage(f, r->at);
	if (is_blank(f->text.text + r->at, f->text.len - r->at))
		strbuf_addc(&f->text, 'x');
	end_record(f, l, i + 1 == f->n);
	r->end = f->text.len;
}

/* ---- what damage may cost besides the record itself ---- */

/*
 * After a quote that is too much, rows may be read as one, up to as many bytes
 * as a record may have. One that is never closed costs its line.
 */
static void doubt_rows(struct intake_file *f)
{
	size_t doubt_end = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct intake_record *r = &f->records[i];

		r->in_doubt |= r->at < doubt_end;
		if (r->damaged && memchr(f->text.text + r->at, '"', r->end - r->at))
			doubt_end = r->end + INTAKE_RECORD_BYTES;
	}
}

/*
 * Marks the records that are part of a well-formed JSON value which begins AT.
 */
static void doubt_value(struct intake_file *f, size_t at)
{
	struct json_scan scan = { 0 };
	enum json_step step;
	size_t n, bad;

	n = json_scan(&scan, f->text.text + at, f->text.len - at, &step, &bad);
	if (step != JSON_END || scan.malformed || n > INTAKE_RECORD_BYTES)
		return;
	for (size_t i = 0; i < f->n; i++)
		f->records[i].in_doubt |= f->records[i].at > at && f->records[i].at < at + n;
}

/*
 * Where a record was cut and the beginning of one behind it is missing, the
 * rest of both may make one well-formed value, with everything between them in
 * it. No reader can know better.
 */
static void doubt_values(struct intake_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t at = f->records[i].at; f->records[i].damaged && at < f->records[i].end;
		     at++)
			if (f->text.text[at] == '{')
				doubt_value(f, at);
}

void intake_file_make(struct intake_file *f, int number)
{
	uint32_t damaged_of = one_in(3) ? 1000000 : 2 + intake_draw(8);
	struct layout l;

	*f = (struct intake_file) { .number = number,
				    .form = (enum intake_form)intake_draw(INTAKE_FORMS) };
	strbuf_init(&f->text, TEXT_MAX);
	f->n = 1 + intake_draw(INTAKE_RECORDS_MAX);
	f->delimiter = f->form == FORM_TSV          ? '\t'
		       : f->form == FORM_MAPPED_CSV ? ";|,\t"[intake_draw(4)]
						    : ',';
	f->quotes = f->form == FORM_CSV ||
		    (f->form == FORM_MAPPED_CSV && f->delimiter != '\t' && one_in(2));
	l = layout_draw(f);
	if (has_rows(f))
		add_header(f);
	if (is_array(f))
		strbuf_add(&f->text, l.joined ? "[ " : "[\n");
	for (size_t i = 0; i < f->n; i++)
		add_record(f, &l, i, damaged_of);
	if (is_array(f))
		strbuf_add(&f->text, "]\n");
	if (f->quotes)
		doubt_rows(f);
	else if (!has_rows(f) && f->form != FORM_NDJSON)
		doubt_values(f);
	assert(!f->text.failed);
}

void intake_file_release(struct intake_file *f)
{
	strbuf_release(&f->text);
}

int64_t intake_lines(const struct intake_file *f)
{
	const char *blank = f->form == FORM_NDJSON ? " \t\r" : "\r",
		   *end = f->text.text + f->text.len, *next;
	int64_t n = f->form == FORM_TSV ? -1 : 0; /* the header */

	if (f->form != FORM_NDJSON && f->form != FORM_TSV)
		return -1;
	for (const char *p = f->text.text; p < end; p = next) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		next = newline ? newline + 1 : end;
		n += strspn(p, blank) < (size_t)((newline ? newline : end) - p);
	}
	return n;
}

char *intake_pack(const struct strbuf *text, bool gzip, size_t *ret_len)
{
	size_t room = compressBound(text->len) + ZSTD_compressBound(text->len) + 100;
	z_stream z = { .next_in = (Bytef *)text->text,
		       .avail_in = (uInt)text->len,
		       .avail_out = (uInt)room };
	char *data = malloc(room);

	if (!data)
		abort();
	if (!gzip) {
		*ret_len = ZSTD_compress(data, room, text->text, text->len, 1);
		assert(!ZSTD_isError(*ret_len));
		return data;
	}
	z.next_out = (Bytef *)data;
	if (deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	*ret_len = z.total_out;
	deflateEnd(&z);
	return data;
}

void intake_mapping(const struct intake_file *f, struct strbuf *ret)
{
	strbuf_addf(ret,
		    "[file]\nheader = yes\ndelimiter = %s\nquote = %s\n[event]\nsource = "
		    "{source}\nid = {id}\nsubject = {subject}\n"
		    "time = {time}\ncategory = {category}\nusage = {usage}\n",
		    f->delimiter == ';'    ? "semicolon"
		    : f->delimiter == '|'  ? "bar"
		    : f->delimiter == '\t' ? "tab"
					   : "comma",
		    f->quotes ? "double" : "none");
}
