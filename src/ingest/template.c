#include "ingest/template.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/number.h"
#include "base/banned.h"

#define FILTERS_MAX 8

struct filter;

struct applied {
	const struct filter *filter;
	struct decimal number;
	int places;                  /* of "div 60 to 2"; -1 if it must come out even */
	const char *text;
	size_t len;
	const struct table *table;
};

enum part_kind { PART_TEXT, PART_COLUMN, PART_LINE, PART_ROW };

struct template_part {
	enum part_kind kind;
	const char *text;            /* itself, or the column's name */
	size_t len;
	size_t column;
	struct applied filters[FILTERS_MAX];
	size_t n_filters;
};

enum takes { TAKES_NOTHING, TAKES_NUMBER, TAKES_DIVISOR, TAKES_PLACES, TAKES_TEXT, TAKES_TABLE };

struct filter {
	const char *name;
	enum takes takes;
	/* One of both. NUMBER is false where the result is no number within the bounds. */
	bool (*number)(struct decimal x, const struct applied *a, struct decimal *ret);
	/* Changes what stands in OUT from FROM on; false, for a table, if it isn't there. */
	bool (*text)(struct strbuf *out, size_t from, const struct applied *a);
};

/* ---- filters of numbers ---- */

static bool add(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_add(x, a->number, ret);
}

static bool mul(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_mul(x, a->number, ret);
}

static bool divide(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return a->places < 0 ? number_div(x, a->number, ret) : number_div_to(x, a->number, a->places, ret);
}

static bool mod(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_mod(x, a->number, ret);
}

static bool round_up(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_ceil(x, a->number, ret);
}

static bool round_down(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_floor(x, a->number, ret);
}

static bool round_to(struct decimal x, const struct applied *a, struct decimal *ret)
{
	return number_round(x, a->places, ret);
}

static bool at_least(struct decimal x, const struct applied *a, struct decimal *ret)
{
	*ret = number_compare(x, a->number) < 0 ? a->number : x;
	return true;
}

static bool at_most(struct decimal x, const struct applied *a, struct decimal *ret)
{
	*ret = number_compare(x, a->number) > 0 ? a->number : x;
	return true;
}

/* ---- filters of texts ---- */

static void cut(struct strbuf *out, size_t len)
{
	out->len = len;
	out->text[len] = '\0';
}

/* What stands from FROM on is TEXT, which may be a part of it. */
static void replace(struct strbuf *out, size_t from, const char *text, size_t len)
{
	if (len)
		memmove(out->text + from, text, len);
	cut(out, from + len);
}

static bool lower(struct strbuf *out, size_t from, const struct applied *a)
{
	(void)a;
	for (char *p = out->text + from; p < out->text + out->len; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return true;
}

static bool upper(struct strbuf *out, size_t from, const struct applied *a)
{
	(void)a;
	for (char *p = out->text + from; p < out->text + out->len; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool trim(struct strbuf *out, size_t from, const struct applied *a)
{
	size_t at = from, end = out->len;

	(void)a;
	while (end > at && is_space(out->text[end - 1]))
		end--;
	while (at < end && is_space(out->text[at]))
		at++;
	if (out->len > from)
		replace(out, from, out->text + at, end - at);
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* %XX becomes the byte; what isn't followed by two digits stays. */
static bool urldecode(struct strbuf *out, size_t from, const struct applied *a)
{
	char *to = out->text + from;

	(void)a;
	for (const char *p = to; p < out->text + out->len; p++) {
		bool coded = *p == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0;

		*to++ = coded ? (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) : *p;
		p += coded ? 2 : 0;
	}
	if (out->len > from)
		cut(out, (size_t)(to - out->text));
	return true;
}

static bool or_else(struct strbuf *out, size_t from, const struct applied *a)
{
	if (out->len == from)
		strbuf_addn(out, a->text, a->len);
	return true;
}

/* Where the filter's text stands in what there is from FROM on, or NULL. */
static const char *find(const struct strbuf *out, size_t from, const struct applied *a)
{
	return memmem(out->text + from, out->len - from, a->text, a->len);
}

static bool before(struct strbuf *out, size_t from, const struct applied *a)
{
	const char *at = find(out, from, a);

	if (at)
		cut(out, (size_t)(at - out->text));
	return true;
}

static bool after(struct strbuf *out, size_t from, const struct applied *a)
{
	const char *at = find(out, from, a);

	if (at)
		replace(out, from, at + a->len, (size_t)(out->text + out->len - at) - a->len);
	return true;
}

static bool look_up(struct strbuf *out, size_t from, const struct applied *a)
{
	const char *value = table_find(a->table, out->text + from, out->len - from);

	if (!value)
		return false;
	out->len = from;
	strbuf_add(out, value);
	return true;
}

static const struct filter filters[] = {
	{ "add",       TAKES_NUMBER,  .number = add },
	{ "after",     TAKES_TEXT,    .text = after },
	{ "atleast",   TAKES_NUMBER,  .number = at_least },
	{ "atmost",    TAKES_NUMBER,  .number = at_most },
	{ "before",    TAKES_TEXT,    .text = before },
	{ "ceil",      TAKES_DIVISOR, .number = round_up },
	{ "div",       TAKES_DIVISOR, .number = divide },
	{ "floor",     TAKES_DIVISOR, .number = round_down },
	{ "lower",     TAKES_NOTHING, .text = lower },
	{ "mod",       TAKES_DIVISOR, .number = mod },
	{ "mul",       TAKES_NUMBER,  .number = mul },
	{ "or",        TAKES_TEXT,    .text = or_else },
	{ "round",     TAKES_PLACES,  .number = round_to },
	{ "table",     TAKES_TABLE,   .text = look_up },
	{ "trim",      TAKES_NOTHING, .text = trim },
	{ "upper",     TAKES_NOTHING, .text = upper },
	{ "urldecode", TAKES_NOTHING, .text = urldecode },
	{ 0 }
};

/* ---- compiling ---- */

char *trim_spaces(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
	return text;
}

/* The names of all filters, for an error. */
static const char *filter_names(char buf[static 200])
{
	size_t at = 0;

	for (const struct filter *f = filters; f->name; f++)
		at += (size_t)snprintf(buf + at, 200 - at, "%s%s", f == filters ? "" : f[1].name ? ", " : " and ", f->name);
	return buf;
}

/* A number of decimal places, to *ret. */
static bool read_places(const char *text, int *ret)
{
	*ret = *text - '0';
	return *text >= '0' && *text <= '9' && !text[1];
}

static int needs_number(const struct applied *a, const struct template_part *part, struct error *err)
{
	return error_set(err, ERR_PARAM, NULL, "the filter %s needs a number, as in {%s|%s %s}", a->filter->name, part->text,
			 a->filter->name, a->filter->takes == TAKES_PLACES ? "2" : "60");
}

/* "60", or where it may be a quotient that is rounded, "60 to 2" */
static int compile_number(char *arg, struct applied *a, const struct template_part *part, struct error *err)
{
	char *to = a->filter->number == divide ? strstr(arg, " to ") : NULL;

	a->places = -1;
	if (to) {
		*to = '\0';
		if (!read_places(trim_spaces(to + 4), &a->places))
			return error_set(err, ERR_PARAM, NULL, "the filter div rounds to 0 to 9 places, as in {%s|div 60 to 2}", part->text);
	}
	arg = trim_spaces(arg);
	if (!number_read(arg, strlen(arg), &a->number))
		return needs_number(a, part, err);
	if (a->filter->takes == TAKES_DIVISOR && a->number.n == 0)
		return error_set(err, ERR_PARAM, NULL, "the filter %s can't divide by 0", a->filter->name);
	return 0;
}

/* What follows the filter's name. */
static int compile_arg(char *arg, struct applied *a, struct arena *arena, struct table **tables, const struct template_part *part,
		       struct error *err)
{
	a->text = arg;
	a->len = strlen(arg);
	switch (a->filter->takes) {
	case TAKES_NOTHING:
		return *arg ? error_set(err, ERR_PARAM, NULL, "the filter %s stands alone", a->filter->name) : 0;
	case TAKES_NUMBER:
	case TAKES_DIVISOR:
		return compile_number(arg, a, part, err);
	case TAKES_PLACES:
		return read_places(arg, &a->places) ? 0 : needs_number(a, part, err);
	case TAKES_TABLE:
		a->table = table_get(tables, arg, arena);
		break;
	case TAKES_TEXT:
		break;
	}
	return *arg ? 0 : error_set(err, ERR_PARAM, NULL, "the filter %s needs a text, as in {%s|%s x}", a->filter->name, part->text,
				    a->filter->name);
}

/* "ceil 60" */
static int compile_filter(char *text, struct arena *arena, struct table **tables, struct template_part *part, struct error *err)
{
	struct applied *a = &part->filters[part->n_filters];
	size_t name_len = strcspn(text, " ");
	char names[200];

	if (part->n_filters == FILTERS_MAX)
		return error_set(err, ERR_PARAM, NULL, "{%s} has more than %d filters", part->text, FILTERS_MAX);
	for (a->filter = filters; a->filter->name; a->filter++)
		if (strlen(a->filter->name) == name_len && memcmp(a->filter->name, text, name_len) == 0)
			break;
	if (!a->filter->name)
		return error_set(err, ERR_PARAM, NULL, "there is no filter \"%.*s\"; there are %s", (int)name_len, text, filter_names(names));
	part->n_filters++;
	return compile_arg(trim_spaces(text + name_len), a, arena, tables, part, err);
}

/* "billsec|ceil 60", which is changed. */
static int compile_column(char *text, struct arena *arena, struct table **tables, struct template_part *part, struct error *err)
{
	char *next = text;
	char *name = strsep(&next, "|");

	part->text = trim_spaces(name);
	part->len = strlen(part->text);
	if (part->len == 0)
		return error_set(err, ERR_PARAM, NULL, "{} must name a column");
	part->kind = strcmp(part->text, "line") == 0 ? PART_LINE : strcmp(part->text, "row") == 0 ? PART_ROW : PART_COLUMN;
	while (next)
		if (compile_filter(trim_spaces(strsep(&next, "|")), arena, tables, part, err) < 0)
			return -1;
	return 0;
}

int template_compile(const char *text, struct arena *arena, struct table **tables, struct template *ret, struct error *err)
{
	size_t most = 1;

	for (const char *p = text; *p; p++)
		most += *p == '{' ? 2 : 0;
	ret->parts = arena_array(arena, struct template_part, most);
	ret->n = 0;
	while (*text) {
		struct template_part *part = &ret->parts[ret->n++];
		size_t len = strcspn(text, "{}");

		if (len) {
			part->text = arena_strn(arena, text, len);
			part->len = len;
			text += len;
			continue;
		}
		len = strcspn(text + 1, "{}");
		if (*text == '}' || text[len + 1] != '}')
			return error_set(err, ERR_PARAM, NULL, "braces must come in pairs around a column's name");
		if (compile_column(arena_strn(arena, text + 1, len), arena, tables, part, err) < 0)
			return -1;
		text += len + 2;
	}
	return 0;
}

int record_column(struct record_columns *c, const char *name, size_t *ret, struct error *err)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->names[i], name) == 0)
			break;
	if (i == c->n && i == c->room)
		return error_set(err, ERR_PARAM, name, "there is no column %s", name);
	if (i == c->n)
		c->names[c->n++] = name;
	*ret = i;
	return 0;
}

int template_bind(struct template *t, struct record_columns *c, struct error *err)
{
	for (struct template_part *part = t->parts; part < t->parts + t->n; part++)
		if (part->kind == PART_COLUMN && record_column(c, part->text, &part->column, err) < 0)
			return -1;
	return 0;
}

/* ---- applying ---- */

const char *template_constant(const struct template *t, const struct csv_row *row, size_t *ret_len)
{
	const struct template_part *part = t->parts;

	if (t->n != 1 || part->n_filters || part->kind == PART_LINE || part->kind == PART_ROW)
		return NULL;
	*ret_len = part->kind == PART_TEXT ? part->len : row->lens[part->column];
	return part->kind == PART_TEXT ? part->text : row->cells[part->column];
}

static void put_number(struct strbuf *out, size_t from, struct decimal n)
{
	char text[DECIMAL_TEXT];
	size_t len = decimal_format(text, n.n, n.places);

	out->len = from;
	strbuf_addn(out, text, len);
}

static int filter_failed(const struct template_part *part, const struct applied *a, struct strbuf *out, size_t from, struct error *err)
{
	if (a->table)
		return error_set(err, ERR_PARAM, part->text, "[table %s] has nothing for \"%.100s\"", a->table->name, out->text + from);
	return error_set(err, ERR_PARAM, part->text, "the filter %s has no exact result for this %s", a->filter->name, part->text);
}

/* What stands in OUT from FROM on goes through the part's filters. */
static int apply_filters(const struct template_part *part, struct strbuf *out, size_t from, struct error *err)
{
	struct decimal n;
	bool numeric = false;

	for (const struct applied *a = part->filters; a < part->filters + part->n_filters; a++) {
		if (a->filter->text) {
			if (numeric)
				put_number(out, from, n);
			numeric = false;
			if (!a->filter->text(out, from, a))
				return filter_failed(part, a, out, from, err);
			continue;
		}
		if (!numeric && !number_read(out->text + from, out->len - from, &n))
			return error_set(err, ERR_PARAM, part->text, "%s must be a number for the filter %s", part->text, a->filter->name);
		numeric = true;
		if (!a->filter->number(n, a, &n))
			return filter_failed(part, a, out, from, err);
	}
	if (numeric)
		put_number(out, from, n);
	return 0;
}

int template_apply(const struct template *t, const struct csv_row *row, struct strbuf *out, struct error *err)
{
	for (const struct template_part *part = t->parts; part < t->parts + t->n; part++) {
		size_t from = out->len;

		switch (part->kind) {
		case PART_TEXT:
			strbuf_addn(out, part->text, part->len);
			break;
		case PART_COLUMN:
			strbuf_addn(out, row->cells[part->column], row->lens[part->column]);
			break;
		case PART_LINE:
			strbuf_addi(out, row->line);
			break;
		case PART_ROW:
			strbuf_addi(out, row->row);
			break;
		}
		if (apply_filters(part, out, from, err) < 0)
			return -1;
	}
	if (out->failed)
		return error_set(err, ERR_TOO_LARGE, NULL, "the mapped row is too long");
	return 0;
}
