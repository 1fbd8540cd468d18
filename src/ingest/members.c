#include "ingest/members.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "base/banned.h"

#define MEMBERS_TEXT_MAX (16 * EVENT_ATTRIBUTES_MAX)
#define MEMBERS_DEPTH    17 /* one more than in an event */

void members_init(struct members *m)
{
	strbuf_init(&m->text, MEMBERS_TEXT_MAX);
	strbuf_init(&m->out, EVENT_ATTRIBUTES_MAX);
	strbuf_init(&m->value, MEMBERS_TEXT_MAX);
	m->n = 0;
}

void members_release(struct members *m)
{
	strbuf_release(&m->text);
	strbuf_release(&m->out);
	strbuf_release(&m->value);
}

void members_clear(struct members *m)
{
	strbuf_clear(&m->text);
	m->n = 0;
}

/* Is TEXT the same in a JSON string? */
static bool is_literal(const char *text, size_t len)
{
	return utf8_plain(text, len) && !memchr(text, '"', len) && !memchr(text, '\\', len);
}

/* Appends TEXT to a JSON string, as UTF-8. ESCAPE: also escapes TEXT. */
static void add_utf8(struct strbuf *out, const char *text, size_t len, bool escape)
{
	if (escape ? is_literal(text, len) : utf8_valid(text, len)) {
		strbuf_addn(out, text, len);
		return;
	}
	for (size_t i = 0; i < len && !out->failed;) {
		unsigned char c = (unsigned char)text[i];
		size_t step = utf8_step(text + i, len - i);

		if (!step)
			strbuf_add(out, "\xEF\xBF\xBD");
		else if (escape && (c == '"' || c == '\\'))
			strbuf_addf(out, "\\%c", c);
		else if (escape && c < 0x20)
			strbuf_addf(out, "\\u%04x", c);
		else
			strbuf_addn(out, text + i, step);
		i += step ? step : 1;
	}
}

/* Adds the name of the next member. Returns NULL if there is no room. */
static struct member *begin_member(struct members *m, const char *name, size_t value_len)
{
	struct member *mb = &m->list[m->n];
	size_t len = strlen(name);

	if (m->n == MEMBERS_MAX || len + value_len > EVENT_ATTRIBUTES_MAX)
		return NULL;
	mb->at = m->text.len;
	strbuf_addc(&m->text, '"');
	add_utf8(&m->text, name, len, true);
	strbuf_addc(&m->text, '"');
	mb->name_len = m->text.len - mb->at;
	strbuf_addc(&m->text, ':');
	return mb;
}

/* Counts the member, unless it is incomplete. */
static void end_member(struct members *m, struct member *mb)
{
	mb->len = m->text.len - mb->at;
	m->n += !m->text.failed;
}

bool members_is_clamped(json_object *value)
{
	return json_object_is_type(value, json_type_int) &&
	       (json_object_get_uint64(value) == UINT64_MAX ||
		json_object_get_int64(value) == INT64_MIN);
}

void members_add(struct members *m, const char *name, json_object *value)
{
	struct member *mb;
	const char *text;
	size_t len;

	if (members_is_clamped(value))
		return;
	text = json_object_to_json_string_length(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	mb = begin_member(m, name, len);
	if (!mb)
		return;
	add_utf8(&m->text, text, len, false);
	end_member(m, mb);
}

void members_add_text(struct members *m, const char *name, const char *value, size_t len)
{
	struct member *mb = begin_member(m, name, len);

	if (!mb)
		return;
	strbuf_addc(&m->text, '"');
	add_utf8(&m->text, value, len, true);
	strbuf_addc(&m->text, '"');
	end_member(m, mb);
}

static int compare_names(const struct members *m, const struct member *a, const struct member *b)
{
	size_t shorter = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(m->text.text + a->at, m->text.text + b->at, shorter);

	return order ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* Compares by name; members of the same name stay in order. */
static int compare(const void *a, const void *b, void *members)
{
	const struct member *x = a, *y = b;
	int order = compare_names(members, x, y);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

void members_set(struct members *m, struct raw_event *ret)
{
	ret->attributes.text = NULL;
	ret->attributes.len = 0;
	strbuf_clear(&m->out);
	qsort_r(m->list, m->n, sizeof(*m->list), compare, m);
	for (size_t i = 0; i < m->n; i++) {
		const struct member *mb = &m->list[i];

		if ((i && compare_names(m, mb - 1, mb) == 0) ||
		    m->out.len + mb->len + 2 > EVENT_ATTRIBUTES_MAX)
			continue;
		strbuf_addc(&m->out, m->out.len ? ',' : '{');
		strbuf_addn(&m->out, m->text.text + mb->at, mb->len);
	}
	if (m->out.len == 0)
		return;
	strbuf_addc(&m->out, '}');
	ret->attributes.text = m->out.text;
	ret->attributes.len = m->out.len;
}

static void add_mapped(void *members, const char *name, const char *text, size_t len)
{
	members_add_text(members, name, text, len);
}

int members_map(struct members *m, const struct mapping *mapping, struct record_cells row,
		struct raw_event *ret, struct error *err)
{
	members_clear(m);
	if (mapping_attributes(mapping, row, &m->value, add_mapped, m, err) < 0)
		return -1;
	members_set(m, ret);
	return 0;
}

bool members_may_be_data(const char *name, const struct raw_event *ev, const char **ret_near)
{
	const char *lacking[EVENT_FIELDS] = { NULL };
	enum event_field f = event_field_find(name, strlen(name));
	bool has[EVENT_FIELDS];

	*ret_near = NULL;
	if (f != EVENT_FIELDS)
		return !event_fields[f].in_data;
	for (f = 0; f < EVENT_FIELDS; f++)
		has[f] = ev->field[f].text;
	for (f = 0; f < EVENT_FIELDS; f++)
		if (event_fields[f].in_data && event_field_lacks(f, has))
			lacking[f] = event_fields[f].name;
	*ret_near = nearest_name(name, strlen(name), lacking, EVENT_FIELDS);
	return !*ret_near;
}

json_object *members_parse(const char *text, size_t len)
{
	json_tokener *tokener = json_tokener_new_ex(MEMBERS_DEPTH);
	json_object *object;

	if (!tokener)
		abort();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = memchr(text, 0, len) ? NULL : json_tokener_parse_ex(tokener, text, (int)len);
	if (object && (!json_object_is_type(object, json_type_object) ||
		       json_tokener_get_parse_end(tokener) != len)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}
