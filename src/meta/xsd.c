#include "meta/xsd.h"

#include <string.h>

#include "format/mustache.h"
#include "meta/sample.h"
#include "meta/labels.h"
#include "base/banned.h"

enum { TYPES_MAX = 128 };

#define SCHEMA_HEAD                                               \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<xs:schema " \
	"xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""

/* A type of a schema. */
struct xsd_type {
	const struct shape *shape;
	const char *namespace;
	bool request; /* the type's members can be in any order */
	bool listed;  /* the type is the item of a list */
};

struct xsd_types {
	const struct style *style;
	struct arena *arena;
	struct xsd_type at[TYPES_MAX];
	size_t n;
};

/* ---- the types ---- */

/*
 * Adds SHAPE and the types that it refers to. Types without a namespace get
 * their parent's.
 */
static void add_type(struct xsd_types *t, const struct shape *shape, const char *namespace,
		     bool request, bool listed)
{
	if (shape->xml_namespace)
	namespace = shape->xml_namespace;
	for (size_t i = 0; i < t->n; i++) {
		if (t->at[i].shape == shape) {
			t->at[i].listed |= listed;
			return;
		}
	}
	if (!namespace || !*namespace || t->n == TYPES_MAX)
		return;
	t->at[t->n++] = (struct xsd_type) { shape, namespace, request, listed };
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->shape)
			add_type(t, f->shape, namespace, false, f->type == VT_LIST);
}

static void collect(const struct request *rq, struct xsd_types *t)
{
	*t = (struct xsd_types) { .style = dialect_servicestack.style, .arena = rq->arena };
	for (const struct op *const *op = rq->worker->table; *op; op++) {
		if (!(*op)->dialect->style->xml_data_contract)
			continue;
		add_type(t, sample_request(rq->arena, *op, true), NULL, true, false);
		add_type(t, (*op)->returns, NULL, false, (*op)->returns_list);
	}
	add_type(t, dialect_servicestack.error_shape, NULL, false, false);
}

/* Is type I the first type of its namespace? */
static bool leads(const struct xsd_types *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(t->at[k].namespace, t->at[i].namespace) == 0)
			return false;
	return true;
}

/* ---- writing ---- */

static const char *type_of(struct arena *a, const struct field *f)
{
	if (f->type == VT_LIST)
		return arena_join(a, "tns:ArrayOf", f->shape->name, NULL);
	if (f->type == VT_OBJECT)
		return arena_join(a, "tns:", f->shape->name, NULL);
	if (f->type == VT_TEXT || (f->flags & FIELD_QUOTED))
		return "xs:string";
	if (f->type == VT_BOOL)
		return "xs:boolean";
	return f->type == VT_INT ? "xs:long" : f->flags & FIELD_WHOLE ? "xs:int" : "xs:decimal";
}

static void add_doc(struct strbuf *out, const char *doc, const char *indent)
{
	strbuf_addf(out, "%s<xs:annotation><xs:documentation>", indent);
	html_add_text(out, doc, strlen(doc));
	strbuf_add(out, "</xs:documentation></xs:annotation>\n");
}

/*
 * Writes the element of a list of texts: an element of the serializer, in a
 * namespace of its own.
 */
static void add_texts(struct strbuf *out, const struct field *f)
{
	strbuf_addf(out, "      <xs:element name=\"%s\" minOccurs=\"0\" nillable=\"true\">\n",
		    f->name);
	add_doc(out, f->doc, "        ");
	strbuf_add(out, "        <xs:complexType><xs:sequence><xs:any "
			"namespace=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""
			" processContents=\"skip\" minOccurs=\"0\" "
			"maxOccurs=\"unbounded\"/></xs:sequence></xs:complexType>\n"
			"      </xs:element>\n");
}

/*
 * Adds a member. Every member is optional and nillable, as with
 * DataContractSerializer.
 */
static void add_member(const struct xsd_types *t, struct strbuf *out, const struct field *f)
{
	if (f->type == VT_TEXTS) {
		add_texts(out, f);
		return;
	}
	strbuf_addf(
		out,
		"      <xs:element name=\"%s\" minOccurs=\"0\" nillable=\"true\" type=\"%s\">\n",
		f->name, type_of(t->arena, f));
	add_doc(out, f->doc, "        ");
	strbuf_add(out, "      </xs:element>\n");
}

static void add_complex_type(const struct xsd_types *t, struct strbuf *out,
			     const struct xsd_type *type)
{
	const struct field **fields = sample_xml_fields(t->arena, type->shape, t->style);
	const char *group = type->request ? "all" : "sequence", *name = type->shape->name;

	strbuf_addf(out, "  <xs:complexType name=\"%s\">\n", name);
	add_doc(out, type->shape->doc, "    ");
	strbuf_addf(out, "    <xs:%s>\n", group);
	for (; *fields; fields++)
		if (!((*fields)->flags & format_xml.leaves_out))
			add_member(t, out, *fields);
	strbuf_addf(out, "    </xs:%s>\n  </xs:complexType>\n", group);
	strbuf_addf(out, "  <xs:element name=\"%s\" nillable=\"true\" type=\"tns:%s\"/>\n", name,
		    name);
}

static void add_list_type(struct strbuf *out, const char *name)
{
	strbuf_addf(out,
		    "  <xs:complexType name=\"ArrayOf%s\">\n    <xs:sequence>\n"
		    "      <xs:element name=\"%s\" minOccurs=\"0\" maxOccurs=\"unbounded\" "
		    "nillable=\"true\" type=\"tns:%s\"/>\n"
		    "    </xs:sequence>\n  </xs:complexType>\n"
		    "  <xs:element name=\"ArrayOf%s\" nillable=\"true\" type=\"tns:ArrayOf%s\"/>\n",
		    name, name, name, name, name);
}

int xsd_write_index(struct request *rq, struct strbuf *out, struct error *err)
{
	struct xsd_types *t = arena_new(rq->arena, struct xsd_types);

	(void)err;
	collect(rq, t);
	strbuf_add(out, SCHEMA_HEAD ">\n");
	for (size_t i = 0; i < t->n; i++)
		if (leads(t, i))
			strbuf_addf(
				out,
				"  <xs:import namespace=\"%s\" schemaLocation=\"xsd/%s.xsd\"/>\n",
				t->at[i].namespace, labels_namespace(t->at[i].namespace));
	strbuf_add(out, "</xs:schema>\n");
	return 0;
}

/*
 * The namespace whose last part is FILE, with or without ".xsd"; NULL: no such
 * namespace.
 */
static const char *find_namespace(const struct xsd_types *t, const char *file)
{
	size_t len = strlen(file);

	if (len > 4 && strcmp(file + len - 4, ".xsd") == 0)
		len -= 4;
	for (size_t i = 0; i < t->n; i++) {
		const char *name = labels_namespace(t->at[i].namespace);

		if (strlen(name) == len && memcmp(name, file, len) == 0)
			return t->at[i].namespace;
	}
	return NULL;
}

int xsd_write(struct request *rq, struct strbuf *out, struct error *err)
{
	struct xsd_types *t = arena_new(rq->arena, struct xsd_types);
	const char *namespace;

	collect(rq, t);
	namespace = find_namespace(t, document_param(rq, "name"));
	if (!namespace)
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "There is no such schema; /xsd names all");
	strbuf_addf(out,
		    SCHEMA_HEAD
		    " xmlns:tns=\"%s\" targetNamespace=\"%s\" elementFormDefault=\"qualified\">\n",
		    namespace, namespace);
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->at[i].namespace, namespace) != 0)
			continue;
		add_complex_type(t, out, &t->at[i]);
		if (t->at[i].listed)
			add_list_type(out, t->at[i].shape->name);
	}
	strbuf_add(out, "</xs:schema>\n");
	return 0;
}
