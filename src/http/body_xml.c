/*
 * XML bodies: an element for the operation contains one element for each
 * parameter, in any order.
 */
#include "http/body_internal.h"

#include <string.h>
#include <libxml/xmlreader.h>

#include "base/banned.h"

enum { XML_ATTRIBUTES_MAX = 16 }; /* attributes of an element: far more than clients send */

static const char xsi[] = "http://www.w3.org/2001/XMLSchema-instance";

static int xml_failed(struct body *b, struct error *err)
{
	const xmlError *e = xmlGetLastError();

	return body_malformed(b, err, "line %d: %s", e ? e->line : 1,
			      e && e->message ? e->message : "not well-formed");
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

	if (strcmp((const char *)xmlTextReaderConstLocalName(r), b->op->body_root) == 0 &&
	    in_namespace(r, ns))
		return 0;
	return body_malformed(b, err, "The root must be %.40s in the namespace '%.80s'",
			      b->op->body_root, ns ? ns : "");
}

/* The current member, with the text read so far. */
struct xml_member {
	/* NULL: between members, or in a skipped member */
	const struct param *param;
	struct strbuf text;
};

static int start_element(struct body *b, xmlTextReader *r, struct xml_member *m, struct error *err)
{
	int depth = xmlTextReaderDepth(r);
	const char *local;

	if (depth == 0)
		return check_root(b, r, err);
	if (depth >= BODY_DEPTH_MAX)
		return body_malformed(b, err, "There are more than %d elements inside each other",
				      BODY_DEPTH_MAX);
	if (depth > 1)
		return m->param
			       ? body_malformed(b, err, "%s must not hold elements", m->param->name)
			       : 0;
	if (body_count(b, err) < 0)
		return -1;
	local = (const char *)xmlTextReaderConstLocalName(r);
	m->param = NULL;
	if (in_namespace(r, b->op->body_namespace))
		m->param = body_param(b, local, strlen(local), false);
	else
		params_add_unknown(b->params, local, strlen(local));
	if (!m->param)
		return 0;
	strbuf_clear(&m->text);
	if (!is_nil(r) && !xmlTextReaderIsEmptyElement(r))
		return 0;
	if (body_set(b, m->param, "", 0, err) < 0)
		return -1;
	m->param = NULL;
	return 0;
}

static int end_element(struct body *b, xmlTextReader *r, struct xml_member *m, struct error *err)
{
	const struct param *p = m->param;

	if (xmlTextReaderDepth(r) != 1 || !p)
		return 0;
	m->param = NULL;
	if (m->text.failed)
		return error_set(err, ERR_PARAM, p->name, "must not have more than %d bytes",
				 REQUEST_VALUE_MAX);
	return body_set(b, p, m->text.text, m->text.len, err);
}

static int read_node(struct body *b, xmlTextReader *r, struct xml_member *m, struct error *err)
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

/* ---- checks before the parser ---- */

/*
 * The text behind the next END; NULL if there is no END. Reads only up to END,
 * unlike strstr, which with sanitizers measures the whole rest first.
 */
static const char *behind(const char *p, const char *end)
{
	size_t len = strlen(end);

	for (p = strchr(p, *end); p; p = strchr(p + 1, *end))
		if (strncmp(p, end, len) == 0)
			return p + len;
	return NULL;
}

/*
 * Skips a comment. A "--" inside the comment is an error, because the parser
 * would continue, and look back at each "--".
 */
static const char *scan_comment(const char *p)
{
	p = behind(p, "--");
	return p && *p == '>' ? p + 1 : NULL;
}

/*
 * Skips a start tag; P is behind the first byte of its name. *RET_EMPTY: the
 * tag ends with "/>". Returns NULL for too many attributes, because the parser
 * compares each attribute with all others.
 */
static const char *scan_tag(const char *p, bool *ret_empty)
{
	int attributes = 0;

	for (; *p && *p != '>'; p++) {
		if (*p == '=' && ++attributes > XML_ATTRIBUTES_MAX)
			return NULL;
		if (*p == '"' || *p == '\'') {
			p = strchr(p + 1, *p);
			if (!p)
				return "";
		}
	}
	*ret_empty = p[-1] == '/';
	return *p ? p + 1 : p;
}

/*
 * Skips a part that begins with "<!" or "<?"; P is behind the "<". NULL: the
 * part has no end; *RET_WORDS names the part.
 */
static const char *scan_other(const char *p, const char **ret_words)
{
	if (strncmp(p, "!--", 3) == 0) {
		*ret_words = "A comment has -- in it, or";
		return scan_comment(p + 3);
	}
	*ret_words = *p == '?' ? "A processing instruction" : "A section";
	return behind(p, *p == '?' ? "?>" : "]]>");
}

/*
 * Rejects bodies that cost the parser more than their length suggests: many
 * attributes, deep nesting, unclosed parts. The parser finds other errors.
 */
static int scan(struct body *b, struct error *err)
{
	const char *p = b->text, *words;
	int depth = 0;

	while ((p = strchr(p, '<'))) {
		bool empty = false;

		p++;
		if (*p == '!' || *p == '?') {
			p = scan_other(p, &words);
			if (!p)
				return body_malformed(b, err, "%s is not closed", words);
		} else if (*p == '/') {
			depth--;
		} else {
			if (depth >= BODY_DEPTH_MAX)
				return body_malformed(
					b, err, "There are more than %d elements inside each other",
					BODY_DEPTH_MAX);
			p = scan_tag(p, &empty);
			if (!p)
				return body_malformed(b, err,
						      "An element has more than %d attributes",
						      XML_ATTRIBUTES_MAX);
			depth += !empty;
		}
	}
	return 0;
}

int body_read_xml(struct body *b, struct error *err)
{
	struct xml_member m = { 0 };
	xmlTextReader *r;
	int rc;

	if (!b->op->body_root)
		return error_set(err, ERR_MEDIA_TYPE, NULL,
				 "XML is not understood here; send a form or JSON");
	/* reject a DTD before the parser reads it */
	if (strstr(b->text, "<!DOCTYPE"))
		return body_malformed(b, err, "A document type or entities are not allowed");
	if (scan(b, err) < 0)
		return -1;
	xmlResetLastError();
	/* "UTF-8" overrides the document's own encoding */
	r = xmlReaderForMemory(b->text, (int)b->len, NULL, "UTF-8",
			       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
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
