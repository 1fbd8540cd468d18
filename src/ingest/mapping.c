#include "ingest/mapping.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/civil.h"
#include "base/decimal.h"
#include "ingest/template.h"
#include "base/banned.h"

#define COLUMNS_MAX 256
#define RULES_MAX 32

/* column = VALUE */
struct rule {
	const char *column;
	const char *value;
	size_t value_len;
	size_t index;
	bool only;                   /* else: skip */
};

struct mapping {
	struct arena arena;
	bool header, has_header;
	char delimiter;
	const char *columns[COLUMNS_MAX];
	size_t n_columns;
	bool given[EVENT_FIELDS];
	struct template field[EVENT_FIELDS];
	bool by_name;
	const char *time_format;     /* NULL: RFC 3339 */
	bool counts_seconds;         /* since EPOCH_US */
	int64_t epoch_us;
	struct rule rules[RULES_MAX];
	size_t n_rules;
};

/* ---- loading ---- */

static int set_header(struct mapping *m, char *value, struct error *err)
{
	m->has_header = true;
	m->header = strcmp(value, "yes") == 0;
	if (!m->header && strcmp(value, "no") != 0)
		return error_set(err, ERR_PARAM, NULL, "must be yes or no");
	return 0;
}

static int set_delimiter(struct mapping *m, char *value, struct error *err)
{
	static const struct { const char *name; char c; } names[] = {
		{ "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' }, { "bar", '|' }, { 0 }
	};

	for (int i = 0; names[i].name; i++) {
		if (strcmp(names[i].name, value) == 0) {
			m->delimiter = names[i].c;
			return 0;
		}
	}
	return error_set(err, ERR_PARAM, NULL, "must be comma, semicolon, tab or bar");
}

/* Adds to those of the lines before. */
static int set_columns(struct mapping *m, char *value, struct error *err)
{
	while (value) {
		char *name = trim_spaces(strsep(&value, ","));

		if (!*name)
			continue;
		if (m->n_columns == COLUMNS_MAX)
			return error_set(err, ERR_PARAM, NULL, "names more than %d columns", COLUMNS_MAX);
		m->columns[m->n_columns++] = arena_str(&m->arena, name);
	}
	return 0;
}

static int set_time_format(struct mapping *m, char *value, struct error *err)
{
	static const char seconds[] = "seconds since ";

	m->time_format = arena_str(&m->arena, value);
	m->counts_seconds = strncmp(value, seconds, sizeof(seconds) - 1) == 0;
	if (m->counts_seconds) {
		value += sizeof(seconds) - 1;
		if (!instant_parse(value, strlen(value), false, &m->epoch_us))
			return error_set(err, ERR_PARAM, NULL, "must go on with a time such as 1970-01-01T00:00:00Z");
		return 0;
	}
	for (const char *p = strchr(value, '%'); p; p = strchr(p + 2, '%'))
		if (!p[1] || !strchr("YmdHMSz", p[1]))
			return error_set(err, ERR_PARAM, NULL, "may have %%Y %%m %%d %%H %%M %%S and %%z, or be seconds since a time");
	return 0;
}

/* "disposition = ANSWERED" */
static int add_rule(struct mapping *m, bool only, char *value, struct error *err)
{
	struct rule *rule = &m->rules[m->n_rules];
	char *column = trim_spaces(strsep(&value, "="));

	if (!value || !*column)
		return error_set(err, ERR_PARAM, NULL, "must be a column, =, and the value it is compared with");
	if (m->n_rules == RULES_MAX)
		return error_set(err, ERR_PARAM, NULL, "is one rule too many; %d are the most", RULES_MAX);
	value = trim_spaces(value);
	rule->column = arena_str(&m->arena, column);
	rule->value = arena_str(&m->arena, value);
	rule->value_len = strlen(value);
	rule->only = only;
	m->n_rules++;
	return 0;
}

static int set_only(struct mapping *m, char *value, struct error *err)
{
	return add_rule(m, true, value, err);
}

static int set_skip(struct mapping *m, char *value, struct error *err)
{
	return add_rule(m, false, value, err);
}

static const struct {
	const char *section, *name;
	int (*set)(struct mapping *m, char *value, struct error *err);
} names[] = {
	{ "file", "header", set_header },
	{ "file", "delimiter", set_delimiter },
	{ "file", "columns", set_columns },
	{ "event", "time_format", set_time_format },
	{ "rows", "only", set_only },
	{ "rows", "skip", set_skip },
	{ 0 }
};

/* The event's field that NAME means in a mapping. */
static enum event_field field_find(const char *name)
{
	if (strcmp(name, "account") == 0)
		return EV_SUBJECT;
	return event_field_find(name, strlen(name));
}

static int set_field(struct mapping *m, const char *name, const char *value, struct error *err)
{
	enum event_field f = field_find(name);

	if (f == EVENT_FIELDS || f == EV_SPECVERSION || f == EV_TYPE)
		return error_set(err, ERR_PARAM, NULL, "is no field of an event");
	if (m->given[f])
		return error_set(err, ERR_PARAM, NULL, "is given twice");
	m->given[f] = true;
	if (f == EV_SUBJECT)
		m->by_name = strcmp(name, "account") == 0;
	return template_compile(value, &m->arena, &m->field[f], err);
}

static int set_name(struct mapping *m, const char *section, const char *name, const char *value, struct error *err)
{
	for (int i = 0; names[i].name; i++)
		if (strcmp(names[i].section, section) == 0 && strcmp(names[i].name, name) == 0)
			return names[i].set(m, arena_str(&m->arena, value), err);
	if (strcmp(section, "event") == 0)
		return set_field(m, name, value, err);
	return error_set(err, ERR_PARAM, NULL, "is unknown; there are header, delimiter and columns in [file], "
			 "fields and time_format in [event], only and skip in [rows]");
}

struct loading {
	struct mapping *m;
	FILE *file;
	const char *path;
	int line;
	struct error *err;
};

/* fgets that counts lines and refuses one that doesn't fit. */
static char *load_line(char *buf, int size, void *arg)
{
	struct loading *l = arg;

	l->line++;
	if (!fgets(buf, size, l->file))
		return NULL;
	if (!strchr(buf, '\n') && !feof(l->file)) {
		error_set(l->err, ERR_PARAM, NULL, "%s:%d: the line is longer than %d bytes; go on in an indented line",
			  l->path, l->line, size - 2);
		return NULL;
	}
	return buf;
}

static int load_name(void *arg, const char *section, const char *name, const char *value)
{
	struct loading *l = arg;
	struct error err = { 0 };

	if (set_name(l->m, section, name, value, &err) == 0)
		return 1;
	error_set(l->err, ERR_PARAM, NULL, "%s:%d: %s.%s %s", l->path, l->line, section, name, err.message);
	return 0;
}

/* What a mapping must say. */
static int check_whole(const struct mapping *m, const char *path, struct error *err)
{
	if (!m->has_header)
		return error_set(err, ERR_PARAM, NULL, "%s: file.header must be yes or no", path);
	if (!m->header && m->n_columns == 0)
		return error_set(err, ERR_PARAM, NULL, "%s: file.columns must name the columns, since there is no header", path);
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (event_fields[f].required && !m->given[f])
			return error_set(err, ERR_PARAM, NULL, "%s: event.%s is missing", path,
					 f == EV_SUBJECT ? "account" : event_fields[f].name);
	}
	return 0;
}

int mapping_load(const char *path, struct mapping **ret, struct error *err)
{
	struct mapping *m = calloc(1, sizeof(*m));
	struct loading l = { .m = m, .path = path, .err = err };
	struct error own = { 0 };
	int line;

	if (!m)
		abort();
	if (!err)
		l.err = err = &own;
	arena_init(&m->arena);
	m->delimiter = ',';
	l.file = fopen(path, "r");
	if (!l.file) {
		mapping_free(&m);
		return error_system(err, path, errno);
	}
	line = ini_parse_stream(load_line, &l, load_name, &l);
	fclose(l.file);
	if (line != 0)
		error_set(err, ERR_PARAM, NULL, "%s:%d: must be [section], or name = value", path, line);
	if (err->kind != ERR_NONE || check_whole(m, path, err) < 0) {
		mapping_free(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

void mapping_free(struct mapping **mp)
{
	if (!*mp)
		return;
	arena_release(&(*mp)->arena);
	free(*mp);
	*mp = NULL;
}

bool mapping_has_header(const struct mapping *m)
{
	return m->header;
}

char mapping_delimiter(const struct mapping *m)
{
	return m->delimiter;
}

size_t mapping_column_count(const struct mapping *m)
{
	return m->n_columns;
}

bool mapping_accounts_by_name(const struct mapping *m)
{
	return m->by_name;
}

int mapping_columns(struct mapping *m, const char *const *columns, size_t n, struct error *err)
{
	if (!columns) {
		columns = m->columns;
		n = m->n_columns;
	}
	for (enum event_field f = 0; f < EVENT_FIELDS; f++)
		if (m->given[f] && template_bind(&m->field[f], columns, n, err) < 0)
			return -1;
	for (struct rule *rule = m->rules; rule < m->rules + m->n_rules; rule++) {
		for (rule->index = 0; rule->index < n; rule->index++)
			if (strcmp(columns[rule->index], rule->column) == 0)
				break;
		if (rule->index == n)
			return error_set(err, ERR_PARAM, rule->column, "there is no column %s", rule->column);
	}
	return 0;
}

/* ---- times ---- */

static bool read_digits(const char **p, const char *end, int digits, int *ret)
{
	*ret = 0;
	for (; digits > 0; digits--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		*ret = *ret * 10 + (**p - '0');
	}
	return true;
}

/* ".6805900": what is beyond microseconds is cut off. */
static int64_t read_fraction(const char **p, const char *end)
{
	int64_t us = 0, unit = USEC_PER_SEC / 10;

	if (*p + 1 >= end || **p != '.' || (*p)[1] < '0' || (*p)[1] > '9')
		return 0;
	for ((*p)++; *p < end && **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		us += (**p - '0') * unit;
	return us;
}

/* "+0100", "+01:00" or "Z", in seconds */
static bool read_zone(const char **p, const char *end, int *ret)
{
	int hours, minutes;
	bool west;

	*ret = 0;
	if (*p < end && **p == 'Z') {
		(*p)++;
		return true;
	}
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	west = *(*p)++ == '-';
	if (!read_digits(p, end, 2, &hours))
		return false;
	if (*p < end && **p == ':')
		(*p)++;
	if (!read_digits(p, end, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

/* TEXT in the form FORMAT, to microseconds. */
static bool read_time(const char *format, const char *text, size_t len, int64_t *ret_us)
{
	const char *end = text + len;
	struct date d = { 1970, 1, 1 };
	int hour = 0, minute = 0, second = 0, zone = 0;
	int64_t us = 0;

	for (; *format; format++) {
		bool ok = true;

		if (*format != '%') {
			if (text == end || *text++ != *format)
				return false;
			continue;
		}
		switch (*++format) {
		case 'Y': ok = read_digits(&text, end, 4, &d.year); break;
		case 'm': ok = read_digits(&text, end, 2, &d.month); break;
		case 'd': ok = read_digits(&text, end, 2, &d.day); break;
		case 'H': ok = read_digits(&text, end, 2, &hour); break;
		case 'M': ok = read_digits(&text, end, 2, &minute); break;
		case 'z': ok = read_zone(&text, end, &zone); break;
		case 'S':
			ok = read_digits(&text, end, 2, &second);
			us = read_fraction(&text, end);
			break;
		}
		if (!ok)
			return false;
	}
	if (text != end || !date_valid(d) || hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_us = (date_to_days(d) * SEC_PER_DAY + hour * 3600 + minute * 60 + second - zone) * USEC_PER_SEC + us;
	return true;
}

#define SECONDS_MAX (10000LL * 366 * SEC_PER_DAY)

static bool count_seconds(const struct mapping *m, const char *text, size_t len, int64_t *ret_us)
{
	int64_t us;

	if (decimal_parse(text, len, 6, SECONDS_MAX * USEC_PER_SEC, &us) != DECIMAL_OK)
		return false;
	*ret_us = m->epoch_us + us;
	return true;
}

/* What stands in OUT from FROM on is a time of the mapping's format, and becomes one of ours. */
static int put_time(const struct mapping *m, struct strbuf *out, size_t from, struct error *err)
{
	const char *text = out->text + from;
	char ours[INSTANT_TEXT];
	size_t len = out->len - from;
	int64_t us = 0;

	if (!(m->counts_seconds ? count_seconds(m, text, len, &us) : read_time(m->time_format, text, len, &us)))
		return error_set(err, ERR_PARAM, "time", "time must have the form %s", m->time_format);
	len = instant_format(ours, us);
	out->len = from;
	strbuf_addn(out, ours, len);
	return 0;
}

/* ---- rows ---- */

static bool rule_matches(const struct rule *rule, const struct csv_row *row)
{
	return row->lens[rule->index] == rule->value_len &&
	       memcmp(row->cells[rule->index], rule->value, rule->value_len) == 0;
}

/* Several values of one column are alternatives. */
static bool only_holds(const struct mapping *m, size_t column, const struct csv_row *row)
{
	for (const struct rule *rule = m->rules; rule < m->rules + m->n_rules; rule++)
		if (rule->only && rule->index == column && rule_matches(rule, row))
			return true;
	return false;
}

static bool row_wanted(const struct mapping *m, const struct csv_row *row)
{
	for (const struct rule *rule = m->rules; rule < m->rules + m->n_rules; rule++)
		if (rule->only ? !only_holds(m, rule->index, row) : rule_matches(rule, row))
			return false;
	return true;
}

static int put_field(const struct mapping *m, enum event_field f, const struct csv_row *row, struct strbuf *out, struct error *err)
{
	size_t from = out->len;

	if (template_apply(&m->field[f], row, out, err) < 0)
		return -1;
	if (f == EV_TIME && m->time_format)
		return put_time(m, out, from, err);
	return 0;
}

int mapping_apply(const struct mapping *m, const char *const *cells, const size_t *lens, size_t n, int64_t line, int64_t row_number,
		  struct strbuf *scratch, struct raw_event *ret, struct error *err)
{
	struct csv_row row = { cells, lens, n, line, row_number };
	size_t at[EVENT_FIELDS];

	if (!row_wanted(m, &row))
		return 0;
	strbuf_clear(scratch);
	memset(ret, 0, sizeof(*ret));
	ret->line = line;
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (!m->given[f])
			continue;
		at[f] = scratch->len;
		if (f != EV_TIME || !m->time_format)
			ret->field[f].text = template_constant(&m->field[f], &row, &ret->field[f].len);
		if (ret->field[f].text)
			continue;
		if (put_field(m, f, &row, scratch, err) < 0)
			return -1;
		ret->field[f].len = scratch->len - at[f];
	}
	/* The text has stopped moving. An empty one is a field that the event doesn't have. */
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (m->given[f] && !ret->field[f].text)
			ret->field[f].text = scratch->text + at[f];
		if (ret->field[f].len == 0)
			ret->field[f].text = NULL;
	}
	return 1;
}
