#include "ingest/attributes.h"

#include <string.h>
#include <strings.h>

#include "ingest/members.h"
#include "base/banned.h"

/* The event field called NAME among the attributes, or EVENT_FIELDS. */
static enum event_field field_of(const char *name)
{
	enum event_field f = event_field_find(name, strlen(name));

	return f != EVENT_FIELDS && event_fields[f].in_data ? EVENT_FIELDS : f;
}

bool attributes_present(const struct event_header *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (field_of(list[i].name) != EVENT_FIELDS)
			return true;
	return false;
}

/*
 * Removes double quotes around a value, and backslashes before quoted
 * characters (RFC 9110 5.6.4). Returns the new length.
 */
static size_t unquote(char *text, size_t len)
{
	char *out = text;

	if (len < 2 || text[0] != '"' || text[len - 1] != '"')
		return len;
	for (size_t i = 1; i < len - 1; i++) {
		if (text[i] == '\\' && i + 1 < len - 1)
			i++;
		*out++ = text[i];
	}
	return (size_t)(out - text);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Decodes %XX in place. Returns false if two hexadecimal digits don't follow a
 * "%".
 */
static bool decode(char *text, size_t *len)
{
	char *out = text;

	for (size_t i = 0; i < *len; i++) {
		int high, low;

		if (text[i] != '%') {
			*out++ = text[i];
			continue;
		}
		high = i + 2 < *len ? hex_digit(text[i + 1]) : -1;
		low = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (low < 0)
			return false;
		*out++ = (char)(high << 4 | low);
		i += 2;
	}
	*len = (size_t)(out - text);
	return true;
}

/* Is NAME an attribute that another header gives? */
static bool is_of_data(const char *name)
{
	return strcmp(name, "data") == 0 || strcmp(name, "data_base64") == 0 ||
	       strcmp(name, "datacontenttype") == 0;
}

/*
 * Begins the list of extensions with the attributes that EV has from its data.
 */
static void begin_extensions(struct members *m, const struct raw_event *ev)
{
	json_object *data = ev->attributes.text
				    ? members_parse(ev->attributes.text, ev->attributes.len)
				    : NULL;

	members_init(m);
	if (!data)
		return;
	json_object_object_foreach(data, name, value)
	{
		members_add(m, name, value);
	}
	json_object_put(data);
}

static void end_extensions(struct members *m, struct arena *arena, struct raw_event *ret)
{
	members_set(m, ret);
	if (ret->attributes.text)
		ret->attributes.text = arena_strn(arena, ret->attributes.text, ret->attributes.len);
	members_release(m);
}

static int read_header(const struct event_header *h, struct members *extensions,
		       struct arena *arena, struct raw_event *ret, struct error *err)
{
	enum event_field f = field_of(h->name);
	size_t len = strlen(h->value);
	char *text = arena_strn(arena, h->value, len);

	len = unquote(text, len);
	if (!decode(text, &len))
		return error_set(err, ERR_PARAM, h->name,
				 "the header ce-%.64s has a %% that isn't followed by two "
				 "hexadecimal digits",
				 h->name);
	text[len] = '\0';
	if (f != EVENT_FIELDS && !ret->field[f].text) {
		ret->field[f].text = text;
		ret->field[f].len = len;
	} else if (f == EVENT_FIELDS && !is_of_data(h->name)) {
		members_add_text(extensions, h->name, text, len);
	}
	return 0;
}

int attributes_read(const struct event_header *list, size_t n, struct arena *arena,
		    struct raw_event *ret, struct error *err)
{
	struct members extensions;
	int rc = 0;

	begin_extensions(&extensions, ret);
	for (size_t i = 0; i < n; i++)
		if (read_header(&list[i], &extensions, arena, ret, err) < 0)
			rc = -1;
	end_extensions(&extensions, arena, ret);
	return rc;
}

bool type_is_json(const char *type, size_t len)
{
	size_t n = 0;

	while (n < len && type[n] != ';' && type[n] != ' ' && type[n] != '\t')
		n++;
	return (n == 16 && strncasecmp(type, "application/json", n) == 0) ||
	       (n == 9 && strncasecmp(type, "text/json", n) == 0) ||
	       (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}
