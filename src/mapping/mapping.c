#include "mapping/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/inifile.h"
#include "base/utf8.h"
#include "mapping/pattern.h"
#include "mapping/expr.h"
#include "mapping/time_form.h"
#include "base/banned.h"

#define RULES_MAX 256

/* COLUMN = PATTERN */
struct mapping_rule {
	enum { RULE_ONLY, RULE_SKIP, RULE_CATEGORY } kind;
	const char *column;
	size_t index;
	struct pattern pattern;
	const char *category;
};

struct mapping {
	struct arena arena;
	const char *path;
	bool json;
	bool header, has_header;
	char delimiter; /* 0: not given */
	enum { QUOTES_BY_DELIMITER, QUOTES, NO_QUOTES } quotes;
	/* optional columns come last */
	const char *columns[MAPPING_COLUMNS_MAX];
	size_t n_columns, n_optional;
	bool comma, has_decimal; /* numbers have a decimal comma */
	bool given[EVENT_FIELDS];
	struct expr field[EVENT_FIELDS];
	struct mapping_attribute {
		const char *name;
		struct expr value;
	} attributes[MAPPING_ATTRIBUTES_MAX];
	size_t n_attributes;
	bool by_name;
	struct time_form time;
	bool asks_zone;
	struct mapping_rule rules[RULES_MAX];
	size_t n_rules;
	bool has_categories; /* some rules set the category */
	struct table *tables;
};

/* ---- loading ---- */

static int set_format(struct mapping *m, char *value, struct error *err)
{
	m->json = strcmp(value, "json") == 0;
	if (!m->json && strcmp(value, "csv") != 0)
		return error_set(err, ERR_PARAM, NULL, "must be csv or json");
	return 0;
}

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
	static const struct {
		const char *name;
		char c;
	} names[] = {
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

static int set_quote(struct mapping *m, char *value, struct error *err)
{
	m->quotes = strcmp(value, "none") == 0 ? NO_QUOTES : QUOTES;
	if (m->quotes == QUOTES && strcmp(value, "double") != 0)
		return error_set(err, ERR_PARAM, NULL, "must be double or none");
	return 0;
}

static int set_decimal(struct mapping *m, char *value, struct error *err)
{
	m->has_decimal = true;
	m->comma = strcmp(value, "comma") == 0;
	if (!m->comma && strcmp(value, "point") != 0)
		return error_set(err, ERR_PARAM, NULL, "must be point or comma");
	return 0;
}

static int add_column(struct mapping *m, const char *name, struct error *err)
{
	if (m->n_columns == MAPPING_COLUMNS_MAX)
		return error_set(err, ERR_PARAM, NULL, "names more than %d columns",
				 MAPPING_COLUMNS_MAX);
	for (size_t i = 0; i < m->n_columns; i++)
		if (strcmp(m->columns[i], name) == 0)
			return error_set(err, ERR_PARAM, NULL, "names the column %s twice", name);
	m->columns[m->n_columns++] = arena_str(&m->arena, name);
	return 0;
}

/* Adds the columns of one more line. */
static int set_columns(struct mapping *m, char *value, struct error *err)
{
	if (m->n_optional)
		return error_set(err, ERR_PARAM, NULL, "must stand before optional_columns");
	while (value) {
		char *name = trim_spaces(strsep(&value, ","));

		if (*name && add_column(m, name, err) < 0)
			return -1;
	}
	return 0;
}

static int set_optional_columns(struct mapping *m, char *value, struct error *err)
{
	size_t before = m->n_columns - m->n_optional;
	int rc;

	m->n_optional = 0;
	rc = set_columns(m, value, err);
	m->n_optional = m->n_columns - before;
	return rc;
}

static int set_time_format(struct mapping *m, char *value, struct error *err)
{
	return time_form_compile(&m->time, value, err);
}

static int set_time_zone(struct mapping *m, char *value, struct error *err)
{
	m->asks_zone = strcmp(value, "ask") == 0;
	m->time.zone = m->asks_zone ? NULL : zone_find(value);
	if (!m->asks_zone && !m->time.zone)
		return error_set(err, ERR_PARAM, NULL,
				 "must be a time zone such as Europe/Vienna, or ask");
	return 0;
}

/*
 * Adds a rule such as "disposition = ANSWERED". CATEGORY is NULL unless the
 * rule sets the category.
 */
static int add_rule(struct mapping *m, int kind, const char *category, char *value,
		    struct error *err)
{
	struct mapping_rule *rule = &m->rules[m->n_rules];
	char *column = trim_spaces(strsep(&value, "="));

	if (!value || !*column)
		return error_set(err, ERR_PARAM, NULL,
				 "must be a column, =, and the value it is compared with");
	if (m->n_rules == RULES_MAX)
		return error_set(err, ERR_PARAM, NULL, "is one rule too many; %d are the most",
				 RULES_MAX);
	rule->kind = kind;
	rule->column = arena_str(&m->arena, column);
	rule->category = category;
	pattern_compile(&rule->pattern, trim_spaces(value), &m->arena);
	m->n_rules++;
	return 0;
}

static int set_only(struct mapping *m, char *value, struct error *err)
{
	return add_rule(m, RULE_ONLY, NULL, value, err);
}

static int set_skip(struct mapping *m, char *value, struct error *err)
{
	return add_rule(m, RULE_SKIP, NULL, value, err);
}

static const struct {
	const char *section, *name;
	int (*set)(struct mapping *m, char *value, struct error *err);
} names[] = { { "file", "format", set_format },
	      { "file", "header", set_header },
	      { "file", "delimiter", set_delimiter },
	      { "file", "quote", set_quote },
	      { "file", "columns", set_columns },
	      { "file", "optional_columns", set_optional_columns },
	      { "file", "decimal", set_decimal },
	      { "event", "time_format", set_time_format },
	      { "event", "time_zone", set_time_zone },
	      { "rows", "only", set_only },
	      { "rows", "skip", set_skip },
	      { 0 } };

/* The event field that a mapping calls NAME. */
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
	m->field[f].amount = event_fields[f].value != EVENT_TEXT;
	if (f == EV_SUBJECT)
		m->by_name = strcmp(name, "account") == 0;
	return expr_compile(value, &m->arena, &m->tables, &m->field[f], err);
}

static int set_attribute(struct mapping *m, const char *name, const char *value, struct error *err)
{
	struct mapping_attribute *a = &m->attributes[m->n_attributes];

	for (size_t i = 0; i < m->n_attributes; i++)
		if (strcmp(m->attributes[i].name, name) == 0)
			return error_set(err, ERR_PARAM, NULL, "is given twice");
	if (event_field_find(name, strlen(name)) != EVENT_FIELDS)
		return error_set(err, ERR_PARAM, NULL,
				 "is a field of an event: it belongs into [event]");
	if (strlen(name) > MAPPING_ATTRIBUTE_NAME || !utf8_plain(name, strlen(name)))
		return error_set(err, ERR_PARAM, NULL,
				 "must be at most %d bytes of UTF-8 without control characters",
				 MAPPING_ATTRIBUTE_NAME);
	if (m->n_attributes == MAPPING_ATTRIBUTES_MAX)
		return error_set(err, ERR_PARAM, NULL, "is one attribute too many; %d are the most",
				 MAPPING_ATTRIBUTES_MAX);
	m->n_attributes++;
	a->name = arena_str(&m->arena, name);
	return expr_compile(value, &m->arena, &m->tables, &a->value, err);
}

static int set_category(struct mapping *m, const char *name, const char *value, struct error *err)
{
	m->has_categories = true;
	return add_rule(m, RULE_CATEGORY, arena_str(&m->arena, name), arena_str(&m->arena, value),
			err);
}

static int set_entry(struct mapping *m, const char *table, const char *name, const char *value,
		     struct error *err)
{
	while (*table == ' ')
		table++;
	if (!*table)
		return error_set(err, ERR_PARAM, NULL,
				 "is in a table without a name; [table accounts] has one");
	table_add(table_get(&m->tables, table, &m->arena), value, name, &m->arena);
	return 0;
}

static int set_name(struct mapping *m, const char *section, const char *name, const char *value,
		    struct error *err)
{
	static const char table[] = "table ";

	for (int i = 0; names[i].name; i++)
		if (strcmp(names[i].section, section) == 0 && strcmp(names[i].name, name) == 0)
			return names[i].set(m, arena_str(&m->arena, value), err);
	if (strcmp(section, "event") == 0)
		return set_field(m, name, value, err);
	if (strcmp(section, "category") == 0)
		return set_category(m, name, value, err);
	if (strcmp(section, "attributes") == 0)
		return set_attribute(m, name, value, err);
	if (strncmp(section, table, sizeof(table) - 1) == 0)
		return set_entry(m, section + sizeof(table) - 1, name, value, err);
	return error_set(err, ERR_PARAM, NULL,
			 "is unknown; there are format, header, delimiter, quote, columns, "
			 "optional_columns and decimal in [file], "
			 "only and skip in [rows], fields, time_format and time_zone in [event], "
			 "and [attributes], [category] and [table NAME]");
}

static int load_name(void *arg, const char *section, const char *name, const char *value,
		     struct error *err)
{
	struct error own = { 0 };

	if (set_name(arg, section, name, value, &own) == 0)
		return 0;
	return error_set(err, ERR_PARAM, NULL, "%s.%s %s", section, name, own.message);
}

static int check_file(const struct mapping *m, const char *path, struct error *err)
{
	if (m->json && (m->has_header || m->n_columns || m->delimiter || m->has_decimal ||
			m->quotes != QUOTES_BY_DELIMITER))
		return error_set(
			err, ERR_PARAM, NULL,
			"%s: file.header, columns, delimiter, quote and decimal are for CSV", path);
	if (!m->json && !m->has_header)
		return error_set(err, ERR_PARAM, NULL, "%s: file.header must be yes or no", path);
	if (!m->json && m->header && m->n_columns)
		return error_set(
			err, ERR_PARAM, NULL,
			"%s: file.columns is for CSV without a header, which names them itself",
			path);
	if (!m->json && !m->header && m->n_columns == m->n_optional)
		return error_set(err, ERR_PARAM, NULL,
				 "%s: file.columns must name the columns, since there is no header",
				 path);
	return 0;
}

static int check_event(const struct mapping *m, const char *path, struct error *err)
{
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (event_fields[f].required && !m->given[f] &&
		    (f != EV_CATEGORY || !m->has_categories))
			return error_set(err, ERR_PARAM, NULL, "%s: event.%s is missing", path,
					 f == EV_SUBJECT ? "account" : event_fields[f].name);
	}
	if ((m->time.zone || m->asks_zone) && (!m->time.text || m->time.has_offset))
		return error_set(err, ERR_PARAM, NULL,
				 "%s: event.time_zone is for times without offset: it needs a "
				 "time_format, without %%z",
				 path);
	return 0;
}

static int check_tables(const struct mapping *m, const char *path, struct error *err)
{
	struct error own = { 0 };

	for (struct table *t = m->tables; t; t = t->next)
		if (table_finish(t, &own) < 0)
			return error_set(err, ERR_PARAM, NULL, "%s: %s", path, own.message);
	return 0;
}

static int bind_columns(struct mapping *m, struct record_columns *c, struct error *err)
{
	for (enum event_field f = 0; f < EVENT_FIELDS; f++)
		if (m->given[f] && expr_bind(&m->field[f], c, err) < 0)
			return -1;
	for (size_t i = 0; i < m->n_attributes; i++)
		if (expr_bind(&m->attributes[i].value, c, err) < 0)
			return -1;
	for (struct mapping_rule *rule = m->rules; rule < m->rules + m->n_rules; rule++)
		if (record_column(c, rule->column, &rule->index, err) < 0)
			return -1;
	return 0;
}

/*
 * Sets the mapping's own columns. For JSON, these are all columns that the
 * mapping uses.
 */
static int bind_own(struct mapping *m, const char *path, struct error *err)
{
	struct record_columns c = { m->columns, m->n_columns,
				    m->json ? MAPPING_COLUMNS_MAX : m->n_columns };
	struct error own = { 0 };

	if (!m->json && m->header)
		return 0;
	if (bind_columns(m, &c, &own) < 0)
		return error_set(err, ERR_PARAM, NULL, "%s: %s", path, own.message);
	m->n_columns = c.n;
	return 0;
}

/* Checks the mapping as a whole, and fills in its defaults. */
static int check_whole(struct mapping *m, const char *path, struct error *err)
{
	if (check_file(m, path, err) < 0 || check_event(m, path, err) < 0 ||
	    check_tables(m, path, err) < 0 || bind_own(m, path, err) < 0)
		return -1;
	if (!m->delimiter)
		m->delimiter = ',';
	m->time.comma = m->comma;
	return 0;
}

int mapping_load(const char *path, struct mapping **ret, struct error *err)
{
	struct mapping *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	arena_init(&m->arena);
	m->path = arena_str(&m->arena, path);
	if (inifile_read(path, true, load_name, m, err) < 0 || check_whole(m, path, err) < 0) {
		mapping_free(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

int mapping_set_zone(struct mapping *m, const char *name, struct error *err)
{
	const struct zone *zone = name ? zone_find(name) : NULL;

	if (!name && m->asks_zone)
		return error_set(err, ERR_PARAM, "--zone",
				 "%s asks for the time zone of the records: give it as in --zone "
				 "Europe/Vienna, "
				 "or write it there as time_zone",
				 m->path);
	if (!name)
		return 0;
	if (!zone)
		return error_set(err, ERR_PARAM, "--zone",
				 "must be a time zone such as Europe/Vienna");
	if (!m->time.text || m->time.has_offset)
		return error_set(err, ERR_PARAM, "--zone",
				 "is for times without offset from UTC; those of %s have one",
				 m->path);
	m->time.zone = zone;
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

bool mapping_of_json(const struct mapping *m)
{
	return m->json;
}

char mapping_delimiter(const struct mapping *m)
{
	return m->delimiter;
}

/* Tab-separated values have no quotes, unless the mapping says so. */
bool mapping_quotes(const struct mapping *m)
{
	return m->quotes == QUOTES_BY_DELIMITER ? m->delimiter != '\t' : m->quotes == QUOTES;
}

const char *const *mapping_own_columns(const struct mapping *m, size_t *ret_n, size_t *ret_least)
{
	*ret_n = m->n_columns;
	*ret_least = m->n_columns - m->n_optional;
	return m->json || !m->header ? m->columns : NULL;
}

bool mapping_uses_position(const struct mapping *m)
{
	for (int f = 0; f < EVENT_FIELDS; f++)
		if (m->given[f] && expr_uses_position(&m->field[f]))
			return true;
	for (size_t i = 0; i < m->n_attributes; i++)
		if (expr_uses_position(&m->attributes[i].value))
			return true;
	return false;
}

bool mapping_accounts_by_name(const struct mapping *m)
{
	return m->by_name;
}

int mapping_columns(struct mapping *m, const char **columns, size_t n, struct error *err)
{
	struct record_columns c = { columns, n, n };

	return bind_columns(m, &c, err);
}

/* ---- rows ---- */

static bool rule_fits(const struct mapping_rule *rule, const struct record_cells *row)
{
	return pattern_fits(&rule->pattern, row->cells[rule->index], row->lens[rule->index],
			    row->comma);
}

/*
 * Does the row pass the rules "only" for this column? Several values of one
 * column are alternatives.
 */
static bool only_holds(const struct mapping *m, size_t column, const struct record_cells *row)
{
	for (const struct mapping_rule *rule = m->rules; rule < m->rules + m->n_rules; rule++)
		if (rule->kind == RULE_ONLY && rule->index == column && rule_fits(rule, row))
			return true;
	return false;
}

static bool row_wanted(const struct mapping *m, const struct record_cells *row)
{
	for (const struct mapping_rule *rule = m->rules; rule < m->rules + m->n_rules; rule++) {
		if (rule->kind == RULE_ONLY && !only_holds(m, rule->index, row))
			return false;
		if (rule->kind == RULE_SKIP && rule_fits(rule, row))
			return false;
	}
	return true;
}

/* The category of the first rule that fits, or NULL. */
static const char *category_by_rule(const struct mapping *m, const struct record_cells *row)
{
	for (const struct mapping_rule *rule = m->rules; rule < m->rules + m->n_rules; rule++)
		if (rule->kind == RULE_CATEGORY && rule_fits(rule, row))
			return rule->category;
	return NULL;
}

/*
 * The text of field F, of *RET_LEN bytes, if the text is a constant or an
 * unchanged cell; else NULL.
 */
static const char *constant(const struct mapping *m, enum event_field f,
			    const struct record_cells *row, size_t *ret_len)
{
	const char *category = f == EV_CATEGORY && m->has_categories ? category_by_rule(m, row)
								     : NULL;

	if (category) {
		*ret_len = strlen(category);
		return category;
	}
	if (!m->given[f] || (f == EV_TIME && m->time.text))
		return NULL;
	return expr_constant(&m->field[f], row, ret_len);
}

/*
 * Converts the time in OUT from FROM on from the mapping's form to the form of
 * events.
 */
static int put_time(const struct mapping *m, struct strbuf *out, size_t from, struct error *err)
{
	char ours[INSTANT_TEXT];
	int64_t us;

	if (!time_form_read(&m->time, out->text + from, out->len - from, &us))
		return error_set(err, ERR_PARAM, "time", "time must have the form %s",
				 m->time.text);
	out->len = from;
	strbuf_addn(out, ours, instant_format(ours, us));
	return 0;
}

static int put_field(const struct mapping *m, enum event_field f, const struct record_cells *row,
		     struct strbuf *out, struct error *err)
{
	size_t from = out->len;

	if (!m->given[f])
		return f == EV_CATEGORY && m->has_categories
			       ? error_set(
					 err, ERR_PARAM, "category",
					 "no rule of [category] fits, and [event] has no category")
			       : 0;
	if (expr_apply(&m->field[f], row, out, err) < 0)
		return -1;
	return f == EV_TIME && m->time.text ? put_time(m, out, from, err) : 0;
}

int mapping_apply(const struct mapping *m, struct record_cells row, struct strbuf *scratch,
		  struct raw_event *ret, struct error *err)
{
	size_t at[EVENT_FIELDS];

	row.comma = m->comma;
	row.time = &m->time;
	if (!row_wanted(m, &row))
		return 0;
	strbuf_clear(scratch);
	memset(ret, 0, sizeof(*ret));
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		at[f] = scratch->len;
		ret->field[f].text = constant(m, f, &row, &ret->field[f].len);
		if (ret->field[f].text)
			continue;
		if (put_field(m, f, &row, scratch, err) < 0)
			return -1;
		ret->field[f].len = scratch->len - at[f];
	}
	/*
	 * Set the pointers now, since SCRATCH no longer moves. An empty text is
	 * a missing field.
	 */
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (!ret->field[f].text)
			ret->field[f].text = scratch->text + at[f];
		if (ret->field[f].len == 0)
			ret->field[f].text = NULL;
	}
	return 1;
}

int mapping_attributes(const struct mapping *m, struct record_cells row, struct strbuf *scratch,
		       mapping_add *add, void *arg, struct error *err)
{
	row.comma = m->comma;
	row.time = &m->time;
	for (size_t i = 0; i < m->n_attributes; i++) {
		strbuf_clear(scratch);
		if (expr_apply(&m->attributes[i].value, &row, scratch, err) < 0)
			return -1;
		if (scratch->len)
			add(arg, m->attributes[i].name, scratch->text, scratch->len);
	}
	return 0;
}
