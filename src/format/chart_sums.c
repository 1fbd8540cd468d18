#include "format/chart_sums.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "base/civil.h"

#include "base/banned.h"

/* The largest amount: the calculations below can't overflow with it. */
#define MOST (((wide)1) << 110)

/* ---- sums ---- */

void chart_sums_release(struct chart_sums *s)
{
	g_free(s->bars);
	*s = (struct chart_sums) { 0 };
}

static void copy_name(char to[static CHART_NAME], const char *name)
{
	snprintf(to, CHART_NAME, "%s", name);
}

/* Does copy_name cut NAME to CUT? */
static bool same_name(const char *cut, const char *name)
{
	return strncmp(cut, name, CHART_NAME - 1) == 0;
}

int chart_sums_bar(struct chart_sums *s, const char *name)
{
	if (s->n_bars && same_name(s->bars[s->n_bars - 1].name, name))
		return (int)s->n_bars - 1;
	if (s->n_bars == CHART_BARS) {
		s->left_out++;
		return -1;
	}
	if (s->n_bars == s->size) {
		s->size = s->size ? 2 * s->size : 32;
		s->bars = g_renew(struct chart_bar, s->bars, s->size);
	}
	s->bars[s->n_bars] = (struct chart_bar) { .name = "" };
	copy_name(s->bars[s->n_bars].name, name);
	return (int)s->n_bars++;
}

size_t chart_sums_part(struct chart_sums *s, const char *name)
{
	size_t i = 0;

	while (i < s->n_parts && !same_name(s->parts[i].name, name))
		i++;
	if (i == CHART_PARTS)
		return CHART_PARTS - 1;
	if (i == s->n_parts) {
		copy_name(s->parts[i].name, i == CHART_PARTS - 1 ? CHART_OTHERS : name);
		s->n_parts++;
	}
	return i;
}

int chart_sums_find(const struct chart_sums *s, const char *name)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (same_name(s->parts[i].name, name))
			return (int)i;
	return -1;
}

static void add(struct chart_sums *s, wide *to, wide n)
{
	s->too_large |= __builtin_add_overflow(*to, n, to) || *to > MOST || *to < -MOST;
}

void chart_sums_add(struct chart_sums *s, int bar, size_t part, const struct decimal *amount)
{
	wide n = amount->n;

	if (amount->places < 0 || bar < 0)
		return;
	for (int i = amount->places; i < CHART_PLACES; i++)
		s->too_large |= __builtin_mul_overflow(n, 10, &n);
	s->too_large |= amount->places > CHART_PLACES;
	add(s, &s->bars[bar].amounts[part], n);
	add(s, &s->parts[part].sum, n);
}

/* ---- order and colours ---- */

static bool is_others(const struct chart_part *p)
{
	return strcmp(p->name, CHART_OTHERS) == 0;
}

static bool stands_before(const struct chart_part *a, const struct chart_part *b, bool by_size)
{
	return is_others(a) != is_others(b) ? is_others(b) : by_size && a->sum > b->sum;
}

/*
 * A hash of the name. Its initial value is chosen to give the usual categories
 * different colours.
 */
static int preferred_colour(const char *name)
{
	uint32_t hash = 18999508;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (int)((hash >> 16) % (CHART_COLOURS - 1));
}

static void choose_colour(struct chart_part *p, unsigned *taken)
{
	int c = preferred_colour(p->name);

	for (int tried = 0; (*taken & 1u << c) && tried < CHART_COLOURS; tried++)
		c = (c + 1) % CHART_COLOURS;
	p->colour = is_others(p) ? CHART_COLOURS - 1 : c;
	*taken |= 1u << p->colour;
}

/* Sorts the indexes in ORDER by insertion, since there are few parts. */
static void sort_parts(const struct chart_sums *s, size_t order[static CHART_PARTS], bool by_name,
		       bool by_size)
{
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct chart_part *p = &s->parts[i];
		size_t at = i;

		for (; at > 0; at--) {
			const struct chart_part *q = &s->parts[order[at - 1]];

			if (by_name ? strcmp(p->name, q->name) >= 0 : !stands_before(p, q, by_size))
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
}

void chart_sums_order(struct chart_sums *s, bool by_size)
{
	size_t names[CHART_PARTS];
	unsigned taken = 0;

	sort_parts(s, names, true, false);
	for (size_t i = 0; i < s->n_parts; i++)
		taken |= is_others(&s->parts[i]) ? 1u << (CHART_COLOURS - 1) : 0;
	for (size_t i = 0; i < s->n_parts; i++)
		choose_colour(&s->parts[names[i]], &taken);
	sort_parts(s, s->order, false, by_size);
}

/* ---- the axis ---- */

static int steps(wide n, wide step)
{
	return (int)((n + step - 1) / step);
}

struct chart_axis chart_axis_of(wide least, wide most)
{
	static const int round[] = { 1, 2, 5 };
	wide below = least < 0 ? -least : 0, above = most > 0 ? most : 0;

	if (!below && !above)
		above = 1;
	for (wide ten = 1;; ten *= 10) {
		for (size_t i = 0; i < sizeof(round) / sizeof(round[0]); i++) {
			wide step = ten * round[i];

			if ((below + step - 1) / step + (above + step - 1) / step <= CHART_LINES)
				return (struct chart_axis) { step, steps(below, step),
							     steps(above, step) };
		}
	}
}

int64_t chart_scale(wide n, wide range, int64_t length)
{
	while (range > (wide)1 << 100) {
		range /= 1024;
		n /= 1024;
	}
	return (int64_t)((2 * n * length + (n < 0 ? -range : range)) / (2 * range));
}

/* ---- labels ---- */

/* Reads a day or an instant as seconds since 1970. */
static bool time_of(const char *name, int64_t *ret)
{
	struct date d;

	if (date_parse(name, strlen(name), &d))
		*ret = date_to_days(d) * SEC_PER_DAY;
	else if (instant_parse(name, strlen(name), false, ret))
		*ret /= USEC_PER_SEC;
	else
		return false;
	return true;
}

/*
 * The average distance of neighbouring bars in seconds; 0: the names of the
 * bars are no times.
 */
static int64_t distance(const struct chart_sums *s)
{
	int64_t first, last;

	if (s->n_bars < 2)
		return strlen(s->bars[0].name) < DATE_TEXT ? SEC_PER_DAY : 0;
	if (!time_of(s->bars[0].name, &first) || !time_of(s->bars[s->n_bars - 1].name, &last))
		return 0;
	return (last - first) / (int64_t)(s->n_bars - 1);
}

void chart_label(const struct chart_sums *s, size_t at, char ret[static CHART_NAME])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *name = s->bars[at].name;
	int64_t sec, apart = distance(s);
	struct date d;

	copy_name(ret, name);
	if (!time_of(name, &sec))
		return;
	d = date_from_days(floor_div(sec, SEC_PER_DAY));
	sec -= date_to_days(d) * SEC_PER_DAY;
	if (apart < SEC_PER_DAY * 9 / 10)
		snprintf(ret, CHART_NAME, "%02d:%02d", (int)(sec / 3600), (int)(sec % 3600 / 60));
	else if (apart < 28LL * SEC_PER_DAY)
		snprintf(ret, CHART_NAME, "%d %.3s", d.day, months + 3 * (d.month - 1));
	else if (apart < 365LL * SEC_PER_DAY)
		snprintf(ret, CHART_NAME, "%.3s %d", months + 3 * (d.month - 1), d.year);
	else
		snprintf(ret, CHART_NAME, "%d", d.year);
}
