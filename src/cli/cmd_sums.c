/* cmd_sums.c - prints the rollups as a table. */
#include "cli/command.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "store/account.h"
#include "store/rollup.h"
#include "store/series.h"
#include "store/sums.h"
#include "usage/catalogue.h"
#include "base/banned.h"

static const char *const level_names[LEVELS] = {
	[LEVEL_QUARTER] = "quarter-hour", [LEVEL_DAY] = "day", [LEVEL_MONTH] = "month"
};

/* The given options. */
struct sums_command {
	const char *account, *by, *group;
	enum level level;
	bool by_value;
	enum dimension dimension;
};

struct sums_line {
	int64_t slot, category, value;
	struct amounts_wide amounts;
};

/* The lines of one account and month. */
struct sums_table {
	struct store *st;
	struct arena texts; /* of one month */
	const struct catalogue *catalogue;
	const struct sums_command *command;
	const struct account *account;
	GArray *lines; /* struct sums_line */
};

static int take_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct sums_line line = { (int64_t)row->span, row->category, row->value, *row->amounts };
	struct sums_table *t = arg;

	(void)err;
	g_array_append_val(t->lines, line);
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	const struct sums_line *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* Merges lines of the same slot, category and value into one. */
static void add_up_lines(GArray *lines)
{
	struct sums_line *all = (struct sums_line *)lines->data;
	guint last = 0;

	if (!lines->len)
		return;
	qsort(all, lines->len, sizeof(*all), compare_lines);
	for (guint i = 1; i < lines->len; i++) {
		if (compare_lines(&all[last], &all[i]) == 0)
			amounts_wide_add(&all[last].amounts, &all[i].amounts, 1);
		else
			all[++last] = all[i];
	}
	g_array_set_size(lines, last + 1);
}

static int print_line(struct sums_table *t, const struct sums_line *line,
		      const struct slot_span *slot, struct error *err)
{
	const struct catalogue *c = t->catalogue;
	size_t category = catalogue_index(c, line->category);
	char begin[INSTANT_TEXT], number[DECIMAL_TEXT];
	const char *text = "";

	if (line->value &&
	    store_dimension_text(t->st, t->account->id, line->value, &t->texts, &text, err) < 0)
		return -1;
	instant_format(begin, slot->from * SLOT_SEC * USEC_PER_SEC);
	printf("%s\t%s\t%s", t->account->sid, begin,
	       category == CATALOGUE_NONE ? "?" : c->categories[category].name);
	if (t->command->by_value)
		printf("\t%s", text);
	for (int i = 0; i < AMOUNTS; i++) {
		decimal_format(number, line->amounts.n[i], amount_infos[i].places);
		printf("\t%s", number);
	}
	putchar('\n');
	return 0;
}

static int print_slots(struct sums_table *t, const struct slot_span *slots, size_t n,
		       struct error *err)
{
	const struct sums_account account = { .id = t->account->id };
	const struct sums_query q = { .accounts = &account,
				      .n_accounts = 1,
				      .spans = slots,
				      .n_spans = n,
				      .by_series = t->command->by_value,
				      .group = t->command->dimension };

	g_array_set_size(t->lines, 0);
	arena_reset(&t->texts);
	if (store_sums(t->st, &q, take_row, t, err) < 0)
		return -1;
	add_up_lines(t->lines);
	for (guint i = 0; i < t->lines->len; i++) {
		const struct sums_line *line = &g_array_index(t->lines, struct sums_line, i);

		if (!amounts_wide_zero(&line->amounts) && (line->value || !t->command->by_value) &&
		    print_line(t, line, &slots[line->slot], err) < 0)
			return -1;
	}
	return 0;
}

/* Prints one month. Memory holds only this month. */
static int print_month(struct sums_table *t, int64_t month, struct error *err)
{
	int64_t from = slot_month_day(month) * SLOTS_PER_DAY;
	int64_t to = slot_month_day(month + 1) * SLOTS_PER_DAY;
	int64_t step = t->command->level == LEVEL_MONTH ? to - from
		       : t->command->level == LEVEL_DAY ? SLOTS_PER_DAY
							: 1;
	struct slot_span *slots = g_new(struct slot_span, (gsize)((to - from) / step));
	size_t n = 0;
	int rc;

	for (int64_t at = from; at < to; at += step)
		slots[n++] = (struct slot_span) { at, at + step };
	rc = print_slots(t, slots, n, err);
	g_free(slots);
	return rc;
}

static int print_account(struct sums_table *t, struct error *err)
{
	int64_t first, last;
	int rc = store_usage_day(t->st, &t->account->id, 1, false, &first, err);

	if (rc > 0)
		rc = store_usage_day(t->st, &t->account->id, 1, true, &last, err);
	if (rc <= 0)
		return rc;
	for (int64_t month = slot_of(LEVEL_MONTH, first * SLOTS_PER_DAY);
	     month <= slot_of(LEVEL_MONTH, last * SLOTS_PER_DAY); month++)
		if (print_month(t, month, err) < 0)
			return -1;
	return 0;
}

/* Finds the dimension of --group. */
static int choose_dimension(const struct catalogue *catalogue, struct sums_command *c,
			    struct error *err)
{
	int d;

	if (!c->group)
		return 0;
	d = dimension_find(&catalogue->dimensions, c->group, strlen(c->group));
	if (d == DIMENSIONS)
		return error_set(err, ERR_PARAM, "group",
				 "there is no dimension %.64s; usaged dimension list lists them",
				 c->group);
	c->dimension = (enum dimension)d;
	c->by_value = true;
	return 0;
}

static int print_sums(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct sums_command *c = arg;
	struct sums_table t = { .st = st, .command = c };
	int64_t only = 0;
	struct account *list;
	size_t n;
	int rc = 0;

	if ((c->account && command_account_id(st, arena, "account", c->account, &only, err) < 0) ||
	    store_accounts(st, 0, arena, &list, &n, err) < 0 ||
	    catalogue_load(st, arena, &t.catalogue, err) < 0 ||
	    choose_dimension(t.catalogue, c, err) < 0)
		return -1;
	t.lines = g_array_new(FALSE, FALSE, sizeof(struct sums_line));
	arena_init(&t.texts);
	printf("account\tbegin\tcategory%s%s", c->by_value ? "\t" : "",
	       c->by_value ? c->group : "");
	for (int i = 0; i < AMOUNTS; i++)
		printf("\t%s", amount_infos[i].name);
	putchar('\n');
	for (size_t i = 0; i < n && rc == 0; i++) {
		t.account = &list[i];
		if (!only || list[i].id == only)
			rc = print_account(&t, err);
	}
	g_array_free(t.lines, TRUE);
	arena_release(&t.texts);
	return rc;
}

/* The index of NAME in the list of N names, or -1. */
static int find_name(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int run_sums(const struct settings *s, int argc, char **argv)
{
	struct sums_command c = { .by = "month" };
	const struct command_option options[] = { { "account", .text = &c.account },
						  { "by", .text = &c.by },
						  { "group", .text = &c.group },
						  { 0 } };
	int rc, level;

	if (!command_only_options(&command_sums, options, argc, argv, &rc))
		return rc;
	level = find_name(c.by, level_names, LEVELS);
	if (level < 0)
		return command_wrong(&command_sums,
				     "--by must be quarter-hour, day or month, and not %s", c.by);
	c.level = (enum level)level;
	return command_in_ledger("sums", s, 0, print_sums, &c);
}

const struct command command_sums = {
	.name = "sums",
	.usage = "sums [--account SID] [--by month|day|quarter-hour] [--group DIMENSION]",
	.summary = "print what reports are made from: sums by account, time and category",
	.help = "Prints a line for each account, slot of time (in UTC) and category with usage,\n"
		"fields apart by tabs, under a line of their names.\n\n"
		"  --account SID      only this account\n"
		"  --by SLOT          month (default), day or quarter-hour\n"
		"  --group DIMENSION  only usage that has a value of it, by value; usaged\n"
		"                     dimension list has their names\n",
	.run = run_sums,
};
