#include "format/html_parts.h"

#include <string.h>

#include "format/html_value.h"
#include "format/plot.h"

#include "base/banned.h"

enum { CHART_HEIGHT = 158, PART_MAX = 4 << 20 };

/* ---- key figures ---- */

static const struct field plain_field[] = { { .name = "value", .type = VT_DECIMAL }, { 0 } };
static const struct field money_field[] = {
	{ .name = "value", .type = VT_DECIMAL, .format = "money" }, { 0 }
};
static const struct field change_field[] = {
	{ .name = "change", .type = VT_DECIMAL, .flags = FIELD_CHANGE }, { 0 }
};

static const struct field figure_fields[] = { FIELD(struct figure, name, NULL),
					      FIELD(struct figure, uri, NULL),
					      FIELD(struct figure, money, NULL),
					      FIELD(struct figure, before_uri, NULL),
					      { 0 } };

static void put_value(struct json_object *o, const char *key, const struct writer *w,
		      const struct field *f, const struct decimal *value)
{
	struct strbuf html;

	if (value->places < 0)
		return;
	strbuf_init(&html, PART_MAX);
	html_value_add(&html, html_digits(w), f, value, 0);
	data_html(o, key, &html);
}

static void put_figure(struct json_object *o, const struct writer *w, const struct figure *f)
{
	const struct field *field = f->money ? money_field : plain_field;
	struct strbuf unit;

	data_record(o, figure_fields, f);
	put_value(o, "value", w, field, &f->value);
	put_value(o, "change", w, change_field, &f->change);
	put_value(o, "before", w, field, &f->before);
	strbuf_init(&unit, PART_MAX);
	if (f->unit)
		html_value_unit(&unit, f->unit, strlen(f->unit),
				f->value.n == 1 && f->value.places == 0);
	data_html(o, "unit", &unit);
}

void html_put_figures(struct json_object *o, const struct writer *w)
{
	struct json_object *list;

	if (!w->n_figures)
		return;
	list = tree_list(tree_object(o, "figures"), "list");
	for (size_t i = 0; i < w->n_figures; i++)
		put_figure(tree_item(list), w, &w->figures[i]);
}

/* ---- the chart's numbers: a row for each bar, a cell for each part and their sum ---- */

/* Adds a cell to the chart's table. LABEL is the heading of the column. */
static void add_number(struct strbuf *sb, const struct digits *digits, const struct field *f,
		       wide n, const char *label)
{
	struct decimal d = { .n = n, .places = CHART_PLACES };

	strbuf_add(sb, "<td class=\"n\" data-label=\"");
	html_value_text(sb, label, strlen(label));
	strbuf_add(sb, "\">");
	html_value_add(sb, digits, f, &d, 0);
	strbuf_add(sb, "</td>");
}

static void add_row(struct strbuf *sb, const struct digits *digits, const struct chart_rows *r,
		    const struct chart_bar *bar)
{
	const struct field *f = r->money ? money_field : plain_field;
	const struct chart_sums *s = &r->sums;
	wide sum = 0;

	strbuf_add(sb, "<tr><td class=\"d\">");
	html_value_text(sb, bar->name, strlen(bar->name));
	strbuf_add(sb, "</td>");
	for (size_t i = 0; i < s->n_parts; i++) {
		add_number(sb, digits, f, bar->amounts[s->order[i]], s->parts[s->order[i]].name);
		sum += bar->amounts[s->order[i]];
	}
	if (s->n_parts > 1)
		add_number(sb, digits, f, sum, "In all");
	strbuf_add(sb, "</tr>\n");
}

static void put_numbers(struct json_object *o, const struct digits *digits,
			const struct chart_rows *r)
{
	struct strbuf rows, along;

	strbuf_init(&along, 256);
	style_humanise(&along, r->chart->x);
	data_text(o, "x_name", along.text);
	strbuf_release(&along);
	strbuf_init(&rows, PART_MAX);
	for (size_t i = 0; i < r->sums.n_bars; i++)
		add_row(&rows, digits, r, &r->sums.bars[i]);
	data_html(o, "numbers", &rows);
}

/* ---- the chart ---- */

/* Puts the name and colour of each part, and the sum of all parts. */
static void put_parts(struct json_object *o, const struct chart_sums *s)
{
	struct json_object *list = tree_list(o, "parts");
	struct strbuf text;
	wide sum = 0;

	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *part = &s->parts[s->order[i]];
		struct json_object *item = tree_item(list);

		data_text(item, "name", part->name);
		tree_int(item, "colour", part->colour + 1);
		sum += part->sum;
	}
	tree_bool(o, "legend", s->n_parts > 1);
	strbuf_init(&text, PART_MAX);
	plot_amount(&text, "", sum, true);
	data_html(o, "sum", &text);
}

static void put_plot(struct json_object *o, const struct chart_rows *r)
{
	struct plot p = {
		.sums = &r->sums, .unit = r->unit, .height = CHART_HEIGHT, .styled = true
	};
	struct strbuf svg;

	tree_int(o, "height", PLOT_TOP + CHART_HEIGHT + PLOT_BOTTOM);
	tree_int(o, "ticks_width", plot_ticks_width(&p));
	strbuf_init(&svg, PART_MAX);
	plot_ticks(&svg, &p);
	data_html(o, "ticks", &svg);
	strbuf_init(&svg, PART_MAX);
	plot_bars(&svg, &p);
	data_html(o, "bars", &svg);
}

void html_put_chart(struct json_object *o, const struct digits *digits, struct chart_rows *r)
{
	const struct chart_sums *s = &r->sums;
	const char *fault = chart_rows_fault(r);

	chart_sums_order(&r->sums, r->chart->series);
	data_text(o, "fault", fault);
	if (fault)
		return;
	data_text(o, "unit", r->unit);
	data_text(o, "first", s->bars[0].name);
	data_text(o, "last", s->bars[s->n_bars - 1].name);
	put_parts(o, s);
	put_plot(o, r);
	put_numbers(o, digits, r);
}
