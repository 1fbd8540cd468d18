/*
 * writer.h - one way to say an answer, many ways to look. An operation calls
 * writer_*; a backend (json.c, xml.c, csv.c, jsv.c, jsonl.c, html.c, svg.c,
 * text.c) makes bytes of it, spelled by a style.
 *
 * The shared half keeps the stack of open nodes, so a wrong nesting fails in
 * every format alike. A failed write sticks: later calls do nothing and
 * writer_finish reports it, so no check follows each field.
 *
 * Three kinds of documents occur, and every backend must do all three:
 *   a list      writer_begin_list(w, NULL, item) records... writer_end
 *   an object writer_begin(w, NULL, shape) fields, lists, nested objects...
 *   writer_end
 *   a page the same with SHAPE_PAGE: scalar fields first, then its lists and
 *   perhaps objects
 * CSV and JSON lines show the one list of a page (FIELD_MAIN if it has several)
 * and leave the rest out; tables for people show all its lists.
 */
#ifndef FORMAT_WRITER_H
#define FORMAT_WRITER_H

#include "base/error.h"
#include "base/strbuf.h"
#include "format/shape.h"
#include "format/style.h"

struct templates;
struct writer;

/*
 * What a page for people shows around the data. All text is borrowed and plain;
 * the backend escapes it.
 */
struct page_link {
	const char *text;
	const char *href;
	bool current;
};

struct page_choice {
	const char *value; /* "" = any */
	const char *text;
	int depth; /* in a tree */
};

struct page_input {
	const char *name, *label;
	const char *type;  /* "text", "password", "date", "number" or "select" */
	const char *value; /* or NULL */
	bool required;
	bool folded;                       /* shown only when more inputs are asked for */
	int64_t max_length;                /* in bytes; 0: not limited here */
	const struct page_choice *choices; /* "select": ended by a NULL value */
	/*
	 * "select": what the choice "" is called beside the value that the
	 * operation took for it; or NULL
	 */
	const char *own;
	const char *hint; /* one line */
};

/* A column that the page's main list can be sorted by. */
struct page_sort {
	const char *field;
	const char *href; /* sorts by it, or the other way round */
	/*
	 * now sorted by it: 1 the smallest first, -1 the largest first; else 0
	 */
	int order;
};

/* How numbers are written: "1,234.5". */
struct digits {
	const char *group, *point;
};

/*
 * Of a page that asks before something is changed: its form's inputs are sent
 * by a POST.
 */
struct page_change {
	const char *button;   /* what is done then */
	const char *back;     /* where to go to let it be */
	const char *fault;    /* why it was not done, or NULL */
	const char *fault_of; /* the input that is at fault, or NULL */
};

struct page {
	const char *site;                /* the server's name */
	const char *user;                /* who is signed in, or NULL */
	const char *profile;             /* the page about them, or NULL */
	bool sign_out;                   /* they can sign out */
	const char *action;              /* where the form of inputs leads; NULL = no form */
	const struct page_link *nav;     /* ended by a NULL text, or NULL */
	const struct page_link *tabs;    /* this page's siblings; likewise */
	const struct page_link *exports; /* the same report in other formats; likewise */
	const struct page_input *inputs; /* ended by a NULL name, or NULL */
	const char *api_call;            /* a command that gets the same as data, or NULL */
	const struct digits *digits;     /* NULL: as in English */
	/* pages where something is added to what is shown; as nav */
	const struct page_link *tasks;
	const char *notice;               /* what was just done, or NULL */
	const struct page_change *change; /* NULL: the form only asks what to show */
	const struct page_sort *sorts;    /* ended by a NULL field, or NULL */
};

struct writer_options {
	const struct style *style; /* never NULL; outlives the writer */
	bool money_as_string;
	const struct page *page;           /* for formats that show one; NULL otherwise */
	const struct templates *templates; /* of the pages; NULL if none is shown */
	/*
	 * "https://host:port": makes the links of a spreadsheet absolute; or
	 * NULL
	 */
	const char *base_url;
};

/*
 * Where bytes go: everything is appended to BUF. When `flush` is not NULL it is
 * called between records once BUF holds more than `flush_above` bytes; it sends
 * them, empties BUF and returns 0, or -1 with err filled. So a document of any
 * length needs bounded memory, and a short one can have its Content-Length.
 */
struct sink {
	struct strbuf *buf;
	size_t flush_above;
	int (*flush)(struct sink *sink, struct error *err);
};

struct format {
	const char *name; /* "json": in ?format= and as suffix ".json" */
	/* "application/json": sent, and matched against Accept */
	const char *mime;
	/* further types that Accept may name, ended by NULL; or NULL */
	const char *const *aliases;
	/* "utf-8" if the type is text whose charset is to be sent, or NULL */
	const char *charset;
	bool terminal_only; /* for the command line: HTTP never negotiates it */
	bool page;          /* for people, with a form and links around the data */
	/* can it show an answer of SHAPE? NULL: any; errors always */
	bool (*fits)(const struct shape *shape);
	/*
	 * FIELD_* flags of fields that it never shows; the backend isn't called
	 * for them
	 */
	unsigned leaves_out;
	/*
	 * an object's bytes don't depend on where it stands: a FIELD_SHARED one
	 * is written once and copied
	 */
	bool copies;
	/*
	 * gets VT_TEXTS as they are; others as one VT_TEXT, with commas between
	 */
	bool lists_texts;
	/* of the backend's own state, zeroed, at writer's `state` */
	size_t state_size;
	/*
	 * The node is on the stack already. F is the field of the parent that
	 * holds it, NULL at the root or for a list's item. By setting the
	 * node's `muted` the backend asks not to hear of what is inside it, nor
	 * of its end.
	 */
	void (*begin)(struct writer *w, const struct field *f, const struct shape *shape);
	void (*begin_list)(struct writer *w, const struct field *f, const struct shape *item);
	/* A scalar; or an object or a list that is null, then VALUE is NULL. */
	void (*field)(struct writer *w, const struct field *f, const void *value);
	void (*end)(struct writer *w); /* the innermost open node, see writer_top */
	/*
	 * The order writer_fields takes SHAPE's fields in: their indexes; NULL,
	 * or a NULL answer: as declared.
	 */
	const uint8_t *(*order)(struct writer *w, const struct shape *shape);
	/* or NULL: not for people */
	void (*about)(struct writer *w, const char *title, const char *sentence);
	void (*finish)(struct writer *w);  /* or NULL */
	void (*release)(struct writer *w); /* frees what the state holds; or NULL */
};

extern const struct format format_json, format_xml, format_csv, format_jsv, format_jsonl,
	format_html, format_svg, format_text;

/*
 * CSV for people's spreadsheets, see sheet.c. Goes by the name of CSV, and is
 * none of `formats`: a dialect chooses it.
 */
extern const struct format format_sheet;

/*
 * JSV for people's eyes: a line for each member. Goes by the name of JSV, and
 * is none of `formats`.
 */
extern const struct format format_jsv_dump;

/* All of them, ended by NULL. Static memory. */
extern const struct format *const formats[];
/* by name; NULL if unknown */
const struct format *format_find(const char *name, size_t len);

/* Can F show answers of SHAPE? */
bool format_fits(const struct format *f, const struct shape *shape);

/*
 * Never NULL. O and what it points to must outlive the writer; SINK is
 * borrowed.
 */
struct writer *writer_new(const struct format *format, const struct writer_options *o,
			  struct sink *sink);
void writer_free(struct writer **w);

/*
 * Words for people: a title, and one sentence that says whose usage, which
 * days, which zone. Before the root; formats for programs ignore it.
 */
void writer_about(struct writer *w, const char *title, const char *sentence);

/*
 * One more line for people, after the sentence. Before writer_about; TEXT is
 * borrowed.
 */
void writer_note(struct writer *w, const char *text);

/*
 * What the operation took for the parameter NAME that the caller left to it: a
 * page's form shows it. Before the root.
 */
void writer_assume(struct writer *w, const char *name, const char *value);

/*
 * A key figure of a page for people, which shows it large above the body.
 * Before the root, at most WRITER_FIGURES times; its texts are borrowed.
 */
struct figure {
	const char *name, *uri; /* and the report behind it, or NULL */
	struct decimal value;
	const char *unit; /* or NULL */
	bool money;       /* the unit is a currency */
	/* in the days compared with; null: nothing is compared */
	struct decimal before;
	const char *before_uri; /* the report of those days, or NULL */
	struct decimal change;  /* in percent; null where there was nothing before */
};

void writer_figure(struct writer *w, const struct figure *figure);

/*
 * What a page's filters are set to, in a few words: its form is folded behind
 * them. Before the root; borrowed.
 */
void writer_filters(struct writer *w, const char *words);

/*
 * Links to the same answer for other days, ended by a NULL text. Before the
 * root; borrowed.
 */
void writer_presets(struct writer *w, const struct page_link *presets);

/*
 * Pages that belong to this one, for people. Before the root; ended by a NULL
 * text, borrowed.
 */
void writer_related(struct writer *w, const struct page_link *links);

/*
 * What tables for people call F (a column, or a list) this time, in place of
 * its name. Before the root; borrowed.
 */
void writer_label(struct writer *w, const struct field *f, const char *label);

/*
 * Tables for people leave F's column out: this time it would hold nothing.
 * Before the root, at most WRITER_HIDDEN times.
 */
void writer_hide(struct writer *w, const struct field *f);

/*
 * The caller wants a list's totals (FIELD_TOTAL) where they are left out by
 * default: in a spreadsheet. Before the root.
 */
void writer_show_totals(struct writer *w);

void writer_begin(struct writer *w, const struct field *f, const struct shape *shape);
void writer_begin_list(struct writer *w, const struct field *f, const struct shape *item);
/* VALUE points to the C member that F describes; NULL is null. */
void writer_field(struct writer *w, const struct field *f, const void *value);
void writer_end(struct writer *w);

/*
 * One record of SHAPE, with its nested objects, from the C struct REC. The
 * field F holds it (NULL: root or list item).
 */
void writer_record(struct writer *w, const struct field *f, const struct shape *shape,
		   const void *rec);

/*
 * All scalar and object fields of SHAPE from REC into the open object, lists
 * left out.
 */
void writer_fields(struct writer *w, const struct shape *shape, const void *rec);

/*
 * 0, or -1 with the first failure: wrong nesting (ERR_INTERNAL), a failed
 * flush, memory, ERR_TOO_LARGE.
 */
int writer_finish(struct writer *w, struct error *err);

/* ---- for backends ---- */

enum { WRITER_DEPTH = 16, WRITER_HIDDEN = 24, WRITER_FIGURES = 8, WRITER_LABELS = 8 };

struct writer_node {
	const struct field *field;
	const struct shape *shape; /* of the object, or of the list's items */
	bool list;
	bool muted;      /* this format doesn't show it */
	size_t children; /* begun or written so far, shown or not */
	size_t mark;     /* the backend's own note about the node */
};

/* Where in the buffer a shared object was written. */
struct writer_shared {
	const void *rec;
	const struct field *field;
	size_t from, len;
};

enum { WRITER_SHARED_BITS = 6, WRITER_SHARED = 1 << WRITER_SHARED_BITS };

struct writer {
	const struct format *format;
	const struct writer_options *options;
	struct sink *sink;
	struct strbuf *out; /* = sink->buf */
	struct writer_node stack[WRITER_DEPTH];
	int depth;
	const char *note; /* or NULL */
	bool rooted;      /* the root has begun */
	struct {
		const char *name, *value;
	} assumed[WRITER_HIDDEN]; /* borrowed */
	size_t n_assumed;
	const struct field *hidden[WRITER_HIDDEN];
	size_t n_hidden;
	struct figure figures[WRITER_FIGURES];
	size_t n_figures;
	/* borrowed */
	struct {
		const struct field *field;
		const char *text;
	} labels[WRITER_LABELS];
	size_t n_labels;
	const char *filters;             /* borrowed, or NULL */
	const struct page_link *presets; /* likewise */
	const struct page_link *related; /* likewise */
	/* the last ones, by a hash of their addresses */
	struct writer_shared shared[WRITER_SHARED];
	bool totals; /* see writer_show_totals */
	bool finished;
	struct error error;
	/* the texts of a field, for formats that don't list them */
	struct strbuf joined;
	void *state;
};

static inline struct writer_node *writer_top(struct writer *w)
{
	return w->depth ? &w->stack[w->depth - 1] : NULL;
}

static inline struct writer_node *writer_parent(struct writer *w)
{
	return w->depth > 1 ? &w->stack[w->depth - 2] : NULL;
}

/* The texts that the VT_TEXTS member at VALUE holds. */
static inline const char *const *writer_texts(const void *value)
{
	return *(const char *const *const *)value;
}

/*
 * The text of a scalar as every format prints it: digits as they are,
 * true/false; false if it is null. TEXT values are returned as they are (no
 * copy), others in BUF.
 */
bool writer_scalar(const struct field *f, const void *value, char buf[static DECIMAL_TEXT],
		   const char **ret_text, size_t *ret_len);

/* The label that F was given, or its own, or NULL. */
const char *writer_label_of(const struct writer *w, const struct field *f);

bool writer_hides(const struct writer *w, const struct field *f);

/* Records a failure of the backend itself. */
void writer_fail(struct writer *w, enum error_kind kind, const char *message);

#endif
