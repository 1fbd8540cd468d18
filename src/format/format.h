/*
 * format.h - the formats of answers, and what each one must implement. HTTP and
 * the command line choose one by name or media type; writer.h writes with it.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field;
struct shape;
struct writer;

struct format {
	const char *name;           /* "json": in ?format= and as suffix ".json" */
	const char *mime;           /* "application/json": sent, and matched against Accept */
	const char *const *aliases; /* other types in Accept, ended by NULL; or NULL */
	const char *charset;        /* sent with the type: "utf-8", or NULL */
	bool terminal_only;         /* for the command line: HTTP never negotiates it */
	bool page;                  /* for people, with a form and links around the data */
	/* can it show an answer of SHAPE? NULL: any; errors always */
	bool (*fits)(const struct shape *shape);

	/* ---- for the writer, see backend.h ---- */

	unsigned leaves_out; /* FIELD_* flags of fields it never gets */
	bool copies;         /* a FIELD_SHARED object is written once, then copied */
	bool lists_texts;    /* takes VT_TEXTS; else they are joined to one VT_TEXT */
	size_t state_size;   /* bytes of its own state, zeroed, at writer's `state` */
	/*
	 * The node is on the stack already. F is the field of the parent that
	 * holds it; NULL at the root and for a list's items. The backend skips
	 * the node and all inside it by setting the node's `skipped`.
	 */
	void (*begin)(struct writer *w, const struct field *f, const struct shape *shape);
	void (*begin_list)(struct writer *w, const struct field *f, const struct shape *item);
	/* A scalar; or, with a NULL value, an object or a list. */
	void (*field)(struct writer *w, const struct field *f, const void *value);
	void (*end)(struct writer *w); /* the innermost open node, see writer_top */
	/*
	 * The order of SHAPE's fields in a record, as indexes. NULL, or a NULL
	 * result: as declared.
	 */
	const uint8_t *(*order)(struct writer *w, const struct shape *shape);
	void (*finish)(struct writer *w);  /* or NULL */
	void (*release)(struct writer *w); /* frees what the state holds; or NULL */
};

extern const struct format format_json, format_xml, format_csv, format_jsv, format_jsonl,
	format_html, format_svg, format_text;

/* CSV for spreadsheets, see sheet.c. Has CSV's name; a dialect chooses it. */
extern const struct format format_sheet;

/* JSV with a line for each member. Has JSV's name; a dialect chooses it. */
extern const struct format format_jsv_dump;

/*
 * All formats but format_sheet and format_jsv_dump; ends with NULL. In
 * writer.c.
 */
extern const struct format *const formats[];

/* The format called NAME (LEN bytes), or NULL. */
const struct format *format_find(const char *name, size_t len);

/* Can F show answers of SHAPE? */
bool format_fits(const struct format *f, const struct shape *shape);

#endif
