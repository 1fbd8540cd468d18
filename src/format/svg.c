/*
 * A picture of the answer, for wikis and mails: one file without scripts, style
 * sheets or external resources, so that the picture looks the same everywhere.
 * The picture shows the list whose shape has a chart.
 */
#include <string.h>

#include "base/utf8.h"
#include "format/backend.h"
#include "format/chart_rows.h"
#include "format/plot.h"
#include "format/xml.h"

#include "colours.h"

#include "base/banned.h"

#define SANS  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
#define SERIF "Georgia, 'Liberation Serif', 'Times New Roman', serif"

enum {
	WIDTH = 860,
	EDGE = 20,
	PLOT_HEIGHT = 240,
	LINE_HEIGHT = 20,
	LETTER = 7, /* pixels of the widest small letter */
	LINE_LETTERS = 120,
	LINES_MAX = 3,
	LEGEND_LETTERS = 40
};

struct svg {
	const struct field *list; /* the list that is drawn; NULL: the root */
	int table;                /* depth of `list` while it is open; 0 = not open */
	struct chart_rows rows;   /* rows.chart NULL: the answer has no chart */
	/*
	 * properties of an answer without a chart, such as an error; each ended
	 * by NUL
	 */
	struct strbuf facts;
	int y; /* pixels drawn from the top */
};

/* ---- taking in ---- */

static void begin_root(struct writer *w, const struct shape *shape, bool list)
{
	struct svg *svg = w->state;

	strbuf_init(&svg->facts, w->out->limit);
	svg->list = list ? NULL : shape_chart_list(shape);
	if (list || svg->list)
		svg->rows.chart = list ? shape->chart : svg->list->shape->chart;
}

static void svg_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct svg *svg = w->state;

	if (w->depth == 1)
		begin_root(w, shape, false);
	if (!svg->table) {
		writer_top(w)->skipped = w->depth > 1 && svg->rows.chart;
		return;
	}
	writer_top(w)->skipped = f != NULL;
	chart_rows_begin(&svg->rows);
}

static void svg_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct svg *svg = w->state;

	if (w->depth == 1)
		begin_root(w, item, true);
	if (svg->rows.chart && f == svg->list && !svg->table)
		svg->table = w->depth;
	else
		writer_top(w)->skipped = true;
}

static void add_fact(struct svg *svg, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if ((f->flags & FIELD_MACHINE) || !writer_scalar(f, value, buf, &text, &len) || !len)
		return;
	style_humanise(&svg->facts, f->name);
	strbuf_add(&svg->facts, ": ");
	strbuf_add(&svg->facts, text);
	strbuf_addc(&svg->facts, '\0');
}

static void svg_field(struct writer *w, const struct field *f, const void *value)
{
	struct svg *svg = w->state;

	if (!svg->rows.chart)
		add_fact(svg, f, value);
	else if (svg->table && w->depth == svg->table + 1)
		chart_rows_field(&svg->rows, f, value);
}

static void svg_end(struct writer *w)
{
	struct svg *svg = w->state;

	if (svg->table && w->depth == svg->table + 1)
		chart_rows_end(&svg->rows);
	else if (w->depth == svg->table)
		svg->table = 0;
}

/* ---- drawing: words and numbers ---- */

/*
 * Adds the first LETTERS characters of TEXT, and an ellipsis if TEXT is longer.
 */
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

static void begin_text(struct strbuf *out, int x, int y)
{
	strbuf_addf(out, "<text x=\"%d\" y=\"%d\">", x, y);
}

/* The bytes of TEXT that fit in a line, up to a space if there is one. */
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

/* Adds TEXT in up to LINES_MAX lines, and an ellipsis if TEXT is longer. */
static void add_paragraph(struct strbuf *out, struct svg *svg, const char *text)
{
	for (int line = 1; text && *text && line <= LINES_MAX; line++) {
		size_t n = line_of(text);

		svg->y += LINE_HEIGHT;
		begin_text(out, EDGE, svg->y);
		xml_add_text(out, text, n, false);
		strbuf_add(out,
			   text[n] && line == LINES_MAX ? "\xE2\x80\xA6</text>\n" : "</text>\n");
		text += n + strspn(text + n, " ");
	}
}

/* ---- drawing: parts of the picture ---- */

static void add_legend(struct strbuf *out, struct svg *svg)
{
	const struct chart_sums *s = &svg->rows.sums;
	int x = EDGE;

	if (s->n_parts < 2)
		return;
	svg->y += LINE_HEIGHT + 8;
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *part = &s->parts[s->order[i]];
		size_t letters = letters_of(part->name);
		int room = 18 +
			   (int)(letters < LEGEND_LETTERS ? letters : LEGEND_LETTERS + 1) * LETTER +
			   12;

		if (x > EDGE && x + room > WIDTH - EDGE) {
			x = EDGE;
			svg->y += LINE_HEIGHT;
		}
		strbuf_addf(out, "<rect fill=\"%s\" x=\"%d\" y=\"%d\" width=\"10\" height=\"10\"/>",
			    plot_colour(part), x, svg->y - 10);
		begin_text(out, x + 17, svg->y);
		add_cut(out, part->name, LEGEND_LETTERS);
		strbuf_add(out, "</text>\n");
		x += room;
	}
}

static void add_unit(struct strbuf *out, struct svg *svg)
{
	if (!*svg->rows.unit)
		return;
	svg->y += LINE_HEIGHT + 6;
	begin_text(out, EDGE, svg->y);
	add_cut(out, svg->rows.unit, LEGEND_LETTERS);
	strbuf_add(out, "</text>\n");
}

static void draw_chart(struct strbuf *out, struct svg *svg)
{
	struct plot p = { .sums = &svg->rows.sums, .unit = svg->rows.unit, .height = PLOT_HEIGHT };
	int height = PLOT_TOP + PLOT_HEIGHT + PLOT_BOTTOM, ticks = plot_ticks_width(&p);

	add_unit(out, svg);
	svg->y += LINE_HEIGHT / 2;
	strbuf_addf(out, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">\n", EDGE, svg->y,
		    ticks, height);
	plot_ticks(out, &p);
	strbuf_addf(
		out,
		"</svg>\n<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" overflow=\"visible\">\n",
		EDGE + ticks, svg->y, WIDTH - 2 * EDGE - ticks, height);
	plot_bars(out, &p);
	strbuf_add(out, "</svg>\n");
	svg->y += height;
	add_legend(out, svg);
}

/* Returns a sentence to show if the chart can't be drawn, else NULL. */
static const char *nothing(const struct svg *svg)
{
	return svg->rows.chart ? chart_rows_fault(&svg->rows) : "";
}

/* ---- the document ---- */

/* Adds the description of the chart for screen readers. */
static void add_desc(struct strbuf *out, const struct svg *svg, const char *sentence)
{
	const struct chart_sums *s = &svg->rows.sums;
	const char *none = nothing(svg);
	wide sum = 0;

	if (sentence) {
		xml_add(out, sentence);
		strbuf_addc(out, ' ');
	}
	if (none) {
		for (const char *fact = svg->facts.text; fact < svg->facts.text + svg->facts.len;
		     fact += strlen(fact) + 1) {
			xml_add(out, fact);
			strbuf_add(out, "; ");
		}
		strbuf_add(out, none);
		return;
	}
	strbuf_add(out, "Bars from ");
	xml_add(out, s->bars[0].name);
	strbuf_add(out, " to ");
	xml_add(out, s->bars[s->n_bars - 1].name);
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *part = &s->parts[s->order[i]];

		strbuf_add(out, "; ");
		xml_add(out, part->name);
		strbuf_addc(out, ' ');
		plot_amount(out, svg->rows.unit, part->sum, false);
		sum += part->sum;
	}
	strbuf_add(out, "; in all ");
	plot_amount(out, svg->rows.unit, sum, false);
	strbuf_addc(out, '.');
}

static void add_facts(struct strbuf *out, struct svg *svg)
{
	for (const char *fact = svg->facts.text; fact < svg->facts.text + svg->facts.len;
	     fact += strlen(fact) + 1)
		add_paragraph(out, svg, fact);
	out->failed |= svg->facts.failed;
}

static void draw(struct strbuf *out, struct writer *w)
{
	struct svg *svg = w->state;
	const char *none = nothing(svg);

	strbuf_addf(out, "<g font-family=\"%s\" font-size=\"22\" font-weight=\"600\" fill=\"%s\">",
		    SERIF, COLOUR_ink);
	svg->y = 38;
	begin_text(out, EDGE, svg->y);
	add_cut(out, writer_title(w), LINE_LETTERS / 2);
	strbuf_addf(out, "</text></g>\n<g font-family=\"%s\" font-size=\"12\" fill=\"%s\">\n", SANS,
		    COLOUR_ink2);
	svg->y += 4;
	add_paragraph(out, svg, w->sentence);
	add_facts(out, svg);
	if (none)
		add_paragraph(out, svg, none);
	else
		draw_chart(out, svg);
	strbuf_add(out, "</g>\n");
	svg->y += EDGE;
}

static void svg_finish(struct writer *w)
{
	struct svg *svg = w->state;
	struct strbuf *out = w->out, body;

	chart_sums_order(&svg->rows.sums, svg->rows.chart && svg->rows.chart->series);
	strbuf_init(&body, out->limit);
	draw(&body, w);
	strbuf_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	strbuf_addf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		    "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\">\n",
		    WIDTH, svg->y, WIDTH, svg->y);
	strbuf_add(out, "<title id=\"title\">");
	xml_add(out, writer_title(w));
	strbuf_add(out, "</title>\n<desc id=\"desc\">");
	add_desc(out, svg, w->sentence);
	strbuf_addf(out, "</desc>\n<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/>\n",
		    COLOUR_sheet);
	strbuf_addn(out, body.text, body.len);
	strbuf_add(out, "</svg>\n");
	out->failed |= body.failed;
	strbuf_release(&body);
}

static void svg_release(struct writer *w)
{
	struct svg *svg = w->state;

	chart_sums_release(&svg->rows.sums);
	if (svg->facts.text)
		strbuf_release(&svg->facts);
}

const struct format format_svg = {
	.name = "svg",
	.mime = "image/svg+xml",
	.charset = "utf-8",
	.titled = true,
	.leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_LINK,
	.state_size = sizeof(struct svg),
	.fits = shape_has_chart,
	.begin = svg_begin,
	.begin_list = svg_begin_list,
	.field = svg_field,
	.end = svg_end,
	.finish = svg_finish,
	.release = svg_release,
};
