#include "format/plot.h"

#include <string.h>

#include "format/html_value.h"
#include "format/xml.h"

#include "colours.h"

#include "base/banned.h"

enum {
	WHOLE = 1000000,            /* positions are millionths of the width */
	BAR_MOST = WHOLE * 8 / 100, /* the widest a bar gets */
	/* pixels for a digit of the axis: the widest digit */
	LETTER = 7,
	TICK_GAP = 6,     /* between the axis and its numbers */
	LABELS_MOST = 12, /* at most so many names below the bars */
	LABELS_NARROW = 3 /* a narrow page shows every third label */
};

static const struct digits english = { ",", "." };

void plot_amount(struct strbuf *out, const char *unit, wide n, bool grouped)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, n, CHART_PLACES);
	if (grouped)
		html_value_grouped(out, &english, text);
	else
		strbuf_add(out, text);
	if (*unit) {
		strbuf_addc(out, ' ');
		xml_add(out, unit);
	}
}

const char *plot_colour(const struct chart_part *part)
{
	static const char *const colours[CHART_COLOURS] = { COLOUR_c1, COLOUR_c2, COLOUR_c3,
							    COLOUR_c4, COLOUR_c5, COLOUR_c6 };

	return colours[part->colour];
}

/* ---- places ---- */

/* Adds an attribute: NAME="12.3456%". */
static void add_percent(struct strbuf *out, const char *name, int64_t n)
{
	strbuf_addf(out, " %s=\"%lld", name, (long long)(n / (WHOLE / 100)));
	if (n % (WHOLE / 100))
		strbuf_addf(out, ".%04d", (int)(n % (WHOLE / 100)));
	strbuf_add(out, "%\"");
}

/* Adds an attribute: N tenths of a pixel, as pixels. */
static void add_tenths(struct strbuf *out, const char *name, int64_t n)
{
	strbuf_addf(out, " %s=\"%s%lld", name, n < 0 ? "-" : "", (long long)(n < 0 ? -n : n) / 10);
	if (n % 10)
		strbuf_addf(out, ".%d", (int)(n < 0 ? -n : n) % 10);
	strbuf_addc(out, '"');
}

/* Sums a bar's negative parts (LEAST) and positive parts (MOST). */
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

/* The axis, and the scale of amounts in tenths of a pixel from the top. */
struct scale {
	struct chart_axis axis;
	wide range;
	int64_t length, zero;
};

static struct scale scale_of(const struct plot *p)
{
	struct scale s = { .axis = axis_of(p->sums), .length = p->height * 10 };

	s.range = s.axis.step * (s.axis.below + s.axis.above);
	s.zero = PLOT_TOP * 10 + chart_scale(s.axis.step * s.axis.above, s.range, s.length);
	return s;
}

static int64_t height_of(const struct scale *s, wide n)
{
	return s->zero - chart_scale(n, s->range, s->length);
}

/* ---- the axis ---- */

static void add_tick(struct strbuf *out, wide n)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, n, CHART_PLACES);
	html_value_grouped(out, &english, text);
}

int plot_ticks_width(const struct plot *p)
{
	struct chart_axis axis = axis_of(p->sums);
	size_t widest = 1;
	struct strbuf tick;

	strbuf_init(&tick, 256);
	for (int i = -axis.below; i <= axis.above; i++) {
		strbuf_clear(&tick);
		add_tick(&tick, i * axis.step);
		widest = tick.len > widest ? tick.len : widest;
	}
	strbuf_release(&tick);
	return (int)widest * LETTER + TICK_GAP;
}

void plot_ticks(struct strbuf *out, const struct plot *p)
{
	struct scale s = scale_of(p);
	int x = plot_ticks_width(p) - TICK_GAP;

	for (int i = -s.axis.below; i <= s.axis.above; i++) {
		strbuf_addf(out, "<text text-anchor=\"end\" x=\"%d\"", x);
		add_tenths(out, "y", height_of(&s, i * s.axis.step) + 40);
		strbuf_addc(out, '>');
		add_tick(out, i * s.axis.step);
		strbuf_add(out, "</text>\n");
	}
}

static void add_lines(struct strbuf *out, const struct plot *p, const struct scale *s)
{
	for (int i = -s->axis.below; i <= s->axis.above; i++) {
		int64_t y = height_of(s, i * s->axis.step);

		if (p->styled)
			strbuf_add(out, i ? "<line" : "<line class=\"zero\"");
		else
			strbuf_addf(out, "<line stroke=\"%s\"", i ? COLOUR_rule : COLOUR_ink2);
		strbuf_add(out, " x2=\"100%\"");
		add_tenths(out, "y1", y);
		add_tenths(out, "y2", y);
		strbuf_add(out, "/>\n");
	}
}

/* ---- bars ---- */

/*
 * Adds the tooltip of a bar: the name, each part with its exact amount, and the
 * sum.
 */
static void add_title(struct strbuf *out, const struct plot *p, const struct chart_bar *bar)
{
	const struct chart_sums *s = p->sums;
	int parts = 0;
	wide sum = 0;

	strbuf_add(out, "<title>");
	xml_add(out, bar->name);
	for (size_t i = 0; i < s->n_parts; i++) {
		wide n = bar->amounts[s->order[i]];

		if (!n)
			continue;
		strbuf_addc(out, '\n');
		xml_add(out, s->parts[s->order[i]].name);
		strbuf_add(out, ": ");
		plot_amount(out, p->unit, n, p->styled);
		sum += n;
		parts++;
	}
	if (parts > 1) {
		strbuf_add(out, "\nin all: ");
		plot_amount(out, p->unit, sum, p->styled);
	}
	strbuf_add(out, "</title>\n");
}

/* A horizontal position and width, in millionths of the plot's width. */
struct span_of_width {
	int64_t x, width;
};

static void add_span(struct strbuf *out, const struct span_of_width *at)
{
	add_percent(out, "x", at->x);
	add_percent(out, "width", at->width);
}

/* Adds a part of a bar from Y1 down to Y2. */
static void add_part(struct strbuf *out, const struct plot *p, const struct chart_part *part,
		     const struct span_of_width *at, int64_t y1, int64_t y2)
{
	if (p->styled)
		strbuf_addf(out, "<rect class=\"c%d\"", part->colour + 1);
	else
		strbuf_addf(out, "<rect fill=\"%s\"", plot_colour(part));
	add_span(out, at);
	add_tenths(out, "y", y1);
	/* a tiny part is still visible */
	add_tenths(out, "height", y2 > y1 ? y2 - y1 : 1);
	strbuf_add(out, "/>\n");
}

/* Adds the parts of a bar: positive ones up from zero, negative ones down. */
static void add_parts(struct strbuf *out, const struct plot *p, const struct scale *s,
		      const struct chart_bar *bar, const struct span_of_width *at)
{
	wide above = 0, below = 0;

	for (size_t i = 0; i < p->sums->n_parts; i++) {
		size_t part = p->sums->order[i];
		wide n = bar->amounts[part], *taken = n < 0 ? &below : &above;
		int64_t from = height_of(s, *taken), to = height_of(s, *taken + n);

		if (!n)
			continue;
		*taken += n;
		add_part(out, p, &p->sums->parts[part], at, from < to ? from : to,
			 from < to ? to : from);
	}
}

static bool is_empty(const struct chart_bar *bar)
{
	for (size_t i = 0; i < CHART_PARTS; i++)
		if (bar->amounts[i])
			return false;
	return true;
}

static void add_bar(struct strbuf *out, const struct plot *p, const struct scale *s, size_t i)
{
	int64_t n = (int64_t)p->sums->n_bars, wanted = WHOLE / n * 22 / 25,
		width = wanted < BAR_MOST ? wanted : BAR_MOST;
	struct span_of_width room = { (int64_t)i * WHOLE / n, WHOLE / n },
			     middle = { room.x + (room.width - width) / 2, width };
	const struct chart_bar *bar = &p->sums->bars[i];

	if (is_empty(bar))
		return;
	strbuf_add(out, "<g>");
	add_title(out, p, bar);
	/* the tooltip appears anywhere above or below the bar */
	if (p->styled) {
		strbuf_add(out, "<rect class=\"room\" height=\"100%\"");
		add_span(out, &room);
		strbuf_add(out, "/>\n");
	}
	add_parts(out, p, s, bar, &middle);
	strbuf_add(out, "</g>\n");
}

/* Adds names below the bars, as many as fit. A narrow page hides some names. */
static void add_labels(struct strbuf *out, const struct plot *p)
{
	size_t n = p->sums->n_bars, every = (n + LABELS_MOST - 1) / LABELS_MOST;
	char label[CHART_NAME];

	for (size_t i = 0; i < n; i += every) {
		chart_label(p->sums, i, label);
		strbuf_add(out, "<text text-anchor=\"middle\"");
		if (p->styled && n > LABELS_NARROW && i / every % LABELS_NARROW)
			strbuf_add(out, " class=\"more\"");
		add_percent(out, "x", (int64_t)(2 * i + 1) * WHOLE / (int64_t)(2 * n));
		add_tenths(out, "y", (PLOT_TOP + p->height + PLOT_BOTTOM - 6) * 10);
		strbuf_addc(out, '>');
		xml_add(out, label);
		strbuf_add(out, "</text>\n");
	}
}

void plot_bars(struct strbuf *out, const struct plot *p)
{
	struct scale s = scale_of(p);

	add_lines(out, p, &s);
	for (size_t i = 0; i < p->sums->n_bars; i++)
		add_bar(out, p, &s, i);
	add_labels(out, p);
}
