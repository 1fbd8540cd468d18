#include "ingest/template.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/banned.h"

#define FILTERS_MAX 8
#define PLACES_MAX 18        /* |n| stays in 64 bits, so that n * 10^18 fits in 128 */

struct filter;

struct applied {
	const struct filter *filter;
	struct decimal arg;
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

struct filter {
	const char *name;
	/* One of both. NUMBER is false where the result is no exact decimal of PLACES_MAX places. */
	bool (*number)(struct decimal x, struct decimal arg, struct decimal *ret);
	void (*letters)(char *text, size_t len);
};

/* ---- exact arithmetic ---- */

static wide ten_to(int places)
{
	wide n = 1;

	while (places-- > 0)
		n *= 10;
	return n;
}

/* Without needless zeros behind the point; false if it leaves the bounds. */
static bool settle(struct decimal d, struct decimal *ret)
{
	while (d.places > 0 && d.n % 10 == 0) {
		d.n /= 10;
		d.places--;
	}
	*ret = d;
	return d.places <= PLACES_MAX && d.n <= INT64_MAX && d.n >= -INT64_MAX;
}

/* Brings both to the same places. Returns how many. */
static int align(struct decimal *a, struct decimal *b)
{
	int places = a->places > b->places ? a->places : b->places;

	a->n *= ten_to(places - a->places);
	b->n *= ten_to(places - b->places);
	return places;
}

static bool number_add(struct decimal x, struct decimal arg, struct decimal *ret)
{
	int places = align(&x, &arg);

	return settle((struct decimal){ x.n + arg.n, places }, ret);
}

static bool number_mul(struct decimal x, struct decimal arg, struct decimal *ret)
{
	return settle((struct decimal){ x.n * arg.n, x.places + arg.places }, ret);
}

/* Long division, a digit at a time, until it comes out even. */
static bool number_div(struct decimal x, struct decimal arg, struct decimal *ret)
{
	const wide limit = ten_to(36);
	wide whole = x.n / arg.n, rest = x.n % arg.n;
	int places = x.places - arg.places;

	for (; places < 0 || rest != 0; places++) {
		if (places == PLACES_MAX || whole > limit || whole < -limit)
			return false;
		rest *= 10;
		whole = whole * 10 + rest / arg.n;
		rest %= arg.n;
	}
	return settle((struct decimal){ whole, places }, ret);
}

static bool number_mod(struct decimal x, struct decimal arg, struct decimal *ret)
{
	int places = align(&x, &arg);
	wide rest = x.n % arg.n;

	if (rest != 0 && (rest < 0) != (arg.n < 0))
		rest += arg.n;
	return settle((struct decimal){ rest, places }, ret);
}

static bool number_ceil(struct decimal x, struct decimal arg, struct decimal *ret)
{
	wide whole;

	align(&x, &arg);
	whole = x.n / arg.n;
	if (x.n % arg.n != 0 && (x.n < 0) == (arg.n < 0))
		whole++;
	return settle((struct decimal){ whole, 0 }, ret);
}

static bool number_read(const char *text, size_t len, struct decimal *ret)
{
	enum decimal_fault fault = DECIMAL_PLACES;
	int64_t n;
	int places;

	for (places = 0; fault == DECIMAL_PLACES && places <= PLACES_MAX; places++)
		fault = decimal_parse(text, len, places, INT64_MAX, &n);
	if (fault != DECIMAL_OK)
		return false;
	*ret = (struct decimal){ n, places - 1 };
	return true;
}

static void letters_lower(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] += 'a' - 'A';
}

static void letters_upper(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] -= 'a' - 'A';
}

static const struct filter filters[] = {
	{ "add",   .number = number_add },
	{ "ceil",  .number = number_ceil },
	{ "div",   .number = number_div },
	{ "lower", .letters = letters_lower },
	{ "mod",   .number = number_mod },
	{ "mul",   .number = number_mul },
	{ "upper", .letters = letters_upper },
	{ 0 }
};

static bool divides(const struct filter *f)
{
	return f->number == number_div || f->number == number_mod || f->number == number_ceil;
}

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

/* "ceil 60" */
static int compile_filter(char *text, struct template_part *part, struct error *err)
{
	struct applied *a = &part->filters[part->n_filters];
	size_t name_len = strcspn(text, " ");
	const char *arg = text + name_len + strspn(text + name_len, " ");

	if (part->n_filters == FILTERS_MAX)
		return error_set(err, ERR_PARAM, NULL, "{%s} has more than %d filters", part->text, FILTERS_MAX);
	for (a->filter = filters; a->filter->name; a->filter++)
		if (strlen(a->filter->name) == name_len && memcmp(a->filter->name, text, name_len) == 0)
			break;
	if (!a->filter->name)
		return error_set(err, ERR_PARAM, NULL, "there is no filter \"%.*s\"; there are add, ceil, div, lower, mod, mul and upper",
				 (int)name_len, text);
	if (a->filter->letters && *arg)
		return error_set(err, ERR_PARAM, NULL, "the filter %s takes no number", a->filter->name);
	if (a->filter->number && !number_read(arg, strlen(arg), &a->arg))
		return error_set(err, ERR_PARAM, NULL, "the filter %s needs a number, as in {%s|%s 60}", a->filter->name,
				 part->text, a->filter->name);
	if (divides(a->filter) && a->arg.n == 0)
		return error_set(err, ERR_PARAM, NULL, "the filter %s can't divide by 0", a->filter->name);
	part->n_filters++;
	return 0;
}

/* "billsec|ceil 60", which is changed. */
static int compile_column(char *text, struct template_part *part, struct error *err)
{
	char *next = text;
	char *name = strsep(&next, "|");

	part->text = trim_spaces(name);
	part->len = strlen(part->text);
	if (part->len == 0)
		return error_set(err, ERR_PARAM, NULL, "{} must name a column");
	part->kind = strcmp(part->text, "line") == 0 ? PART_LINE : strcmp(part->text, "row") == 0 ? PART_ROW : PART_COLUMN;
	while (next)
		if (compile_filter(trim_spaces(strsep(&next, "|")), part, err) < 0)
			return -1;
	return 0;
}

int template_compile(const char *text, struct arena *arena, struct template *ret, struct error *err)
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
		if (compile_column(arena_strn(arena, text + 1, len), part, err) < 0)
			return -1;
		text += len + 2;
	}
	return 0;
}

int template_bind(struct template *t, const char *const *names, size_t n, struct error *err)
{
	for (struct template_part *part = t->parts; part < t->parts + t->n; part++) {
		if (part->kind != PART_COLUMN)
			continue;
		for (part->column = 0; part->column < n; part->column++)
			if (strcmp(names[part->column], part->text) == 0)
				break;
		if (part->column == n)
			return error_set(err, ERR_PARAM, part->text, "there is no column %s", part->text);
	}
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

/* What stands in OUT from FROM on goes through the part's filters. */
static int apply_filters(const struct template_part *part, struct strbuf *out, size_t from, struct error *err)
{
	struct decimal n;
	bool numeric = false;

	for (const struct applied *a = part->filters; a < part->filters + part->n_filters; a++) {
		if (a->filter->letters) {
			if (numeric)
				put_number(out, from, n);
			numeric = false;
			a->filter->letters(out->text + from, out->len - from);
			continue;
		}
		if (!numeric && !number_read(out->text + from, out->len - from, &n))
			return error_set(err, ERR_PARAM, part->text, "%s must be a number for the filter %s", part->text, a->filter->name);
		numeric = true;
		if (!a->filter->number(n, a->arg, &n))
			return error_set(err, ERR_PARAM, part->text, "the filter %s has no exact result for this %s",
					 a->filter->name, part->text);
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
