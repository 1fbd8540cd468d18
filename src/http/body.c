#include "http/body.h"

#include <stdio.h>
#include <string.h>
#include <json-c/json.h>
#include <libxml/xmlreader.h>

#include "base/utf8.h"
#include "http/negotiate.h"
#include "base/banned.h"

enum {
	BOUNDARY_MAX = 70,             /* RFC 2046 */
	PART_HEADERS_MAX = 2048
};

static const char xsi[] = "http://www.w3.org/2001/XMLSchema-instance";

/* One body on its way to parameters. */
struct body {
	const struct op *op;
	const char *content_type;
	char *text;
	size_t len;
	struct params *params;
};

/* ---- what is wrong with it ---- */

/* "Could not deserialize 'application/xml' request using Voice.Api.AI.GetAIUsage'" (the contract's words), then why. */
__attribute__((format(printf, 3, 4)))
static int malformed(const struct body *b, struct error *err, const char *fmt, ...)
{
	const char *slash = b->op->body_namespace ? strrchr(b->op->body_namespace, '/') : NULL;
	char type[64], why[160];
	size_t n = 0;
	va_list ap;

	for (; b->content_type[n] && b->content_type[n] != ';' && n < sizeof(type) - 1; n++)
		type[n] = b->content_type[n] > 0x20 && b->content_type[n] < 0x7f ? b->content_type[n] : '?';
	type[n] = '\0';
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	why[strcspn(why, "\r\n")] = '\0';
	return error_set(err, ERR_BODY, NULL, "Could not deserialize '%s' request using %s%s%s' Error: %s", type,
			 slash ? slash + 1 : "", slash ? "." : "", b->op->body_root ? b->op->body_root : b->op->id, why);
}

static const struct param *find_param(const struct op *op, const char *name, bool any_case)
{
	for (const struct param *p = op->params; p->name; p++)
		if (!(p->flags & PARAM_PATH) && params_same(p->name, name, any_case))
			return p;
	return NULL;
}

/* Adds the value, or puts it in the place of an earlier one. */
static int set_param(struct body *b, const struct param *p, const char *value, size_t len, struct error *err)
{
	struct params *ps = b->params;
	char *copy = arena_strn(ps->arena, value, len);
	size_t last = ps->n;

	if (params_add(ps, p->name, strlen(p->name), copy, len, err) < 0)
		return -1;
	for (size_t i = 0; i < last; i++)
		if (ps->items[i].name == p->name) {
			ps->items[i] = ps->items[last];
			ps->n = last;
			break;
		}
	return 0;
}

/* ---- JSON ---- */

/* What json-c makes of a whole number that doesn't fit its own: another one. */
static bool is_clamped(const char *text)
{
	return strcmp(text, "18446744073709551615") == 0 || strcmp(text, "9223372036854775807") == 0 ||
	       strcmp(text, "-9223372036854775808") == 0;
}

static int read_member(struct body *b, const char *name, json_object *value, struct error *err)
{
	const struct param *p = find_param(b->op, name, b->op->dialect->any_case);
	const char *text;

	if (!p)
		return 0;
	switch (json_object_get_type(value)) {
	case json_type_null:
		return set_param(b, p, "", 0, err);
	case json_type_object:
	case json_type_array:
		return malformed(b, err, "%s must be a string, a number, true, false or null", p->name);
	case json_type_string:
		return set_param(b, p, json_object_get_string(value), (size_t)json_object_get_string_len(value), err);
	default:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		if (is_clamped(text))
			return malformed(b, err, "%s is too large a number", p->name);
		return set_param(b, p, text, strlen(text), err);
	}
}

/* Names are C strings to json-c: one with an escaped NUL would end there. */
static bool has_escaped_nul(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= 6 && memcmp(text + i + 1, "u0000", 5) == 0)
			return true;
		i++;
	}
	return false;
}

static int read_members(struct body *b, json_object *root, struct error *err)
{
	if (!json_object_is_type(root, json_type_object))
		return malformed(b, err, "The body must be a JSON object");
	json_object_object_foreach(root, name, value)
		if (read_member(b, name, value, err) < 0)
			return -1;
	return 0;
}

static int read_json(struct body *b, struct error *err)
{
	struct json_tokener *tok;
	json_object *root;
	int rc;

	if (has_escaped_nul(b->text, b->len))
		return malformed(b, err, "\\u0000 is not allowed");
	tok = json_tokener_new_ex(BODY_DEPTH_MAX);
	if (!tok)
		return error_set(err, ERR_INTERNAL, NULL, "Out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/* with its NUL, so that a number at the end is complete */
	root = json_tokener_parse_ex(tok, b->text, (int)b->len + 1);
	if (json_tokener_get_error(tok) != json_tokener_success)
		rc = malformed(b, err, "%s at byte %zu", json_tokener_error_desc(json_tokener_get_error(tok)),
			       json_tokener_get_parse_end(tok) + 1);
	else
		rc = read_members(b, root, err);
	json_object_put(root);
	json_tokener_free(tok);
	return rc;
}

/* ---- XML ---- */

void body_init(void)
{
	xmlInitParser();
}

static int xml_failed(struct body *b, struct error *err)
{
	const xmlError *e = xmlGetLastError();

	return malformed(b, err, "line %d: %s", e ? e->line : 1, e && e->message ? e->message : "not well-formed");
}

static bool in_namespace(xmlTextReader *r, const char *want)
{
	const xmlChar *ns = xmlTextReaderConstNamespaceUri(r);

	return want ? ns && strcmp((const char *)ns, want) == 0 : !ns;
}

static bool is_nil(xmlTextReader *r)
{
	xmlChar *nil = xmlTextReaderGetAttributeNs(r, (const xmlChar *)"nil", (const xmlChar *)xsi);
	bool yes = nil && (strcmp((char *)nil, "true") == 0 || strcmp((char *)nil, "1") == 0);

	xmlFree(nil);
	return yes;
}

static int check_root(struct body *b, xmlTextReader *r, struct error *err)
{
	const char *ns = b->op->body_namespace;

	if (strcmp((const char *)xmlTextReaderConstLocalName(r), b->op->body_root) == 0 && in_namespace(r, ns))
		return 0;
	return malformed(b, err, "The root must be %.40s in the namespace '%.80s'", b->op->body_root, ns ? ns : "");
}

/* The member being read, and its text so far. */
struct member {
	const struct param *param;     /* NULL: between members, or in one that is skipped */
	struct strbuf text;
};

static int start_element(struct body *b, xmlTextReader *r, struct member *m, struct error *err)
{
	int depth = xmlTextReaderDepth(r);

	if (depth == 0)
		return check_root(b, r, err);
	if (depth > 1)
		return m->param ? malformed(b, err, "%s must not hold elements", m->param->name) : 0;
	m->param = NULL;
	if (in_namespace(r, b->op->body_namespace))
		m->param = find_param(b->op, (const char *)xmlTextReaderConstLocalName(r), false);
	if (!m->param)
		return 0;
	strbuf_clear(&m->text);
	if (!is_nil(r) && !xmlTextReaderIsEmptyElement(r))
		return 0;
	if (set_param(b, m->param, "", 0, err) < 0)
		return -1;
	m->param = NULL;
	return 0;
}

static int end_element(struct body *b, xmlTextReader *r, struct member *m, struct error *err)
{
	const struct param *p = m->param;

	if (xmlTextReaderDepth(r) != 1 || !p)
		return 0;
	m->param = NULL;
	if (m->text.failed)
		return error_set(err, ERR_PARAM, p->name, "must not have more than %d bytes", REQUEST_VALUE_MAX);
	return set_param(b, p, m->text.text, m->text.len, err);
}

static int read_node(struct body *b, xmlTextReader *r, struct member *m, struct error *err)
{
	switch (xmlTextReaderNodeType(r)) {
	case XML_READER_TYPE_ELEMENT:
		return start_element(b, r, m, err);
	case XML_READER_TYPE_END_ELEMENT:
		return end_element(b, r, m, err);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_WHITESPACE:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		if (m->param)
			strbuf_add(&m->text, (const char *)xmlTextReaderConstValue(r));
		return 0;
	default:
		return 0;
	}
}

static int read_xml(struct body *b, struct error *err)
{
	struct member m = { 0 };
	xmlTextReader *r;
	int rc;

	if (!b->op->body_root)
		return error_set(err, ERR_MEDIA_TYPE, NULL, "XML is not understood here; send a form or JSON");
	/* before the parser sees any of it */
	if (strstr(b->text, "<!DOCTYPE"))
		return malformed(b, err, "A document type or entities are not allowed");
	xmlResetLastError();
	/* the encoding is given, so that none is believed that the document declares */
	r = xmlReaderForMemory(b->text, (int)b->len, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!r)
		return error_set(err, ERR_INTERNAL, NULL, "Out of memory");
	strbuf_init(&m.text, REQUEST_VALUE_MAX);
	while ((rc = xmlTextReaderRead(r)) > 0)
		if (read_node(b, r, &m, err) < 0)
			break;
	if (rc < 0)
		xml_failed(b, err);
	strbuf_release(&m.text);
	xmlFreeTextReader(r);
	return err->kind ? -1 : 0;
}

/* ---- multipart/form-data ---- */

/* The boundary in the Content-Type, or false. */
static bool find_boundary(const char *content_type, char ret[static BOUNDARY_MAX + 1])
{
	const char *p = strcasestr(content_type, "boundary=");
	size_t len;

	if (!p)
		return false;
	p += strlen("boundary=");
	len = *p == '"' ? strcspn(++p, "\"") : strcspn(p, "; \t");
	if (!len || len > BOUNDARY_MAX)
		return false;
	memcpy(ret, p, len);
	ret[len] = '\0';
	return true;
}

/* The value of NAME="..." in a part's headers (ended by NUL), in place; NULL if there is none. */
static char *disposition_value(char *headers, const char *name)
{
	char *p = headers, *end;

	while ((p = strcasestr(p, name)) && (p == headers || !strchr("; \t", p[-1])))
		p++;
	if (!p)
		return NULL;
	p += strlen(name);
	end = strchr(p, '"');
	return end ? p : NULL;
}

static int add_part(struct body *b, char *headers, char *value, size_t len, struct error *err)
{
	char *name = disposition_value(headers, "name=\"");
	size_t name_len;

	/* a file is no parameter */
	if (!name || disposition_value(headers, "filename=\""))
		return 0;
	name_len = strcspn(name, "\"");
	name[name_len] = '\0';
	value[len] = '\0';
	return params_add(b->params, name, name_len, value, len, err);
}

/* Behind the first boundary, which may stand at the very beginning, without a line end before it. */
static char *first_part(const struct body *b, const char *mark, size_t mark_len)
{
	char *p = b->text;

	if (b->len >= mark_len - 2 && memcmp(p, mark + 2, mark_len - 2) == 0)
		return p + mark_len - 2;
	p = memmem(p, b->len, mark, mark_len);
	return p ? p + mark_len : NULL;
}

static int read_multipart(struct body *b, struct error *err)
{
	char mark[BOUNDARY_MAX + 5] = "\r\n--";
	char *headers, *end = b->text + b->len;
	size_t mark_len;

	if (!find_boundary(b->content_type, mark + 4))
		return malformed(b, err, "The Content-Type has no boundary");
	mark_len = strlen(mark);
	headers = first_part(b, mark, mark_len);
	while (headers) {
		char *value, *next;

		if (end - headers >= 2 && memcmp(headers, "--", 2) == 0)
			return 0;
		value = memmem(headers, (size_t)(end - headers), "\r\n\r\n", 4);
		if (!value || value - headers > PART_HEADERS_MAX)
			break;
		*value = '\0';
		value += 4;
		/* the end of the blank line may be the line end that the next boundary begins with */
		next = memmem(value - 2, (size_t)(end - value + 2), mark, mark_len);
		if (!next)
			break;
		if (add_part(b, headers, value, next > value ? (size_t)(next - value) : 0, err) < 0)
			return -1;
		headers = next + mark_len;
	}
	return malformed(b, err, "The parts are not ended by their boundary");
}

/* ---- by type ---- */

int body_read(const struct op *op, const char *content_type, char *body, size_t len, struct params *ret, bool *ret_form,
	      struct error *err)
{
	struct body b = { op, content_type, body, len, ret };
	bool form = media_type_is(content_type, "application/x-www-form-urlencoded");
	bool multipart = media_type_is(content_type, "multipart/form-data");
	const struct format *format = format_of_type(content_type);
	bool json = format == &format_json || (!format && !form && !multipart && body[strspn(body, " \t\r\n")] == '{');

	*ret_form = form || multipart;
	if (!len || !(form || multipart || json || format == &format_xml))
		return 0;
	if (len > BODY_PARAMS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "The body has %zu bytes; at most %d are allowed here", len,
				 BODY_PARAMS_MAX);
	if (form)
		return params_decode(ret, body, len, err);
	if (multipart)
		return read_multipart(&b, err);
	if (memchr(body, 0, len) || !utf8_valid(body, len))
		return malformed(&b, err, "The body must be UTF-8 without NUL bytes");
	return json ? read_json(&b, err) : read_xml(&b, err);
}
