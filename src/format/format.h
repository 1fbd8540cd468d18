/*
 * format.h - the formats of answers, and the functions that a format must
 * implement. HTTP and the command line choose a format by name or media type;
 * writer.h writes answers.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field;
struct shape;
struct writer;
struct writer_step;

struct format {
	const char *name;           /* "json": in ?format= and as suffix ".json" */
	const char *mime;           /* "application/json": sent, and matched against Accept */
	const char *const *aliases; /* other types in Accept, ended by NULL; or NULL */
	const char *charset;        /* sent with the type: "utf-8", or NULL */
	bool terminal_only;         /* only for the command line, never for HTTP */
	bool page;                  /* for people, with a form and links around the data */
	/*
	 * can the format show an answer of SHAPE? NULL: any shape. Every format
	 * can show errors
	 */
	bool (*fits)(const struct shape *shape);

	/* ---- for the writer, see backend.h ---- */

	/* FIELD_* flags of fields that this format omits */
	unsigned leaves_out;
	bool titled; /* shows title and sentence of writer_about */
	/* a FIELD_PATTERN object is written once, then copied with other words */
	bool copies;
	/* takes VT_TEXTS; else their texts are joined to one VT_TEXT */
	bool lists_texts;
	/* the spelling of names, as the offset in struct style of its member */
	size_t spelling;
	/* are the members of SHAPE sorted by name? NULL: as declared */
	bool (*sorts)(const struct writer *w, const struct shape *shape);
	/* bytes of the zeroed memory at the writer's `state` */
	size_t state_size;
	/*
	 * Begins a node, which is on the stack already. F is the field of the
	 * parent that holds the node; NULL for the root and for items of a
	 * list. To skip the node and its content, the backend sets the node's
	 * `skipped`.
	 */
	void (*begin)(struct writer *w, const struct field *f, const struct shape *shape);
	void (*begin_list)(struct writer *w, const struct field *f, const struct shape *item);
	/* Writes a scalar; or, if VALUE is NULL, a missing object or list. */
	void (*field)(struct writer *w, const struct field *f, const void *value);
	/*
	 * Writes the scalars of STEP and of those behind it, STEP->scalars in
	 * all, from the record REC. NULL: the writer calls `field` for each
	 */
	void (*scalars)(struct writer *w, const struct writer_step *step, const void *rec);
	/* ends the innermost open node, see writer_top */
	void (*end)(struct writer *w);
	void (*finish)(struct writer *w); /* or NULL */
	/* frees memory that the state owns; or NULL */
	void (*release)(struct writer *w);
};

extern const struct format format_json, format_xml, format_csv, format_jsv, format_jsonl,
	format_html, format_svg, format_text;

/*
 * CSV for spreadsheets, see sheet.c. A dialect uses this format in place of
 * CSV; the name is the same.
 */
extern const struct format format_sheet;

/*
 * JSV with a line for each member. A dialect uses this format in place of JSV;
 * the name is the same.
 */
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
