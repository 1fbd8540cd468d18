#include "ingest/event_out.h"

#include <json-c/json.h>
#include <stdbool.h>

#include "ingest/members.h"
#include "base/banned.h"

/* Is F a field that is the same for all events, or that is not stored? */
static bool is_left_out(enum event_field f)
{
	return f == EV_SPECVERSION || f == EV_TYPE || f == EV_SIM_NAME || f == EV_FLEET_NAME;
}

/*
 * Adds a JSON string. event_check made sure that TEXT has no control
 * characters.
 */
static void add_string(struct strbuf *out, const char *text, size_t len)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, text[i]);
	}
	strbuf_addc(out, '"');
}

static void add_members(const struct raw_event *ev, bool in_data, struct strbuf *out)
{
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (event_fields[f].in_data != in_data || is_left_out(f) || !ev->field[f].text)
			continue;
		if (out->text[out->len - 1] != '{')
			strbuf_addc(out, ',');
		strbuf_addf(out, "\"%s\":", event_fields[f].name);
		/*
		 * decimals are texts, so that no program reads them as binary
		 * fractions
		 */
		if (event_fields[f].value == EVENT_WHOLE)
			strbuf_addn(out, ev->field[f].text, ev->field[f].len);
		else
			add_string(out, ev->field[f].text, ev->field[f].len);
	}
}

/* Adds the fields inside the data (IN_DATA), or the fields beside the data. */
static void add_attributes(const struct raw_event *ev, json_object *attributes, bool in_data,
			   struct strbuf *out)
{
	if (!attributes)
		return;
	json_object_object_foreach(attributes, name, value)
	{
		const char *near;
		json_object *text;

		if (members_may_be_data(name, ev, &near) != in_data)
			continue;
		text = json_object_new_string(name);
		if (out->text[out->len - 1] != '{')
			strbuf_addc(out, ',');
		strbuf_add(out,
			   json_object_to_json_string_ext(
				   text, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		strbuf_addc(out, ':');
		strbuf_add(out,
			   json_object_to_json_string_ext(
				   value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(text);
	}
}

static void add_json(const struct raw_event *ev, struct strbuf *out)
{
	json_object *attributes = ev->attributes.text
					  ? members_parse(ev->attributes.text, ev->attributes.len)
					  : NULL;

	strbuf_add(out, "{\"specversion\":\"1.0\",\"type\":\"usage\"");
	add_members(ev, false, out);
	add_attributes(ev, attributes, false, out);
	strbuf_add(out, ",\"data\":{");
	add_members(ev, true, out);
	add_attributes(ev, attributes, true, out);
	strbuf_add(out, "}}\n");
	json_object_put(attributes);
}

static void add_cell(struct strbuf *out, const char *text, size_t len)
{
	bool quoted = memchr(text, ',', len) || memchr(text, '"', len);

	if (quoted)
		strbuf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			strbuf_addc(out, '"');
		strbuf_addc(out, text[i]);
	}
	if (quoted)
		strbuf_addc(out, '"');
}

static void add_row(const struct raw_event *ev, struct strbuf *out)
{
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (is_left_out(f))
			continue;
		if (f)
			strbuf_addc(out, ',');
		if (ev->field[f].text)
			add_cell(out, ev->field[f].text, ev->field[f].len);
	}
	strbuf_addc(out, ',');
	if (ev->attributes.text)
		add_cell(out, ev->attributes.text, ev->attributes.len);
	strbuf_add(out, "\r\n");
}

void event_out_begin(enum event_form form, struct strbuf *out)
{
	struct raw_event names = { 0 };

	if (form != EVENT_CSV)
		return;
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		names.field[f].text = event_fields[f].name;
		names.field[f].len = strlen(event_fields[f].name);
	}
	names.attributes.text = "attributes";
	names.attributes.len = strlen(names.attributes.text);
	add_row(&names, out);
}

void event_out_add(enum event_form form, const struct raw_event *ev, struct strbuf *out)
{
	if (form == EVENT_CSV)
		add_row(ev, out);
	else
		add_json(ev, out);
}
