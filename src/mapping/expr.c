#include "mapping/expr.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mapping/number.h"
#include "base/banned.h"

#define FILTERS_MAX 8
#define DEPTH_MAX   4 /* nesting of columns as operands of filters */

struct template_filter;

/* The operands of a filter. */
struct operand {
	struct decimal number;
	int places; /* 2 in "div 60 to 2"; -1: the quotient must be exact */
	const char *text;
	size_t len;
	const struct table *table;
	const struct time_form *form;   /* NULL: the form of the row */
	const struct record_cells *row; /* the current row */
};

struct applied {
	const struct template_filter *filter;
	struct operand operand;
	/* the column whose cell is the operand; or NULL */
	struct expr_part *column;
};

enum part_kind { PART_TEXT, PART_COLUMN, PART_LINE, PART_ROW };

struct expr_part {
	enum part_kind kind;
	const char *text; /* the text, or the column's name */
	size_t len;
	size_t column;
	struct applied *filters; /* FILTERS_MAX of them; NULL: none */
	size_t n_filters;
};

enum takes {
	TAKES_NOTHING,
	TAKES_NUMBER,
	TAKES_DIVISOR,
	TAKES_PLACES,
	TAKES_TEXT,
	TAKES_TABLE,
	TAKES_FORM
};

struct template_filter {
	const char *name;
	enum takes takes;
	/*
	 * Exactly one of these functions is set. NUMBER changes a number;
	 * returns false if the result is undefined or out of bounds.
	 */
	bool (*number)(struct decimal x, const struct operand *o, struct decimal *ret);
	/*
	 * Changes the text in OUT from FROM on. Returns false if a table
	 * doesn't have the text.
	 */
	bool (*text)(struct strbuf *out, size_t from, const struct operand *o);
	/*
	 * Makes a number of a text. Returns false if the text has another form.
	 */
	bool (*read)(const char *text, size_t len, const struct operand *o, struct decimal *ret);
};

/* ---- filters of numbers ---- */

static bool add(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_add(x, o->number, ret);
}

static bool subtract(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_add(x, (struct decimal) { -o->number.n, o->number.places }, ret);
}

static bool mul(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_mul(x, o->number, ret);
}

static bool divide(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return o->places < 0 ? number_div(x, o->number, ret)
			     : number_div_to(x, o->number, o->places, ret);
}

static bool mod(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_mod(x, o->number, ret);
}

static bool round_up(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_ceil(x, o->number, ret);
}

static bool round_down(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_floor(x, o->number, ret);
}

static bool round_to(struct decimal x, const struct operand *o, struct decimal *ret)
{
	return number_round(x, o->places, ret);
}

static bool at_least(struct decimal x, const struct operand *o, struct decimal *ret)
{
	*ret = number_compare(x, o->number) < 0 ? o->number : x;
	return true;
}

static bool at_most(struct decimal x, const struct operand *o, struct decimal *ret)
{
	*ret = number_compare(x, o->number) > 0 ? o->number : x;
	return true;
}

/* ---- filters of texts ---- */

static void cut(struct strbuf *out, size_t len)
{
	out->len = len;
	out->text[len] = '\0';
}

/*
 * Replaces the text from FROM on by TEXT, which may be a part of the replaced
 * text.
 */
static void replace(struct strbuf *out, size_t from, const char *text, size_t len)
{
	if (len)
		memmove(out->text + from, text, len);
	cut(out, from + len);
}

static bool lower(struct strbuf *out, size_t from, const struct operand *o)
{
	(void)o;
	for (char *p = out->text + from; p < out->text + out->len; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return true;
}

static bool upper(struct strbuf *out, size_t from, const struct operand *o)
{
	(void)o;
	for (char *p = out->text + from; p < out->text + out->len; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool trim(struct strbuf *out, size_t from, const struct operand *o)
{
	size_t at = from, end = out->len;

	(void)o;
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
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

/* Decodes %XX. A % that two hexadecimal digits don't follow is unchanged. */
static bool urldecode(struct strbuf *out, size_t from, const struct operand *o)
{
	char *to = out->text + from;

	(void)o;
	for (const char *p = to; p < out->text + out->len; p++) {
		bool coded = *p == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0;

		*to++ = coded ? (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) : *p;
		p += coded ? 2 : 0;
	}
	if (out->len > from)
		cut(out, (size_t)(to - out->text));
	return true;
}

static bool or_else(struct strbuf *out, size_t from, const struct operand *o)
{
	if (out->len == from)
		strbuf_addn(out, o->text, o->len);
	return true;
}

/* Finds the operand's text in OUT from FROM on, or returns NULL. */
static const char *find(const struct strbuf *out, size_t from, const struct operand *o)
{
	return memmem(out->text + from, out->len - from, o->text, o->len);
}

static bool before(struct strbuf *out, size_t from, const struct operand *o)
{
	const char *at = find(out, from, o);

	if (at)
		cut(out, (size_t)(at - out->text));
	return true;
}

static bool after(struct strbuf *out, size_t from, const struct operand *o)
{
	const char *at = find(out, from, o);

	if (at)
		replace(out, from, at + o->len, (size_t)(out->text + out->len - at) - o->len);
	return true;
}

static bool look_up(struct strbuf *out, size_t from, const struct operand *o)
{
	const char *value = table_find(o->table, out->text + from, out->len - from, o->row->comma);

	if (!value)
		return false;
	out->len = from;
	strbuf_add(out, value);
	return true;
}

/* ---- filters that read ---- */

/* Reads a time as seconds since 1970-01-01T00:00:00Z. */
static bool seconds(const char *text, size_t len, const struct operand *o, struct decimal *ret)
{
	struct time_form form = o->form ? *o->form : *o->row->time;
	int64_t us;

	form.zone = o->row->time->zone;
	form.comma = o->row->comma;
	if (!time_form_read(&form, text, len, &us))
		return false;
	*ret = (struct decimal) { us, 6 };
	return true;
}

static const struct template_filter filters[] = { { "add", TAKES_NUMBER, .number = add },
						  { "after", TAKES_TEXT, .text = after },
						  { "atleast", TAKES_NUMBER, .number = at_least },
						  { "atmost", TAKES_NUMBER, .number = at_most },
						  { "before", TAKES_TEXT, .text = before },
						  { "ceil", TAKES_DIVISOR, .number = round_up },
						  { "div", TAKES_DIVISOR, .number = divide },
						  { "floor", TAKES_DIVISOR, .number = round_down },
						  { "lower", TAKES_NOTHING, .text = lower },
						  { "mod", TAKES_DIVISOR, .number = mod },
						  { "mul", TAKES_NUMBER, .number = mul },
						  { "or", TAKES_TEXT, .text = or_else },
						  { "round", TAKES_PLACES, .number = round_to },
						  { "seconds", TAKES_FORM, .read = seconds },
						  { "sub", TAKES_NUMBER, .number = subtract },
						  { "table", TAKES_TABLE, .text = look_up },
						  { "trim", TAKES_NOTHING, .text = trim },
						  { "upper", TAKES_NOTHING, .text = upper },
						  { "urldecode", TAKES_NOTHING, .text = urldecode },
						  { 0 } };

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

/* The state of compiling an expression. */
struct compiling {
	struct arena *arena;
	struct table **tables;
	int depth; /* nesting of the current column */
	struct error *err;
};

/* Lists the names of all filters, for an error. */
static const char *filter_names(char buf[static 200])
{
	size_t at = 0;

	for (const struct template_filter *f = filters; f->name; f++)
		at += (size_t)snprintf(buf + at, 200 - at, "%s%s",
				       f == filters ? ""
				       : f[1].name  ? ", "
						    : " and ",
				       f->name);
	return buf;
}

/* Reads a number of decimal places into *ret. */
static bool read_places(const char *text, int *ret)
{
	*ret = *text - '0';
	return *text >= '0' && *text <= '9' && !text[1];
}

static int needs_number(const struct compiling *c, const struct applied *a,
			const struct expr_part *part)
{
	return error_set(c->err, ERR_PARAM, NULL, "the filter %s needs a number, as in {%s|%s %s}",
			 a->filter->name, part->text, a->filter->name,
			 a->filter->takes == TAKES_PLACES ? "2" : "60");
}

/* The length of TEXT up to the first of STOPS outside of inner braces. */
static size_t span_outside(const char *text, const char *stops)
{
	const char *p;
	int depth = 0;

	for (p = text; *p && (depth > 0 || !strchr(stops, *p)); p++)
		depth += (*p == '{') - (*p == '}');
	return (size_t)(p - text);
}

static int braces_wrong(struct error *err)
{
	return error_set(err, ERR_PARAM, NULL, "braces must come in pairs around a column's name");
}

static int compile_column(const struct compiling *c, char *text, struct expr_part *part);

/*
 * Compiles an operand that is a column, "{n}". Returns 1, 0 if ARG is no
 * column, or -1.
 */
static int compile_operand(const struct compiling *c, char *arg, struct applied *a)
{
	struct compiling inner = *c;
	size_t len = strlen(arg);

	if (*arg != '{')
		return strpbrk(arg, "{}") ? braces_wrong(c->err) : 0;
	if (arg[len - 1] != '}')
		return braces_wrong(c->err);
	if (++inner.depth > DEPTH_MAX)
		return error_set(c->err, ERR_PARAM, NULL,
				 "columns may stand in each other's filters up to %d deep",
				 DEPTH_MAX);
	arg[len - 1] = '\0';
	a->column = arena_new(c->arena, struct expr_part);
	return compile_column(&inner, arg + 1, a->column) < 0 ? -1 : 1;
}

/*
 * Compiles a number as an operand: "60", or "60 to 2" for a filter that
 * divides.
 */
static int compile_number(const struct compiling *c, char *arg, struct applied *a,
			  const struct expr_part *part)
{
	char *to = a->filter->number == divide ? strstr(arg + span_outside(arg, " "), " to ")
					       : NULL;
	int rc;

	a->operand.places = -1;
	if (to) {
		*to = '\0';
		if (!read_places(trim_spaces(to + 4), &a->operand.places))
			return error_set(
				c->err, ERR_PARAM, NULL,
				"the filter div rounds to 0 to 9 places, as in {%s|div 60 to 2}",
				part->text);
	}
	arg = trim_spaces(arg);
	rc = compile_operand(c, arg, a);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!number_read(arg, strlen(arg), false, &a->operand.number))
		return needs_number(c, a, part);
	if (a->filter->takes == TAKES_DIVISOR && a->operand.number.n == 0)
		return error_set(c->err, ERR_PARAM, NULL, "the filter %s can't divide by 0",
				 a->filter->name);
	return 0;
}

/*
 * Compiles the operand of "seconds": empty, or the form of the time as in
 * "seconds %d.%m.%Y %H:%M".
 */
static int compile_form(const struct compiling *c, const char *arg, struct applied *a)
{
	struct time_form *form;
	struct error own = { 0 };

	if (!*arg)
		return 0;
	form = arena_new(c->arena, struct time_form);
	a->operand.form = form;
	if (time_form_compile(form, arg, &own) == 0)
		return 0;
	return error_set(c->err, ERR_PARAM, NULL, "the form of the filter %s %s", a->filter->name,
			 own.message);
}

/* Compiles the text after the filter's name. */
static int compile_arg(const struct compiling *c, char *arg, struct applied *a,
		       const struct expr_part *part)
{
	a->operand.text = arg;
	a->operand.len = strlen(arg);
	switch (a->filter->takes) {
	case TAKES_NOTHING:
		return *arg ? error_set(c->err, ERR_PARAM, NULL, "the filter %s stands alone",
					a->filter->name)
			    : 0;
	case TAKES_NUMBER:
	case TAKES_DIVISOR:
		return compile_number(c, arg, a, part);
	case TAKES_PLACES:
		return read_places(arg, &a->operand.places) ? 0 : needs_number(c, a, part);
	case TAKES_FORM:
		return compile_form(c, arg, a);
	case TAKES_TABLE:
		a->operand.table = table_get(c->tables, arg, c->arena);
		break;
	case TAKES_TEXT:
		if (compile_operand(c, arg, a) < 0)
			return -1;
		break;
	}
	return *arg ? 0
		    : error_set(c->err, ERR_PARAM, NULL,
				"the filter %s needs a text, as in {%s|%s x}", a->filter->name,
				part->text, a->filter->name);
}

/* Compiles a filter such as "ceil 60". */
static int compile_filter(const struct compiling *c, char *text, struct expr_part *part)
{
	size_t name_len = strcspn(text, " ");
	struct applied *a;
	char names[200];

	if (part->n_filters == FILTERS_MAX)
		return error_set(c->err, ERR_PARAM, NULL, "{%s} has more than %d filters",
				 part->text, FILTERS_MAX);
	if (!part->filters)
		part->filters = arena_array(c->arena, struct applied, FILTERS_MAX);
	a = &part->filters[part->n_filters];
	for (a->filter = filters; a->filter->name; a->filter++)
		if (strlen(a->filter->name) == name_len &&
		    memcmp(a->filter->name, text, name_len) == 0)
			break;
	if (!a->filter->name)
		return error_set(c->err, ERR_PARAM, NULL,
				 "there is no filter \"%.*s\"; there are %s", (int)name_len, text,
				 filter_names(names));
	part->n_filters++;
	return compile_arg(c, trim_spaces(text + name_len), a, part);
}

/*
 * Cuts off the item that ends at the next bar, and moves *NEXT after the bar.
 * Returns NULL after the last item.
 */
static char *next_item(char **next)
{
	char *item = *next;
	size_t len = span_outside(item, "|");

	*next = item[len] ? item + len + 1 : NULL;
	item[len] = '\0';
	return trim_spaces(item);
}

/* Compiles a column with filters, such as "billsec|ceil 60". Changes TEXT. */
static int compile_column(const struct compiling *c, char *text, struct expr_part *part)
{
	char *next = text;

	part->text = next_item(&next);
	part->len = strlen(part->text);
	if (part->len == 0)
		return error_set(c->err, ERR_PARAM, NULL, "{} must name a column");
	if (strpbrk(part->text, "{}"))
		return braces_wrong(c->err);
	part->kind = strcmp(part->text, "line") == 0  ? PART_LINE
		     : strcmp(part->text, "row") == 0 ? PART_ROW
						      : PART_COLUMN;
	while (next)
		if (compile_filter(c, next_item(&next), part) < 0)
			return -1;
	return 0;
}

int expr_compile(const char *text, struct arena *arena, struct table **tables, struct expr *ret,
		 struct error *err)
{
	const struct compiling c = { arena, tables, 0, err };
	size_t most = 1;

	for (const char *p = text; *p; p++)
		most += *p == '{' ? 2 : 0;
	ret->parts = arena_array(arena, struct expr_part, most);
	ret->n = 0;
	while (*text) {
		struct expr_part *part = &ret->parts[ret->n++];
		size_t len = strcspn(text, "{}");

		if (len) {
			part->text = arena_strn(arena, text, len);
			part->len = len;
			text += len;
			continue;
		}
		len = span_outside(text + 1, "}");
		if (*text == '}' || text[len + 1] != '}')
			return braces_wrong(err);
		if (compile_column(&c, arena_strn(arena, text + 1, len), part) < 0)
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
	while (++i < c->n)
		if (strcmp(c->names[i], name) == 0)
			return error_set(err, ERR_PARAM, name, "there are two columns %s", name);
	return 0;
}

static int bind_part(struct expr_part *part, struct record_columns *c, struct error *err)
{
	if (part->kind == PART_COLUMN && record_column(c, part->text, &part->column, err) < 0)
		return -1;
	for (size_t i = 0; i < part->n_filters; i++)
		if (part->filters[i].column && bind_part(part->filters[i].column, c, err) < 0)
			return -1;
	return 0;
}

int expr_bind(struct expr *t, struct record_columns *c, struct error *err)
{
	for (struct expr_part *part = t->parts; part < t->parts + t->n; part++)
		if (bind_part(part, c, err) < 0)
			return -1;
	return 0;
}

bool expr_uses_position(const struct expr *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->parts[i].kind == PART_LINE || e->parts[i].kind == PART_ROW)
			return true;
	return false;
}

/* ---- applying ---- */

const char *expr_constant(const struct expr *t, const struct record_cells *row, size_t *ret_len)
{
	const struct expr_part *part = t->parts;

	if (t->n != 1 || part->n_filters || part->kind == PART_LINE || part->kind == PART_ROW)
		return NULL;
	if (t->amount && row->comma && part->kind == PART_COLUMN)
		return NULL;
	*ret_len = part->kind == PART_TEXT ? part->len : row->lens[part->column];
	return part->kind == PART_TEXT ? part->text : row->cells[part->column];
}

/*
 * The value of the current part: a text in OUT from FROM on or, after a filter
 * that makes one, a number.
 */
struct value {
	const struct record_cells *row;
	const struct expr_part *part;
	bool amount;
	struct strbuf *out;
	size_t from;
	bool numeric;
	bool comma; /* numbers in the text have a decimal comma */
	struct decimal number;
};

/* Turns the number into a text with a decimal point. */
static void put_number(struct value *v)
{
	char text[DECIMAL_TEXT];
	size_t len;

	if (!v->numeric)
		return;
	len = decimal_format(text, v->number.n, v->number.places);
	v->out->len = v->from;
	strbuf_addn(v->out, text, len);
	v->numeric = v->comma = false;
}

static int no_number(const struct value *v, const char *before, const char *name, struct error *err)
{
	return error_set(err, ERR_PARAM, v->part->text, "%s must be a number%s%s%s", v->part->text,
			 v->comma ? " with a decimal comma, like 1.234,5" : "", before, name);
}

static int get_number(struct value *v, const char *before, const char *name, struct error *err)
{
	if (!v->numeric &&
	    !number_read(v->out->text + v->from, v->out->len - v->from, v->comma, &v->number))
		return no_number(v, before, name, err);
	v->numeric = true;
	return 0;
}

static int apply_part(struct value *v, struct error *err);

/*
 * Gets the operand of A for this row. The text of a column is put into SCRATCH,
 * the number of a column is made at the end of OUT.
 */
static int get_operand(const struct value *v, const struct applied *a, struct strbuf *scratch,
		       struct operand *ret, struct error *err)
{
	struct value inner = { .row = v->row,
			       .part = a->column,
			       .amount = v->amount,
			       .out = a->filter->number ? v->out : scratch };
	int rc;

	*ret = a->operand;
	ret->row = v->row;
	if (!a->column)
		return 0;
	inner.from = inner.out->len;
	rc = apply_part(&inner, err);
	if (rc == 0 && a->filter->number)
		rc = get_number(&inner, " for the filter ", a->filter->name, err);
	if (rc == 0 && v->amount && inner.numeric && inner.number.n < 0)
		rc = error_set(err, ERR_PARAM, inner.part->text,
			       "%s must not be negative for the filter %s", inner.part->text,
			       a->filter->name);
	if (a->filter->number) {
		ret->number = inner.number;
		cut(inner.out, inner.from);
	} else {
		put_number(&inner);
		ret->text = scratch->text;
		ret->len = scratch->len;
	}
	if (rc == 0 && scratch->failed)
		rc = error_set(err, ERR_TOO_LARGE, inner.part->text, "%s is too long",
			       inner.part->text);
	return rc;
}

static int out_of_bounds(const struct value *v, const struct applied *a, struct error *err)
{
	return error_set(
		err, ERR_PARAM, v->part->text, "the filter %s has no exact result for this %s%s",
		a->filter->name, v->part->text,
		a->filter->number == divide ? "" : ", of at most 64 bits and 18 decimal places");
}

/* Is the filter made for negative amounts: "atleast 0", "mul -1"? */
static bool takes_negative(const struct applied *a, const struct operand *o)
{
	return a->filter->number == at_least || (a->filter->number == mul && o->number.n < 0);
}

static int apply_number(struct value *v, const struct applied *a, const struct operand *o,
			struct error *err)
{
	if (get_number(v, " for the filter ", a->filter->name, err) < 0)
		return -1;
	if (v->amount && v->number.n < 0 && !takes_negative(a, o))
		return error_set(
			err, ERR_PARAM, v->part->text,
			"%s must not be negative for the filter %s; atleast 0 makes 0 of it",
			v->part->text, a->filter->name);
	if (a->filter->takes == TAKES_DIVISOR && o->number.n == 0)
		return error_set(err, ERR_PARAM, a->column->text,
				 "the filter %s can't divide by %s, which is 0", a->filter->name,
				 a->column->text);
	return a->filter->number(v->number, o, &v->number) ? 0 : out_of_bounds(v, a, err);
}

static int apply_text(struct value *v, const struct applied *a, const struct operand *o,
		      struct error *err)
{
	put_number(v);
	if (a->filter->text(v->out, v->from, o))
		return 0;
	return error_set(err, ERR_PARAM, v->part->text, "[table %s] has nothing for \"%.100s\"",
			 o->table->name, v->out->text + v->from);
}

static int apply_read(struct value *v, const struct applied *a, const struct operand *o,
		      struct error *err)
{
	const struct time_form *form = o->form ? o->form : o->row->time;

	put_number(v);
	if (!a->filter->read(v->out->text + v->from, v->out->len - v->from, o, &v->number))
		return error_set(err, ERR_PARAM, v->part->text, "%s must have the form %s",
				 v->part->text, form->text ? form->text : "2026-11-21T10:00:00Z");
	v->numeric = true;
	return 0;
}

static int apply_filter(struct value *v, const struct applied *a, struct error *err)
{
	struct strbuf scratch;
	struct operand o;
	int rc;

	strbuf_init(&scratch, v->out->limit);
	rc = get_operand(v, a, &scratch, &o, err);
	if (rc == 0)
		rc = a->filter->number ? apply_number(v, a, &o, err)
		     : a->filter->text ? apply_text(v, a, &o, err)
				       : apply_read(v, a, &o, err);
	strbuf_release(&scratch);
	return rc;
}

static void put_part(struct value *v)
{
	const struct expr_part *part = v->part;

	switch (part->kind) {
	case PART_TEXT:
		strbuf_addn(v->out, part->text, part->len);
		break;
	case PART_COLUMN:
		strbuf_addn(v->out, v->row->cells[part->column], v->row->lens[part->column]);
		v->comma = v->row->comma;
		break;
	case PART_LINE:
		strbuf_addi(v->out, v->row->line);
		break;
	case PART_ROW:
		strbuf_addi(v->out, v->row->row);
		break;
	}
}

/*
 * Applies the filters of the current part. V is then a number if the last
 * filter made one, else a text.
 */
static int apply_part(struct value *v, struct error *err)
{
	put_part(v);
	for (size_t i = 0; i < v->part->n_filters; i++)
		if (apply_filter(v, &v->part->filters[i], err) < 0)
			return -1;
	return 0;
}

int expr_apply(const struct expr *t, const struct record_cells *row, struct strbuf *out,
	       struct error *err)
{
	for (const struct expr_part *part = t->parts; part < t->parts + t->n; part++) {
		struct value v = {
			.row = row, .part = part, .amount = t->amount, .out = out, .from = out->len
		};

		if (apply_part(&v, err) < 0)
			return -1;
		if (t->amount && v.comma && out->len > v.from && get_number(&v, "", "", err) < 0)
			return -1;
		put_number(&v);
	}
	if (out->failed)
		return error_set(err, ERR_TOO_LARGE, NULL, "the mapped row is too long");
	return 0;
}
