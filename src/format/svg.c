/*
 * A picture of the answer, for where no page can be: wikis, mails. One file, of shapes and words alone: no script, no style, nothing from
 * elsewhere, so that it looks the same wherever it is allowed. What is drawn is the list whose shape says how: bars over time before a ranking.
 * Each bar says its exact number. Coordinates are whole tenths of a pixel.
 */
#include "format/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/chart.h"
#include "format/columns.h"
#include "format/html_value.h"
#include "format/xml.h"

#include "base/banned.h"

#define SANS "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
#define SERIF "Georgia, 'Liberation Serif', 'Times New Roman', serif"
#define PAPER "#fffefb"
#define INK "#1d2422"
#define INK_2 "#586059"
#define RULE "#e4dfd2"

enum {
	WIDTH = 860, EDGE = 20, PLOT_HEIGHT = 240, LINE_HEIGHT = 20,
	LETTER = 7,                     /* what one takes, or a little more, in the smaller size */
	LINE_LETTERS = 120, LINES_MAX = 3, LEGEND_LETTERS = 40,
	FACTS_MAX = 8,
	RANKED_MAX = 20, RANKED_HEIGHT = 26, RANKED_NAMES = 200, RANKED_LETTERS = 28, RANKED_AMOUNTS = 150,
	BAR_MAX = 600, LABEL_ROOM = 560 /* tenths */
};

/* A record of the list, until it ends: its fields come in any order. */
struct row {
	char along[CHART_NAME], series[CHART_NAME];
	struct decimal values[CHART_PARTS];
};

struct svg {
	char *title, *sentence;
	const struct chart *chart;      /* NULL: nothing to draw */
	const struct field *list;       /* that is drawn; NULL: the root */
	int table;                      /* its depth while it is open; 0 = not */
	const struct shape *item;
	struct row row;
	char unit[CHART_NAME];
	struct chart_sums sums;
	struct strbuf facts;            /* lines of what has no picture, such as an error, each ended by NUL */
	int n_facts;
	int y;                          /* pixels drawn from the top */
};

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static void svg_about(struct writer *w, const char *title, const char *sentence)
{
	struct svg *svg = w->state;

	free(svg->title);
	free(svg->sentence);
	svg->title = copy_text(title);
	svg->sentence = copy_text(sentence);
}

/* ---- taking in ---- */

static const struct chart *drawn(struct writer *w, const struct shape *item)
{
	struct columns columns;

	return item->chart && columns_shown(w, &columns, item, FIELD_UNIT) ? columns_chart(&columns, item) : NULL;
}

/* Of the lists of SHAPE the one to draw. */
static void choose_list(struct writer *w, const struct shape *shape)
{
	struct svg *svg = w->state;

	for (const struct field *f = shape->fields; f->name; f++) {
		const struct chart *chart = f->type == VT_LIST ? drawn(w, f->shape) : NULL;

		if (chart && (!svg->chart || (chart->kind == CHART_STACKED && svg->chart->kind != CHART_STACKED))) {
			svg->chart = chart;
			svg->list = f;
		}
	}
}

static void begin_root(struct writer *w, const struct shape *shape, bool list)
{
	struct svg *svg = w->state;
	struct strbuf words;

	strbuf_init(&svg->facts, w->out->limit);
	if (list)
		svg->chart = drawn(w, shape);
	else
		choose_list(w, shape);
	if (svg->title)
		return;
	strbuf_init(&words, 256);
	style_humanise(&words, shape->name);
	svg->title = copy_text(words.text);
	strbuf_release(&words);
}

static void svg_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct svg *svg = w->state;

	if (w->depth == 1)
		begin_root(w, shape, false);
	if (!svg->table) {
		writer_top(w)->muted = w->depth > 1 && svg->chart;
		return;
	}
	writer_top(w)->muted = f != NULL;
	svg->row = (struct row){ .along = "" };
	for (size_t i = 0; i < CHART_PARTS; i++)
		svg->row.values[i] = DECIMAL_NULL;
}

static void svg_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct svg *svg = w->state;

	if (w->depth == 1)
		begin_root(w, item, true);
	if (svg->chart && f == svg->list && !svg->table) {
		svg->table = w->depth;
		svg->item = item;
	} else {
		writer_top(w)->muted = true;
	}
}

static void take_text(char to[static CHART_NAME], const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (writer_scalar(f, value, buf, &text, &len))
		snprintf(to, CHART_NAME, "%s", text);
}

/* Currencies come in lower case. */
static void take_unit(char to[static CHART_NAME], const struct field *f, const void *value)
{
	take_text(to, f, value);
	for (; f->format && strcmp(f->format, "currency") == 0 && *to; to++)
		if (*to >= 'a' && *to <= 'z')
			*to = (char)(*to - 'a' + 'A');
}

static void take_amount(struct row *row, const struct chart *chart, const struct field *f, const void *value)
{
	for (size_t i = 0; i < CHART_PARTS && chart->values[i]; i++) {
		if (strcmp(chart->values[i], f->name) != 0 || !value)
			continue;
		if (f->type == VT_DECIMAL)
			row->values[i] = *(const struct decimal *)value;
		else if (f->type == VT_INT)
			row->values[i] = (struct decimal){ .n = *(const int64_t *)value };
	}
}

static void add_fact(struct svg *svg, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (svg->n_facts == FACTS_MAX || (f->flags & FIELD_MACHINE) || !writer_scalar(f, value, buf, &text, &len) || !len)
		return;
	svg->n_facts++;
	style_humanise(&svg->facts, f->name);
	strbuf_add(&svg->facts, ": ");
	strbuf_add(&svg->facts, text);
	strbuf_addc(&svg->facts, '\0');
}

static void svg_field(struct writer *w, const struct field *f, const void *value)
{
	struct svg *svg = w->state;
	const struct chart *chart = svg->chart;

	if (!chart)
		add_fact(svg, f, value);
	if (!svg->table || w->depth != svg->table + 1)
		return;
	if (strcmp(f->name, chart->along) == 0)
		take_text(svg->row.along, f, value);
	else if (chart->series && strcmp(f->name, chart->series) == 0)
		take_text(svg->row.series, f, value);
	else if (chart->unit && strcmp(f->name, chart->unit) == 0 && !*svg->unit)
		take_unit(svg->unit, f, value);
	else
		take_amount(&svg->row, chart, f, value);
}

static void add_row(struct svg *svg)
{
	const struct row *row = &svg->row;
	bool ranked = svg->chart->kind == CHART_RANKED;
	int bar = chart_sums_bar(&svg->sums, row->along, ranked);

	for (size_t i = 0; i < CHART_PARTS && svg->chart->values[i]; i++) {
		struct strbuf words;

		if (row->values[i].places < 0)
			continue;
		strbuf_init(&words, 256);
		style_humanise(&words, svg->chart->values[i]);
		chart_sums_add(&svg->sums, bar, chart_sums_part(&svg->sums, svg->chart->series ? row->series : words.text), &row->values[i]);
		strbuf_release(&words);
	}
}

static void svg_end(struct writer *w)
{
	struct svg *svg = w->state;

	if (svg->table && w->depth == svg->table + 1)
		add_row(svg);
	else if (w->depth == svg->table)
		svg->table = 0;
}

/* ---- drawing: words and numbers ---- */

static void add_escaped(struct strbuf *out, const char *text)
{
	xml_add_text(out, text, strlen(text), false);
}

/* Tenths of a pixel, as pixels. */
static void add_tenths(struct strbuf *out, const char *name, int64_t n)
{
	strbuf_addf(out, " %s=\"%s%lld", name, n < 0 ? "-" : "", (long long)(n < 0 ? -n : n) / 10);
	if (n % 10)
		strbuf_addf(out, ".%d", (int)(n < 0 ? -n : n) % 10);
	strbuf_addc(out, '"');
}

/* The first LETTERS characters of TEXT, and a sign that there were more. */
static void add_cut(struct strbuf *out, const char *text, size_t letters)
{
	size_t len = strlen(text), at = 0, n = 0;

	while (at < len && n < letters) {
		size_t step = utf8_step(text + at, len - at);

		at += step ? step : 1;
		n++;
	}
	xml_add_text(out, text, at, false);
	if (at < len)
		strbuf_add(out, "\xE2\x80\xA6");
}

static size_t letters_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* All digits of N and the unit: "1,234.5 usd" for people, "1234.5 usd" to take over. */
static void add_amount(struct strbuf *out, const struct svg *svg, wide n, bool grouped)
{
	static const struct digits english = { ",", "." };
	char text[DECIMAL_TEXT];

	decimal_format(text, n, CHART_PLACES);
	if (grouped)
		html_value_grouped(out, &english, text);
	else
		strbuf_add(out, text);
	if (*svg->unit) {
		strbuf_addc(out, ' ');
		add_escaped(out, svg->unit);
	}
}

enum { PLAIN, CENTRED, RIGHT };

static void begin_text(struct strbuf *out, int64_t x, int64_t y, int anchor)
{
	static const char *const anchors[] = { "", " text-anchor=\"middle\"", " text-anchor=\"end\"" };

	strbuf_add(out, "<text");
	add_tenths(out, "x", x);
	add_tenths(out, "y", y);
	strbuf_addf(out, "%s>", anchors[anchor]);
}

/* Left open: a title may come into it. */
static void add_rect(struct strbuf *out, const char *fill, int64_t x, int64_t y, int64_t width, int64_t height)
{
	strbuf_addf(out, "<rect fill=\"%s\"", fill);
	add_tenths(out, "x", x);
	add_tenths(out, "y", y);
	add_tenths(out, "width", width);
	add_tenths(out, "height", height);
}

static void add_line(struct strbuf *out, const char *stroke, int64_t x1, int64_t y1, int64_t x2, int64_t y2)
{
	strbuf_addf(out, "<line stroke=\"%s\"", stroke);
	add_tenths(out, "x1", x1);
	add_tenths(out, "y1", y1);
	add_tenths(out, "x2", x2);
	add_tenths(out, "y2", y2);
	strbuf_add(out, "/>\n");
}

/* Bytes of TEXT that fit in a line, up to a space if it has one. */
static size_t line_of(const char *text)
{
	size_t len = strlen(text), at = 0, space = 0;

	for (size_t letters = 0; at < len && letters < LINE_LETTERS; letters++) {
		size_t step = utf8_step(text + at, len - at);

		if (text[at] == ' ')
			space = at;
		at += step ? step : 1;
	}
	return at < len && space ? space : at;
}

/* TEXT in lines; where it has no room it ends in dots. */
static void add_paragraph(struct strbuf *out, struct svg *svg, const char *text)
{
	for (int line = 1; text && *text && line <= LINES_MAX; line++) {
		size_t n = line_of(text);

		svg->y += LINE_HEIGHT;
		begin_text(out, EDGE * 10, svg->y * 10, PLAIN);
		xml_add_text(out, text, n, false);
		strbuf_add(out, text[n] && line == LINES_MAX ? "\xE2\x80\xA6</text>\n" : "</text>\n");
		text += n + strspn(text + n, " ");
	}
}

/* ---- drawing: parts of the picture ---- */

/* What a bar says when it is pointed at. */
static void add_bar_title(struct strbuf *out, const struct svg *svg, const struct chart_bar *bar, size_t part)
{
	strbuf_add(out, "><title>");
	add_escaped(out, bar->name);
	if (svg->sums.n_parts > 1) {
		strbuf_add(out, ", ");
		add_escaped(out, svg->sums.parts[part].name);
	}
	strbuf_add(out, ": ");
	add_amount(out, svg, bar->amounts[part], false);
	strbuf_add(out, "</title></rect>\n");
}

/* The sums of the parts above and below zero. */
static void extent(const struct chart_bar *bar, wide *least, wide *most)
{
	*least = *most = 0;
	for (size_t i = 0; i < CHART_PARTS; i++)
		*(bar->amounts[i] < 0 ? least : most) += bar->amounts[i];
}

static struct chart_axis axis_of(const struct chart_sums *s)
{
	wide least = 0, most = 0, a, b;

	for (size_t i = 0; i < s->n_bars; i++) {
		extent(&s->bars[i], &a, &b);
		least = a < least ? a : least;
		most = b > most ? b : most;
	}
	return chart_axis_of(least, most);
}

static void add_tick(struct strbuf *out, wide n)
{
	static const struct digits english = { ",", "." };
	char text[DECIMAL_TEXT];

	decimal_format(text, n, CHART_PLACES);
	html_value_grouped(out, &english, text);
}

/* Where the parts of a bar come, from zero up and down; in tenths. */
struct stack {
	wide above, below;              /* taken already */
	wide range;
	int64_t length;
};

static void place(struct stack *s, wide n, int64_t *ret_from, int64_t *ret_length)
{
	wide *taken = n < 0 ? &s->below : &s->above;
	int64_t a = chart_scale(*taken, s->range, s->length), b = chart_scale(*taken + n, s->range, s->length);

	*taken += n;
	*ret_from = a < b ? a : b;
	*ret_length = a < b ? b - a : a - b;
	if (!*ret_length)
		*ret_length = 1;        /* too little to be seen, but there */
}

/* Where things are, in tenths: the beginning of the room, the axis of zero, the room and the thickness of a bar. */
struct plot {
	int64_t left, zero, slot, bar;
	struct stack scale;
};

static void add_lines(struct strbuf *out, const struct plot *p, const struct chart_axis *axis)
{
	for (int i = -axis->below; i <= axis->above; i++) {
		int64_t y = p->zero - chart_scale(i * axis->step, p->scale.range, p->scale.length);

		add_line(out, i ? RULE : INK_2, p->left, y, (WIDTH - EDGE) * 10, y);
		begin_text(out, p->left - 60, y + 40, RIGHT);
		add_tick(out, i * axis->step);
		strbuf_add(out, "</text>\n");
	}
}

static void add_bar(struct strbuf *out, const struct svg *svg, const struct plot *p, size_t i)
{
	const struct chart_sums *s = &svg->sums;
	const struct chart_bar *bar = &s->bars[i];
	struct stack stack = p->scale;
	int64_t from, length;

	for (size_t k = 0; k < s->n_parts; k++) {
		size_t part = s->order[k];

		if (!bar->amounts[part])
			continue;
		place(&stack, bar->amounts[part], &from, &length);
		add_rect(out, chart_colours[s->parts[part].colour], p->left + (int64_t)i * p->slot + (p->slot - p->bar) / 2,
			 p->zero - from - length, p->bar, length);
		add_bar_title(out, svg, bar, part);
	}
}

static void add_labels(struct strbuf *out, const struct svg *svg, const struct plot *p)
{
	size_t every = p->slot >= LABEL_ROOM ? 1 : (size_t)((LABEL_ROOM + p->slot - 1) / (p->slot ? p->slot : 1));
	char label[CHART_NAME];

	for (size_t i = 0; i < svg->sums.n_bars; i += every) {
		chart_label(&svg->sums, i, label);
		begin_text(out, p->left + (int64_t)i * p->slot + p->slot / 2, svg->y * 10, CENTRED);
		add_cut(out, label, RANKED_LETTERS);
		strbuf_add(out, "</text>\n");
	}
}

static void add_legend(struct strbuf *out, struct svg *svg)
{
	const struct chart_sums *s = &svg->sums;
	int x = EDGE;

	if (s->n_parts < 2)
		return;
	svg->y += LINE_HEIGHT + 8;
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *part = &s->parts[s->order[i]];
		size_t letters = letters_of(part->name);
		int room = 18 + (int)(letters < LEGEND_LETTERS ? letters : LEGEND_LETTERS + 1) * LETTER + 12;

		if (x > EDGE && x + room > WIDTH - EDGE) {
			x = EDGE;
			svg->y += LINE_HEIGHT;
		}
		add_rect(out, chart_colours[part->colour], x * 10, (svg->y - 10) * 10, 100, 100);
		strbuf_add(out, "/>");
		begin_text(out, (x + 17) * 10, svg->y * 10, PLAIN);
		add_cut(out, part->name, LEGEND_LETTERS);
		strbuf_add(out, "</text>\n");
		x += room;
	}
}

static void add_unit(struct strbuf *out, struct svg *svg)
{
	svg->y += LINE_HEIGHT + 6;
	begin_text(out, EDGE * 10, svg->y * 10, PLAIN);
	add_cut(out, svg->unit, LEGEND_LETTERS);
	strbuf_add(out, "</text>\n");
}

static size_t widest_tick(const struct chart_axis *axis)
{
	size_t widest = 1;
	struct strbuf tick;

	strbuf_init(&tick, 256);
	for (int i = -axis->below; i <= axis->above; i++) {
		strbuf_clear(&tick);
		add_tick(&tick, i * axis->step);
		widest = tick.len > widest ? tick.len : widest;
	}
	strbuf_release(&tick);
	return widest;
}

static void draw_over_time(struct strbuf *out, struct svg *svg)
{
	struct chart_axis axis = axis_of(&svg->sums);
	struct plot p = { .left = (int64_t)(EDGE + widest_tick(&axis) * LETTER + 6) * 10, .scale.length = PLOT_HEIGHT * 10 };
	int64_t n = (int64_t)svg->sums.n_bars;

	if (*svg->unit)
		add_unit(out, svg);
	p.scale.range = axis.step * (axis.below + axis.above);
	p.zero = (svg->y + 14) * 10 + chart_scale(axis.step * axis.above, p.scale.range, p.scale.length);
	p.slot = ((WIDTH - EDGE) * 10 - p.left) / n;
	p.bar = p.slot * 22 / 25 < BAR_MAX ? p.slot * 22 / 25 : BAR_MAX;
	if (!p.bar)
		p.bar = 1;
	add_lines(out, &p, &axis);
	svg->y += 14 + PLOT_HEIGHT + LINE_HEIGHT;
	add_labels(out, svg, &p);
	for (size_t i = 0; i < svg->sums.n_bars; i++)
		add_bar(out, svg, &p, i);
}

/* One record of a ranking: its name, its parts beside each other, its amount. */
static void add_ranked(struct strbuf *out, const struct svg *svg, const struct plot *p, const struct chart_bar *bar)
{
	const struct chart_sums *s = &svg->sums;
	struct stack stack = p->scale;
	int64_t from, length;
	wide sum = 0;

	begin_text(out, p->left - 80, (svg->y + 15) * 10, RIGHT);
	add_cut(out, bar->name, RANKED_LETTERS);
	strbuf_add(out, "</text>\n");
	for (size_t k = 0; k < s->n_parts; k++) {
		size_t part = s->order[k];

		sum += bar->amounts[part];
		if (!bar->amounts[part])
			continue;
		place(&stack, bar->amounts[part], &from, &length);
		add_rect(out, s->n_parts > 1 ? chart_colours[s->parts[part].colour] : chart_colours[0], p->zero + from, (svg->y + 2) * 10, length, p->bar);
		add_bar_title(out, svg, bar, part);
	}
	begin_text(out, p->zero + chart_scale(stack.above, stack.range, stack.length) + 60, (svg->y + 15) * 10, PLAIN);
	add_amount(out, svg, sum, true);
	strbuf_add(out, "</text>\n");
}

static void draw_ranking(struct strbuf *out, struct svg *svg)
{
	const struct chart_sums *s = &svg->sums;
	size_t shown = s->n_bars < RANKED_MAX ? s->n_bars : RANKED_MAX, more = s->n_bars - shown + s->left_out;
	struct chart_axis axis = axis_of(s);
	struct plot p = { .left = (EDGE + RANKED_NAMES) * 10, .bar = (RANKED_HEIGHT - 8) * 10 };

	p.scale.range = axis.step * (axis.below + axis.above);
	p.scale.length = (WIDTH - EDGE - RANKED_AMOUNTS) * 10 - p.left;
	p.zero = p.left + chart_scale(axis.step * axis.below, p.scale.range, p.scale.length);
	svg->y += 16;
	for (size_t i = 0; i < shown; i++, svg->y += RANKED_HEIGHT)
		add_ranked(out, svg, &p, &s->bars[i]);
	if (!more)
		return;
	begin_text(out, p.left, (svg->y + 12) * 10, PLAIN);
	strbuf_addf(out, "and %zu more</text>\n", more);
	svg->y += LINE_HEIGHT;
}

/* Why there is no picture; NULL: there is one. */
static const char *nothing(const struct svg *svg)
{
	const struct chart_sums *s = &svg->sums;

	if (!svg->chart)
		return "";
	if (!s->n_bars)
		return "There is no usage for this question.";
	if (s->too_large)
		return "The numbers are too large to draw.";
	if (s->left_out && svg->chart->kind == CHART_STACKED)
		return "There are too many bars to draw; choose fewer days or longer periods.";
	return NULL;
}

/* ---- the document ---- */

/* The picture in words. */
static void add_desc(struct strbuf *out, const struct svg *svg)
{
	const struct chart_sums *s = &svg->sums;
	const char *none = nothing(svg);
	wide sum = 0;

	if (svg->sentence) {
		add_escaped(out, svg->sentence);
		strbuf_addc(out, ' ');
	}
	if (none) {
		for (const char *fact = svg->facts.text; fact < svg->facts.text + svg->facts.len; fact += strlen(fact) + 1) {
			add_escaped(out, fact);
			strbuf_add(out, "; ");
		}
		strbuf_add(out, none);
		return;
	}
	strbuf_add(out, svg->chart->kind == CHART_STACKED ? "Bars from " : "Bars, from ");
	add_escaped(out, s->bars[0].name);
	strbuf_add(out, " to ");
	add_escaped(out, s->bars[s->n_bars - 1].name);
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *part = &s->parts[s->order[i]];

		strbuf_add(out, "; ");
		add_escaped(out, part->name);
		strbuf_addc(out, ' ');
		add_amount(out, svg, part->sum, false);
		sum += part->sum;
	}
	strbuf_add(out, "; in all ");
	add_amount(out, svg, sum, false);
	strbuf_addc(out, '.');
}

static void add_facts(struct strbuf *out, struct svg *svg)
{
	for (const char *fact = svg->facts.text; fact < svg->facts.text + svg->facts.len; fact += strlen(fact) + 1)
		add_paragraph(out, svg, fact);
	out->failed |= svg->facts.failed;
}

static void draw(struct strbuf *out, struct svg *svg)
{
	const char *none = nothing(svg);

	strbuf_addf(out, "<g font-family=\"%s\" font-size=\"22\" font-weight=\"600\" fill=\"%s\">", SERIF, INK);
	svg->y = 38;
	begin_text(out, EDGE * 10, svg->y * 10, PLAIN);
	add_cut(out, svg->title, LINE_LETTERS / 2);
	strbuf_addf(out, "</text></g>\n<g font-family=\"%s\" font-size=\"12\" fill=\"%s\">\n", SANS, INK_2);
	svg->y += 4;
	add_paragraph(out, svg, svg->sentence);
	add_facts(out, svg);
	if (none)
		add_paragraph(out, svg, none);
	else if (svg->chart->kind == CHART_STACKED)
		draw_over_time(out, svg);
	else
		draw_ranking(out, svg);
	if (!none)
		add_legend(out, svg);
	strbuf_add(out, "</g>\n");
	svg->y += EDGE;
}

static void svg_finish(struct writer *w)
{
	struct svg *svg = w->state;
	struct strbuf *out = w->out, body;

	chart_sums_order(&svg->sums, svg->chart && svg->chart->series);
	strbuf_init(&body, out->limit);
	draw(&body, svg);
	strbuf_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	strbuf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\">\n",
		    WIDTH, svg->y, WIDTH, svg->y);
	strbuf_add(out, "<title id=\"title\">");
	add_escaped(out, svg->title);
	strbuf_add(out, "</title>\n<desc id=\"desc\">");
	add_desc(out, svg);
	strbuf_addf(out, "</desc>\n<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/>\n", PAPER);
	strbuf_addn(out, body.text, body.len);
	strbuf_add(out, "</svg>\n");
	out->failed |= body.failed;
	strbuf_release(&body);
}

static void svg_release(struct writer *w)
{
	struct svg *svg = w->state;

	chart_sums_release(&svg->sums);
	if (svg->facts.text)
		strbuf_release(&svg->facts);
	free(svg->title);
	free(svg->sentence);
}

const struct format format_svg = {
	.name = "svg",
	.mime = "image/svg+xml",
	.charset = "utf-8",
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_LINK,
	.state_size = sizeof(struct svg),
	.fits = shape_has_chart,
	.begin = svg_begin,
	.begin_list = svg_begin_list,
	.field = svg_field,
	.end = svg_end,
	.about = svg_about,
	.finish = svg_finish,
	.release = svg_release,
};
