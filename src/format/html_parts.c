#include "format/html_parts.h"

#include <string.h>

#include <json-c/json.h>

#include "format/html_value.h"
#include "format/plain.h"
#include "format/plot.h"

#include "base/banned.h"

enum { CHART_HEIGHT = 158, PART_MAX = 4 << 20 };

static void put(struct json_object *o, const char *key, const char *text)
{
	struct strbuf clean;

	if (!text)
		return;
	strbuf_init(&clean, PART_MAX);
	plain_add(&clean, text, strlen(text));
	json_object_object_add(o, key, json_object_new_string_len(clean.text, (int)clean.len));
	strbuf_release(&clean);
}

/* SB's text, which is HTML already. */
static void put_html(struct json_object *o, const char *key, struct strbuf *sb)
{
	if (sb->len)
		json_object_object_add(o, key, json_object_new_string_len(sb->text, (int)sb->len));
	strbuf_release(sb);
}

/* ---- key figures ---- */

static const struct field plain_field[] = { { .name = "value", .type = VT_DECIMAL }, { 0 } };
static const struct field money_field[] = {
	{ .name = "value", .type = VT_DECIMAL, .format = "money" }, { 0 }
};
static const struct field change_field[] = {
	{ .name = "change", .type = VT_DECIMAL, .flags = FIELD_CHANGE }, { 0 }
};

static void put_value(struct json_object *o, const char *key, const struct writer *w,
		      const struct field *f, const struct decimal *value)
{
	struct strbuf sb;

	if (value->places < 0)
		return;
	strbuf_init(&sb, PART_MAX);
	html_value_add(&sb, w->options->page ? w->options->page->digits : NULL, f, value);
	put_html(o, key, &sb);
}

static void put_unit(struct json_object *o, const struct figure *f)
{
	bool one = f->value.n == 1 && f->value.places == 0;
	struct strbuf sb;

	if (!f->unit)
		return;
	strbuf_init(&sb, PART_MAX);
	if (one)
		html_value_unit_of_one(&sb, f->unit, strlen(f->unit));
	else
		html_value_text(&sb, f->unit, strlen(f->unit));
	put_html(o, "unit", &sb);
}

static struct json_object *make_figure(const struct writer *w, const struct figure *f)
{
	struct json_object *o = json_object_new_object();
	const struct field *field = f->money ? money_field : plain_field;

	put(o, "name", f->name);
	put(o, "uri", f->uri);
	put_value(o, "value", w, field, &f->value);
	put_unit(o, f);
	json_object_object_add(o, "money", json_object_new_boolean(f->money));
	put_value(o, "change", w, change_field, &f->change);
	put_value(o, "before", w, field, &f->before);
	put(o, "before_uri", f->before_uri);
	return o;
}

struct json_object *html_figures(const struct writer *w)
{
	struct json_object *list;

	if (!w->n_figures)
		return NULL;
	list = json_object_new_array();
	for (size_t i = 0; i < w->n_figures; i++)
		json_object_array_add(list, make_figure(w, &w->figures[i]));
	return list;
}

/* ---- the chart ---- */

/* "Cost by day: bars from 2026-11-01 to 2026-11-22, in all 446.85 USD." */
static void put_words(struct json_object *o, const struct html_chart *c, const struct chart_rows *r)
{
	const struct chart_sums *s = &r->sums;
	struct strbuf sb;
	wide sum = 0;

	for (size_t i = 0; i < s->n_parts; i++)
		sum += s->parts[i].sum;
	strbuf_init(&sb, PART_MAX);
	strbuf_addf(&sb, "%s: bars from %s to %s, in all ", c->heading, s->bars[0].name,
		    s->bars[s->n_bars - 1].name);
	plot_amount(&sb, "", sum, true);
	strbuf_addf(&sb, "%s%s. The table below the chart has its numbers.", *r->unit ? " " : "",
		    r->unit);
	put(o, "words", sb.text);
	strbuf_release(&sb);
}

static void put_legend(struct json_object *o, const struct chart_sums *s)
{
	struct json_object *legend, *list;

	if (s->n_parts < 2)
		return;
	legend = json_object_new_object();
	list = json_object_new_array();
	for (size_t i = 0; i < s->n_parts; i++) {
		struct json_object *part = json_object_new_object();

		put(part, "name", s->parts[s->order[i]].name);
		json_object_object_add(part, "colour",
				       json_object_new_int(s->parts[s->order[i]].colour + 1));
		json_object_array_add(list, part);
	}
	json_object_object_add(legend, "parts", list);
	json_object_object_add(o, "legend", legend);
}

static void put_plot(struct json_object *o, const struct chart_rows *r)
{
	struct plot p = {
		.sums = &r->sums, .unit = r->unit, .height = CHART_HEIGHT, .styled = true
	};
	struct strbuf sb;

	json_object_object_add(o, "height",
			       json_object_new_int(PLOT_TOP + CHART_HEIGHT + PLOT_BOTTOM));
	json_object_object_add(o, "ticks_width", json_object_new_int(plot_ticks_width(&p)));
	strbuf_init(&sb, PART_MAX);
	plot_ticks(&sb, &p);
	put_html(o, "ticks", &sb);
	strbuf_init(&sb, PART_MAX);
	plot_bars(&sb, &p);
	put_html(o, "bars", &sb);
}

/* ---- its numbers: a row for each bar, a column for each part and one for their sum ---- */

static void add_heads(struct strbuf *sb, const struct chart_rows *r)
{
	const struct chart_sums *s = &r->sums;

	strbuf_add(sb, "<tr><th scope=\"col\">");
	html_value_words(sb, r->chart->along);
	strbuf_add(sb, "</th>");
	for (size_t i = 0; i < s->n_parts; i++) {
		strbuf_add(sb, "<th scope=\"col\" class=\"n\">");
		html_value_text(sb, s->parts[s->order[i]].name, strlen(s->parts[s->order[i]].name));
		strbuf_add(sb, "</th>");
	}
	strbuf_add(sb, s->n_parts > 1 ? "<th scope=\"col\" class=\"n\">In all</th></tr>" : "</tr>");
}

static void add_number(struct strbuf *sb, const struct html_chart *c, const struct chart_rows *r,
		       wide n, const char *label)
{
	struct decimal d = { .n = n, .places = CHART_PLACES };

	strbuf_add(sb, "<td class=\"n\" data-label=\"");
	html_value_text(sb, label, strlen(label));
	strbuf_add(sb, "\">");
	html_value_add(sb, c->digits, r->money ? money_field : plain_field, &d);
	strbuf_add(sb, "</td>");
}

static void add_numbers(struct strbuf *sb, const struct html_chart *c, const struct chart_rows *r,
			const struct chart_bar *bar)
{
	const struct chart_sums *s = &r->sums;
	wide sum = 0;

	strbuf_add(sb, "<tr><td class=\"d\">");
	html_value_text(sb, bar->name, strlen(bar->name));
	strbuf_add(sb, "</td>");
	for (size_t i = 0; i < s->n_parts; i++) {
		add_number(sb, c, r, bar->amounts[s->order[i]], s->parts[s->order[i]].name);
		sum += bar->amounts[s->order[i]];
	}
	if (s->n_parts > 1)
		add_number(sb, c, r, sum, "In all");
	strbuf_add(sb, "</tr>\n");
}

static void put_numbers(struct json_object *o, const struct html_chart *c,
			const struct chart_rows *r)
{
	struct strbuf sb;

	strbuf_init(&sb, PART_MAX);
	add_heads(&sb, r);
	put_html(o, "heads", &sb);
	strbuf_init(&sb, PART_MAX);
	for (size_t i = 0; i < r->sums.n_bars; i++)
		add_numbers(&sb, c, r, &r->sums.bars[i]);
	put_html(o, "numbers", &sb);
}

int html_chart_add(struct strbuf *out, struct layout *l, const struct html_chart *c,
		   struct chart_rows *r, struct error *err)
{
	struct json_object *o = json_object_new_object();
	const char *fault = chart_rows_fault(r);

	chart_sums_order(&r->sums, r->chart->series);
	put(o, "list", c->list);
	put(o, "heading", c->heading);
	put(o, "fault", fault);
	if (!fault) {
		put(o, "unit", *r->unit ? r->unit : NULL);
		put_words(o, c, r);
		put_legend(o, &r->sums);
		put_plot(o, r);
		put_numbers(o, c, r);
	}
	return layout_add_part(l, "chart", o, out, err);
}
