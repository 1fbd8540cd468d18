/*
 * backend.h - the internals of the writer, for the backends of formats. Only
 * for this folder.
 */
#ifndef FORMAT_BACKEND_H
#define FORMAT_BACKEND_H

#include "format/writer.h"

enum { WRITER_DEPTH = 16, WRITER_NOTES = 56, WRITER_MARKS = 16 };

struct writer_node {
	const struct field *field;
	const struct shape *shape; /* of the object, or of the list's items */
	bool list;
	bool skipped;    /* this format doesn't show the node */
	size_t children; /* children begun or written so far, shown or not */
	size_t mark;     /* for the backend's own use */
};

/* A text about a field or a parameter, see writer_label, _hide and _assume. */
struct writer_note {
	enum writer_note_kind { NOTE_LABEL, NOTE_HIDDEN, NOTE_ASSUMED } kind;
	const void *about;
	const char *text;
};

/* A field of a shape in this document. */
struct writer_step {
	const struct field *field;  /* NULL: the end */
	const struct spelled *name; /* in the format's spelling */
	size_t offset;              /* of the field in the record */
	/*
	 * so many scalars that the format shows begin here; 0: this is none
	 */
	size_t scalars;
};

/* How the document writes the records of SHAPE: made once, for all of them. */
struct writer_plan {
	struct writer_plan *next;
	const struct shape *shape;
	struct writer_step steps[]; /* all fields, in the format's order */
};

/*
 * The bytes of the latest pattern, as the member FIELD of an object: without
 * its marks, which stood at MARKS, and with the latest word.
 */
struct writer_pattern {
	const void *record;
	const struct field *field;
	const char *word;
	struct strbuf bare, filled;
	size_t n_marks, marks[WRITER_MARKS];
};

struct writer {
	const struct format *format;
	const struct writer_options *options;
	struct sink *sink;
	struct strbuf *out; /* = sink->buf */
	int depth;
	bool rooted; /* the root has begun */
	bool finished;
	struct error error;

	/* for people */
	char *title, *sentence; /* or NULL */
	const char *note;       /* or NULL */
	size_t n_notes, n_figures;
	const char *filters; /* or NULL */
	const struct page_link *presets, *related;
	bool totals; /* see writer_show_totals */

	struct writer_plan *plans;
	struct writer_pattern pattern;
	/*
	 * the joined texts of a VT_TEXTS field, for formats without lists_texts;
	 * or a text of a pattern
	 */
	struct strbuf joined;
	void *state;

	/* what is not yet in use below is not set: see writer_new */
	struct writer_node stack[WRITER_DEPTH];
	struct writer_note notes[WRITER_NOTES];
	struct figure figures[WRITER_FIGURES];
};

static inline struct writer_node *writer_top(struct writer *w)
{
	return w->depth ? &w->stack[w->depth - 1] : NULL;
}

static inline struct writer_node *writer_parent(struct writer *w)
{
	return w->depth > 1 ? &w->stack[w->depth - 2] : NULL;
}

/* The texts of the VT_TEXTS member at VALUE. */
static inline const char *const *writer_texts(const void *value)
{
	return *(const char *const *const *)value;
}

/* The value of the scalar S in the record REC; NULL: it is null. */
static inline const void *writer_step_value(const struct writer_step *s, const void *rec)
{
	const void *value = (const char *)rec + s->offset;

	return s->field->flags & FIELD_XML_ONLY ||
			       (s->field->type == VT_TEXTS && !writer_texts(value))
		       ? NULL
		       : value;
}

/*
 * The title; the default is the name of the root's shape in words. Call it
 * after the root has begun.
 */
const char *writer_title(struct writer *w);

/* The label of F: from writer_label, else from the shape, else NULL. */
const char *writer_label_of(const struct writer *w, const struct field *f);

bool writer_hides(const struct writer *w, const struct field *f);

/* The value that the operation chose for the parameter NAME, or "". */
const char *writer_assumed(const struct writer *w, const char *name);

/* Records a failure of the backend. */
void writer_fail(struct writer *w, enum error_kind kind, const char *message);

#endif
