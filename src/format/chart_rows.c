#include "format/chart_rows.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "format/style.h"
#include "format/backend.h"

#include "base/banned.h"

void chart_rows_begin(struct chart_rows *r)
{
	r->row = (struct chart_row) { .x = "" };
	for (size_t i = 0; i < CHART_PARTS; i++)
		r->row.values[i] = DECIMAL_NULL;
}

static void take_text(char to[static CHART_NAME], const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (writer_scalar(f, value, buf, &text, &len))
		snprintf(to, CHART_NAME, "%s", text);
}

/* Currencies are in lower case in the ledger. */
static void take_unit(struct chart_rows *r, const struct field *f, const void *value)
{
	take_text(r->unit, f, value);
	r->money = f->format && strcmp(f->format, "currency") == 0;
	for (char *c = r->unit; r->money && *c; c++)
		*c = g_ascii_toupper(*c);
}

static void take_amount(struct chart_row *row, const struct chart *chart, const struct field *f,
			const void *value)
{
	for (size_t i = 0; i < CHART_PARTS && chart->values[i]; i++) {
		if (strcmp(chart->values[i], f->name) != 0 || !value)
			continue;
		if (f->type == VT_DECIMAL)
			row->values[i] = *(const struct decimal *)value;
		else if (f->type == VT_INT)
			row->values[i] = (struct decimal) { .n = *(const int64_t *)value };
	}
}

void chart_rows_field(struct chart_rows *r, const struct field *f, const void *value)
{
	const struct chart *chart = r->chart;

	if (strcmp(f->name, chart->x) == 0)
		take_text(r->row.x, f, value);
	else if (chart->series && strcmp(f->name, chart->series) == 0)
		take_text(r->row.series, f, value);
	else if (chart->unit && strcmp(f->name, chart->unit) == 0)
		*r->unit ? (void)0 : take_unit(r, f, value);
	else
		take_amount(&r->row, chart, f, value);
}

void chart_rows_end(struct chart_rows *r)
{
	const struct chart_row *row = &r->row;
	int bar = chart_sums_bar(&r->sums, row->x);

	for (size_t i = 0; i < CHART_PARTS && r->chart->values[i]; i++) {
		struct strbuf words;

		if (row->values[i].places < 0)
			continue;
		strbuf_init(&words, 256);
		style_humanise(&words, r->chart->values[i]);
		chart_sums_add(&r->sums, bar,
			       chart_sums_part(&r->sums,
					       r->chart->series ? row->series : words.text),
			       &row->values[i]);
		strbuf_release(&words);
	}
}

const char *chart_rows_fault(const struct chart_rows *r)
{
	if (!r->sums.n_bars)
		return shape_none(NULL, true);
	if (r->sums.too_large)
		return "The numbers are too large to draw.";
	if (r->sums.left_out)
		return "There are too many bars to draw; choose fewer days or longer periods.";
	return NULL;
}
