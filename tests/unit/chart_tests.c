#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <libxml/parser.h>

#include "format/chart_sums.h"
#include "format/writer.h"

#include "suite.h"
#include "base/banned.h"

#define BILLION 1000000000LL

static struct chart_sums sums;

static void begin(void)
{
	sums = (struct chart_sums) { 0 };
}

static void end(void)
{
	chart_sums_release(&sums);
}

static void add(const char *bar, const char *part, int64_t n, int places)
{
	chart_sums_add(&sums, chart_sums_bar(&sums, bar), chart_sums_part(&sums, part),
		       &(struct decimal) { .n = n, .places = places });
}

static int colour_of(const char *part)
{
	return sums.parts[chart_sums_part(&sums, part)].colour;
}

/* ---- sums ---- */

START_TEST(records_of_the_same_bar_and_part_are_added_exactly)
{
	add("2026-11-01", "SMS", 1, 1);
	add("2026-11-01", "SMS", 2, 1);
	add("2026-11-02", "SMS", 7, 9);
	ck_assert_uint_eq(sums.n_bars, 2);
	ck_assert_uint_eq(sums.n_parts, 1);
	ck_assert(sums.bars[0].amounts[0] == 300000000);
	ck_assert(sums.bars[1].amounts[0] == 7);
	ck_assert(sums.parts[0].sum == 300000007);
}
END_TEST

START_TEST(parts_come_by_size_and_others_last)
{
	add("a", CHART_OTHERS, 9, 0);
	add("a", "small", 1, 0);
	add("a", "large", 5, 0);
	chart_sums_order(&sums, true);
	ck_assert_str_eq(sums.parts[sums.order[0]].name, "large");
	ck_assert_str_eq(sums.parts[sums.order[1]].name, "small");
	ck_assert_str_eq(sums.parts[sums.order[2]].name, CHART_OTHERS);
	ck_assert_int_eq(colour_of(CHART_OTHERS), CHART_COLOURS - 1);
	chart_sums_order(&sums, false);
	ck_assert_str_eq(sums.parts[sums.order[0]].name, "small");
}
END_TEST

START_TEST(parts_without_room_are_added_to_the_last_one)
{
	for (int i = 0; i < CHART_PARTS + 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "part %d", i);
		add("a", name, 1, 0);
	}
	ck_assert_uint_eq(sums.n_parts, CHART_PARTS);
	ck_assert_str_eq(sums.parts[CHART_PARTS - 1].name, CHART_OTHERS);
	ck_assert(sums.parts[CHART_PARTS - 1].sum == 6 * BILLION);
}
END_TEST

START_TEST(bars_without_room_are_counted)
{
	for (int i = 0; i < CHART_BARS + 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "bar %d", i);
		chart_sums_bar(&sums, name);
	}
	ck_assert_uint_eq(sums.n_bars, CHART_BARS);
	ck_assert_uint_eq(sums.left_out, 3);
}
END_TEST

START_TEST(an_amount_beyond_all_measure_is_noticed)
{
	struct decimal huge = { .n = (wide)1 << 120 };

	chart_sums_add(&sums, chart_sums_bar(&sums, "a"), chart_sums_part(&sums, "b"), &huge);
	ck_assert(sums.too_large);
}
END_TEST

/* ---- colours ---- */

START_TEST(the_usual_names_have_the_colours_that_pages_give_them)
{
	add("a", "SMS", 1, 0);
	add("a", "Recordings", 1, 0);
	chart_sums_order(&sums, true);
	ck_assert_int_eq(colour_of("SMS"), 2);
	ck_assert_int_eq(colour_of("Recordings"), 1);
	add("a", "Voice Minutes", 1, 0);
	add("a", "AI Minutes", 1, 0);
	add("a", "SIM Data", 1, 0);
	chart_sums_order(&sums, true);
	ck_assert_int_eq(colour_of("SMS"), 2);
	ck_assert_int_eq(colour_of("Recordings"), 1);
	ck_assert_int_eq(colour_of("Voice Minutes"), 0);
	ck_assert_int_eq(colour_of("AI Minutes"), 3);
	ck_assert_int_eq(colour_of("SIM Data"), 4);
}
END_TEST

START_TEST(no_two_of_six_names_share_a_colour)
{
	unsigned seen = 0;

	for (int i = 0; i < CHART_COLOURS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "name %d", i * 7);
		add("a", name, 1, 0);
	}
	chart_sums_order(&sums, true);
	for (size_t i = 0; i < sums.n_parts; i++)
		seen |= 1u << sums.parts[i].colour;
	ck_assert_uint_eq(seen, (1u << CHART_COLOURS) - 1);
}
END_TEST

/* ---- the axis ---- */

static const struct {
	int64_t least, most, step;
	int below, above;
} axes[] = {
	{ 0, 0, 1, 0, 1 },
	{ 0, 1, 1, 0, 1 },
	{ 0, 5, 1, 0, 5 },
	{ 0, 6, 2, 0, 3 },
	{ 0, 11, 5, 0, 3 },
	{ 0, 1957, 500, 0, 4 },
	{ -1, 1957, 500, 1, 4 },
	{ -300, 200, 100, 3, 2 },
	{ -9, 0, 2, 5, 0 },
	{ 5, 9, 2, 0, 5 },
	{ 0, 999999999999, 200000000000, 0, 5 },
};

START_TEST(an_axis_has_round_values_and_takes_everything_in)
{
	struct chart_axis a = chart_axis_of(axes[_i].least, axes[_i].most);

	ck_assert_int_eq((int64_t)a.step, axes[_i].step);
	ck_assert_int_eq(a.below, axes[_i].below);
	ck_assert_int_eq(a.above, axes[_i].above);
}
END_TEST

START_TEST(lengths_are_rounded_and_don_t_overflow)
{
	ck_assert_int_eq(chart_scale(1, 3, 100), 33);
	ck_assert_int_eq(chart_scale(2, 3, 100), 67);
	ck_assert_int_eq(chart_scale(-2, 3, 100), -67);
	ck_assert_int_eq(chart_scale(0, 3, 100), 0);
	ck_assert_int_eq(chart_scale((wide)1 << 109, (wide)1 << 110, 2400), 1200);
}
END_TEST

/* ---- labels ---- */

static const struct {
	const char *bars[3], *label;
} labels[] = {
	{ { "2026-11-01", "2026-11-02", "2026-11-03" }, "1 Nov" },
	{ { "2026-11-01", NULL, NULL }, "1 Nov" },
	{ { "2026-01-01", "2026-02-01", "2026-03-01" }, "Jan 2026" },
	{ { "2024-01-01", "2025-01-01", "2026-01-01" }, "2024" },
	{ { "2026-11-01T13:00:00Z", "2026-11-01T14:00:00Z", NULL }, "13:00" },
	{ { "1969-12-31T13:30:00Z", NULL, NULL }, "13:30" },
	{ { "reception", "gate", NULL }, "reception" },
	{ { "", NULL, NULL }, "" },
};

START_TEST(times_are_said_as_short_as_their_distance_lets_them_be)
{
	char label[CHART_NAME];

	for (size_t i = 0; i < 3 && labels[_i].bars[i]; i++)
		chart_sums_bar(&sums, labels[_i].bars[i]);
	chart_label(&sums, 0, label);
	ck_assert_str_eq(label, labels[_i].label);
}
END_TEST

/* ---- the picture ---- */

struct row {
	const char *when, *what;
	struct decimal much;
	const char *unit;
};

static const struct field row_fields[] = { FIELD(struct row, when, "Bar"),
					   FIELD(struct row, what, "Part"),
					   FIELD(struct row, much, "Amount"),
					   FIELD(struct row, unit, "Its unit", .flags = FIELD_UNIT),
					   { 0 } };

static const struct chart stacked = { "when", "what", (const char *const[]) { "much", NULL },
				      "unit" };
static const struct chart unnamed = { "when", NULL, (const char *const[]) { "much", NULL },
				      "unit" };
static const struct shape shapes[] = { { .name = "Row", .fields = row_fields, .chart = &stacked },
				       { .name = "Row", .fields = row_fields, .chart = &unnamed } };

static void fill_random(char *text, size_t size, unsigned *seed)
{
	size_t len = *seed % size;

	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 1103515245 + 12345;
		text[i] = (char)(*seed >> 16);
	}
	text[len] = '\0';
}

static void draw(const struct shape *shape, unsigned seed, struct strbuf *out)
{
	static const struct style style = { .json = SPELL_AS_IS };
	struct writer_options o = { .style = &style };
	struct sink sink = { .buf = out };
	struct writer *w = writer_new(&format_svg, &o, &sink);
	struct error err = { 0 };
	char text[4][300] = { "" };

	fill_random(text[0], 300, &seed);
	fill_random(text[1], 300, &seed);
	writer_about(w, text[0], text[1]);
	writer_begin_list(w, NULL, shape);
	for (int i = 0; i < (int)(seed % 40); i++) {
		struct row row = { text[0],
				   text[1],
				   { .n = (wide)(int)seed * (i % 7 ? 1 : BILLION),
				     .places = (int)(seed >> 20) % 10 - 1 },
				   text[3] };

		fill_random(text[0], 300, &seed);
		fill_random(text[1], 300, &seed);
		fill_random(text[3], 30, &seed);
		writer_record(w, NULL, shape, &row);
	}
	writer_end(w);
	ck_assert_int_eq(writer_finish(w, &err), 0);
	writer_free(&w);
}

START_TEST(whatever_the_names_hold_the_picture_is_well_formed)
{
	for (unsigned seed = (unsigned)_i * 1000; seed < (unsigned)_i * 1000 + 200; seed++) {
		struct strbuf out;
		xmlDoc *doc;

		strbuf_init(&out, 4 << 20);
		draw(&shapes[seed % 2], seed * 2654435761u, &out);
		doc = xmlReadMemory(out.text, (int)out.len, "x.svg", NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
		ck_assert_msg(doc != NULL, "seed %u: %s", seed, out.text);
		xmlFreeDoc(doc);
		strbuf_release(&out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chart");
	TCase *tc = tcase_create("chart");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, records_of_the_same_bar_and_part_are_added_exactly);
	tcase_add_test(tc, parts_come_by_size_and_others_last);
	tcase_add_test(tc, parts_without_room_are_added_to_the_last_one);
	tcase_add_test(tc, bars_without_room_are_counted);
	tcase_add_test(tc, an_amount_beyond_all_measure_is_noticed);
	tcase_add_test(tc, the_usual_names_have_the_colours_that_pages_give_them);
	tcase_add_test(tc, no_two_of_six_names_share_a_colour);
	tcase_add_loop_test(tc, an_axis_has_round_values_and_takes_everything_in, 0,
			    sizeof(axes) / sizeof(axes[0]));
	tcase_add_test(tc, lengths_are_rounded_and_don_t_overflow);
	tcase_add_loop_test(tc, times_are_said_as_short_as_their_distance_lets_them_be, 0,
			    sizeof(labels) / sizeof(labels[0]));
	tcase_add_loop_test(tc, whatever_the_names_hold_the_picture_is_well_formed, 0, 5);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
