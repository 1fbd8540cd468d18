#include "format/backend.h"

#include <string.h>

#include <glib.h>

#include "base/banned.h"

const struct format *const formats[] = { &format_json, &format_xml,   &format_csv,
					 &format_jsv,  &format_jsonl, &format_html,
					 &format_svg,  &format_text,  NULL };

const struct format *format_find(const char *name, size_t len)
{
	for (size_t i = 0; formats[i]; i++)
		if (strlen(formats[i]->name) == len && memcmp(formats[i]->name, name, len) == 0)
			return formats[i];
	return NULL;
}

bool format_fits(const struct format *f, const struct shape *shape)
{
	return !f->fits || f->fits(shape);
}

struct writer *writer_new(const struct format *format, const struct writer_options *o,
			  struct sink *sink)
{
	struct writer *w = g_new(struct writer, 1);

	memset(w, 0, offsetof(struct writer, stack));
	w->state = g_malloc0(format->state_size);
	w->format = format;
	w->options = o;
	w->sink = sink;
	w->out = sink->buf;
	strbuf_init(&w->joined, w->out->limit);
	strbuf_init(&w->pattern.bare, w->out->limit);
	strbuf_init(&w->pattern.filled, w->out->limit);
	return w;
}

void writer_free(struct writer **w)
{
	if (!*w)
		return;
	if ((*w)->format->release)
		(*w)->format->release(*w);
	while ((*w)->plans) {
		struct writer_plan *plan = (*w)->plans;

		(*w)->plans = plan->next;
		g_free(plan);
	}
	strbuf_release(&(*w)->joined);
	strbuf_release(&(*w)->pattern.bare);
	strbuf_release(&(*w)->pattern.filled);
	g_free((*w)->title);
	g_free((*w)->sentence);
	g_free((*w)->state);
	g_free(*w);
	*w = NULL;
}

void writer_fail(struct writer *w, enum error_kind kind, const char *message)
{
	error_set(&w->error, kind, NULL, "%s", message);
}

static bool failed(const struct writer *w)
{
	return w->error.kind != ERR_NONE;
}

/* ---- for people ---- */

void writer_note(struct writer *w, const char *text)
{
	w->note = text;
}

bool writer_is_titled(const struct writer *w)
{
	return w->format->titled;
}

void writer_about(struct writer *w, const char *title, const char *sentence)
{
	if (!writer_is_titled(w))
		return;
	g_free(w->title);
	g_free(w->sentence);
	w->title = g_strdup(title);
	w->sentence = sentence && w->note ? g_strjoin(" ", sentence, w->note, NULL)
					  : g_strdup(sentence ? sentence : w->note);
}

const char *writer_title(struct writer *w)
{
	struct strbuf words;

	if (!w->title) {
		strbuf_init(&words, 256);
		style_humanise(&words, w->stack[0].shape->name);
		w->title = g_strdup(words.text);
		strbuf_release(&words);
	}
	return w->title;
}

static void add_note(struct writer *w, enum writer_note_kind kind, const void *about,
		     const char *text)
{
	if (w->n_notes == WRITER_NOTES)
		writer_fail(w, ERR_INTERNAL, "too many labels, hidden columns and defaults");
	else
		w->notes[w->n_notes++] = (struct writer_note) { kind, about, text };
}

void writer_label(struct writer *w, const struct field *f, const char *label)
{
	add_note(w, NOTE_LABEL, f, label);
}

void writer_hide(struct writer *w, const struct field *f)
{
	add_note(w, NOTE_HIDDEN, f, "");
}

void writer_assume(struct writer *w, const char *name, const char *value)
{
	add_note(w, NOTE_ASSUMED, name, value);
}

static const char *find_note(const struct writer *w, enum writer_note_kind kind,
			     const struct field *f)
{
	for (size_t i = 0; i < w->n_notes; i++)
		if (w->notes[i].kind == kind && w->notes[i].about == f)
			return w->notes[i].text;
	return NULL;
}

const char *writer_label_of(const struct writer *w, const struct field *f)
{
	const char *label = find_note(w, NOTE_LABEL, f);

	return label ? label : f->label;
}

bool writer_hides(const struct writer *w, const struct field *f)
{
	return find_note(w, NOTE_HIDDEN, f);
}

const char *writer_assumed(const struct writer *w, const char *name)
{
	for (size_t i = 0; i < w->n_notes; i++)
		if (w->notes[i].kind == NOTE_ASSUMED && strcmp(w->notes[i].about, name) == 0)
			return w->notes[i].text;
	return "";
}

void writer_figure(struct writer *w, const struct figure *figure)
{
	if (w->n_figures == WRITER_FIGURES)
		writer_fail(w, ERR_INTERNAL, "too many key figures");
	else
		w->figures[w->n_figures++] = *figure;
}

void writer_filters(struct writer *w, const char *words)
{
	w->filters = words;
}

void writer_presets(struct writer *w, const struct page_link *presets)
{
	w->presets = presets;
}

void writer_related(struct writer *w, const struct page_link *links)
{
	w->related = links;
}

void writer_show_totals(struct writer *w)
{
	w->totals = true;
}

/* ---- the answer ---- */

/* Is a node of TYPE allowed here, in the field F? If not, the writer fails. */
static bool fits(struct writer *w, const struct field *f, enum value_type type)
{
	const struct writer_node *parent = writer_top(w);
	const char *fault = NULL;

	if (!parent)
		fault = w->rooted ? "an answer has one root" : f ? "the root is no field" : NULL;
	else if (parent->list)
		fault = f                 ? "an item of a list has no field"
			: type == VT_LIST ? "an item of a list is an object"
					  : NULL;
	else
		fault = !f                ? "inside an object everything has a field"
			: f->type != type ? "the field is of another type"
					  : NULL;
	if (!fault && w->depth == WRITER_DEPTH)
		fault = "an answer is nested too deep";
	if (fault)
		writer_fail(w, ERR_INTERNAL, fault);
	return !fault;
}

static void open_node(struct writer *w, const struct field *f, const struct shape *shape, bool list)
{
	struct writer_node *parent = writer_top(w), *node;
	bool skipped = (parent && parent->skipped) || (f && (f->flags & w->format->leaves_out));

	if (failed(w) || !fits(w, f, list ? VT_LIST : VT_OBJECT))
		return;
	if (parent)
		parent->children++;
	w->rooted = true;
	node = &w->stack[w->depth++];
	*node = (struct writer_node) {
		.field = f, .shape = shape, .list = list, .skipped = skipped
	};
	if (skipped)
		return;
	if (list)
		w->format->begin_list(w, f, shape);
	else
		w->format->begin(w, f, shape);
}

void writer_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	open_node(w, f, shape, false);
}

void writer_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	open_node(w, f, item, true);
}

static const char *join_texts(struct writer *w, const char *const *texts)
{
	strbuf_clear(&w->joined);
	for (const char *const *t = texts; *t; t++) {
		strbuf_add(&w->joined, t == texts ? "" : ", ");
		strbuf_add(&w->joined, *t);
	}
	w->out->failed |= w->joined.failed;
	return w->joined.text;
}

/* Writes F. If VALUE is NULL, F may have any type. */
static void write_field(struct writer *w, const struct field *f, const void *value)
{
	struct writer_node *node = writer_top(w);
	const char *joined;

	if (failed(w))
		return;
	if (value && f->type == VT_TEXTS && !writer_texts(value))
		value = NULL;
	if (value && f->type == VT_TEXTS && !w->format->lists_texts) {
		joined = join_texts(w, writer_texts(value));
		value = &joined;
	}
	if (!node || node->list) {
		writer_fail(w, ERR_INTERNAL, "a field stands outside of an object");
		return;
	}
	node->children++;
	if (!node->skipped && !(f->flags & w->format->leaves_out))
		w->format->field(w, f, f->flags & FIELD_XML_ONLY ? NULL : value);
}

void writer_field(struct writer *w, const struct field *f, const void *value)
{
	if (value && (f->type == VT_OBJECT || f->type == VT_LIST))
		writer_fail(w, ERR_INTERNAL, "the field is no scalar");
	else
		write_field(w, f, value);
}

/* Did all output fit in the buffer? */
static bool took_all(struct writer *w)
{
	if (w->out->failed && !failed(w))
		error_set(&w->error, ERR_TOO_LARGE, NULL,
			  "the answer is larger than %zu bytes; ask for less at a time",
			  w->out->limit);
	return !failed(w);
}

static void flush_records(struct writer *w)
{
	if (!took_all(w) || !w->sink->flush || w->out->len <= w->sink->flush_above)
		return;
	w->sink->flush(w->sink, &w->error);
}

void writer_end(struct writer *w)
{
	struct writer_node *node = writer_top(w);

	if (failed(w))
		return;
	if (!node) {
		writer_fail(w, ERR_INTERNAL, "nothing is open that could end");
		return;
	}
	if (!node->skipped)
		w->format->end(w);
	w->depth--;
	node = writer_top(w);
	if (node && node->list)
		flush_records(w);
}

/* ---- records ---- */

static bool is_shown(const struct writer *w, const struct field *f)
{
	return !(f->flags & w->format->leaves_out);
}

static bool is_scalar(const struct field *f)
{
	return f->type != VT_OBJECT && f->type != VT_LIST;
}

static struct writer_plan *make_plan(struct writer *w, const struct shape *shape)
{
	enum spelling spelling = *(const enum spelling *)((const char *)w->options->style +
							  w->format->spelling);
	bool sorts = w->format->sorts && w->format->sorts(w, shape);
	struct writer_plan *plan;
	struct writer_step *steps;
	size_t n = 0;

	while (shape->fields[n].name)
		n++;
	plan = g_malloc0(sizeof(*plan) + (n + 1) * sizeof(plan->steps[0]));
	plan->shape = shape;
	steps = plan->steps;
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &shape->fields[i];
		struct writer_step step = { f, style_spelled(spelling, f->name), f->offset, 0 };
		size_t to = i;

		for (; sorts && to > 0 && strcmp(step.name->text, steps[to - 1].name->text) < 0;
		     to--)
			steps[to] = steps[to - 1];
		steps[to] = step;
	}
	for (size_t i = n; i-- > 0;)
		if (is_scalar(steps[i].field) && is_shown(w, steps[i].field))
			steps[i].scalars = 1 + steps[i + 1].scalars;
	return plan;
}

static const struct writer_step *plan_steps(struct writer *w, const struct shape *shape)
{
	struct writer_plan *plan = w->plans;

	while (plan && plan->shape != shape)
		plan = plan->next;
	if (!plan) {
		plan = make_plan(w, shape);
		plan->next = w->plans;
		w->plans = plan;
	}
	return plan->steps;
}

const struct field *writer_nth(struct writer *w, const struct shape *shape, size_t i)
{
	return plan_steps(w, shape)[i].field;
}

/* Sets OUT to TEXT with WORD for each mark. */
static void fill(struct strbuf *out, const char *text, size_t len, const char *word)
{
	const char *end = text + len, *mark;
	size_t word_len = strlen(word);

	strbuf_clear(out);
	for (; (mark = memchr(text, *PATTERN_MARK, (size_t)(end - text))); text = mark + 1) {
		strbuf_addn(out, text, (size_t)(mark - text));
		strbuf_addn(out, word, word_len);
	}
	strbuf_addn(out, text, (size_t)(end - text));
}

/* Writes the fields of a pattern's record. */
static void write_filled(struct writer *w, const struct shape *shape, const struct word_pattern *p)
{
	for (const struct writer_step *s = plan_steps(w, shape); s->field; s++) {
		const void *member = (const char *)p->record + s->field->offset;
		const char *text = s->field->type == VT_TEXT ? *(const char *const *)member : NULL;

		if (text) {
			fill(&w->joined, text, strlen(text), p->word);
			w->out->failed |= w->joined.failed;
			text = w->joined.text;
			member = &text;
		}
		write_field(w, s->field, member);
	}
}

/* Sets BARE and MARKS from TEXT, which has the marks. */
static void split_marked(struct writer *w, const char *text, size_t len)
{
	struct writer_pattern *known = &w->pattern;
	const char *end = text + len, *mark;

	strbuf_clear(&known->bare);
	known->n_marks = 0;
	for (; (mark = memchr(text, *PATTERN_MARK, (size_t)(end - text))); text = mark + 1) {
		if (known->n_marks == WRITER_MARKS) {
			writer_fail(w, ERR_INTERNAL, "too many marks in a pattern");
			return;
		}
		strbuf_addn(&known->bare, text, (size_t)(mark - text));
		known->marks[known->n_marks++] = known->bare.len;
	}
	strbuf_addn(&known->bare, text, (size_t)(end - text));
}

/* Writes the record of a pattern with its marks, and takes back the bytes. */
static void learn_pattern(struct writer *w, const struct field *f, const void *record)
{
	size_t from = w->out->len;

	writer_record(w, f, f->shape, record);
	split_marked(w, w->out->text + from, w->out->len - from);
	w->out->len = from;
	w->pattern.record = record;
	w->pattern.field = f;
	w->pattern.word = NULL;
}

/* Sets FILLED to the pattern with WORD. */
static void fill_pattern(struct writer_pattern *known, const char *word)
{
	size_t len = strlen(word), from = 0;
	char *to;

	strbuf_clear(&known->filled);
	known->word = word;
	if (!strbuf_grow(&known->filled, known->bare.len + known->n_marks * len))
		return;
	to = known->filled.text;
	for (size_t i = 0; i < known->n_marks; i++) {
		to = mempcpy(to, known->bare.text + from, known->marks[i] - from);
		to = mempcpy(to, word, len);
		from = known->marks[i];
	}
	to = mempcpy(to, known->bare.text + from, known->bare.len - from);
	*to = '\0';
	known->filled.len = (size_t)(to - known->filled.text);
}

static void write_pattern(struct writer *w, const struct field *f, const struct word_pattern *p)
{
	struct writer_pattern *known = &w->pattern;
	struct writer_node *node = writer_top(w);

	if (failed(w))
		return;
	if (!node || !w->format->copies) {
		writer_begin(w, f, f->shape);
		if (!failed(w) && !writer_top(w)->skipped)
			write_filled(w, f->shape, p);
		writer_end(w);
		return;
	}
	if (known->record == p->record && known->field == f)
		node->children++;
	else
		learn_pattern(w, f, p->record);
	if (known->word != p->word)
		fill_pattern(known, p->word);
	strbuf_addn(w->out, known->filled.text, known->filled.len);
	w->out->failed |= known->filled.failed;
}

/* Writes the object of F; MEMBER is what F describes. */
static void write_object(struct writer *w, const struct field *f, const void *member)
{
	const void *object = f->flags & (FIELD_PATTERN | FIELD_XML_ONLY)
				     ? NULL
				     : *(const void *const *)member;

	if (f->flags & FIELD_PATTERN)
		write_pattern(w, f, member);
	else if (object)
		writer_record(w, f, f->shape, object);
	else
		write_field(w, f, NULL);
}

/* Writes the scalars from STEP on. */
static void write_scalars(struct writer *w, const struct writer_step *step, const void *rec)
{
	struct writer_node *node = writer_top(w);

	if (!w->format->scalars || !node || node->list) {
		for (size_t i = 0; i < step->scalars; i++)
			write_field(w, step[i].field, (const char *)rec + step[i].offset);
	} else if (!node->skipped && !failed(w)) {
		node->children += step->scalars;
		w->format->scalars(w, step, rec);
	}
}

void writer_fields(struct writer *w, const struct shape *shape, const void *rec)
{
	const struct writer_step *s = plan_steps(w, shape);

	while (s->field) {
		if (s->scalars)
			write_scalars(w, s, rec);
		else if (s->field->type == VT_OBJECT)
			write_object(w, s->field, (const char *)rec + s->field->offset);
		s += s->scalars ? s->scalars : 1;
	}
}

void writer_begin_page(struct writer *w, const struct shape *shape, const void *rec)
{
	const struct field *list = shape_main_list(shape);

	writer_begin(w, NULL, shape);
	writer_fields(w, shape, rec);
	writer_begin_list(w, list, list->shape);
}

void writer_end_page(struct writer *w)
{
	writer_end(w); /* the list */
	writer_end(w);
}

void writer_record(struct writer *w, const struct field *f, const struct shape *shape,
		   const void *rec)
{
	writer_begin(w, f, shape);
	writer_fields(w, shape, rec);
	writer_end(w);
}

int writer_finish(struct writer *w, struct error *err)
{
	if (!failed(w) && (w->depth > 0 || !w->rooted))
		writer_fail(w, ERR_INTERNAL, "the answer is not complete");
	if (!failed(w) && !w->finished && w->format->finish)
		w->format->finish(w);
	w->finished = true;
	if (took_all(w))
		return 0;
	if (err && err->kind == ERR_NONE)
		*err = w->error;
	return -1;
}

static size_t put_int(char buf[static DECIMAL_TEXT], int64_t n, const char **ret_text)
{
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char *end = &buf[DECIMAL_TEXT - 1], *p = end;

	*p = '\0';
	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (n < 0)
		*--p = '-';
	*ret_text = p;
	return (size_t)(end - p);
}

bool writer_scalar(const struct field *f, const void *value, char buf[static DECIMAL_TEXT],
		   const char **ret_text, size_t *ret_len)
{
	if (!value)
		return false;
	*ret_text = buf;
	switch (f->type) {
	case VT_TEXTS: /* joined to one text by write_field */
	case VT_TEXT:
		*ret_text = *(const char *const *)value;
		if (!*ret_text)
			return false;
		*ret_len = strlen(*ret_text);
		return true;
	case VT_INT:
		*ret_len = put_int(buf, *(const int64_t *)value, ret_text);
		return true;
	case VT_DECIMAL: {
		const struct decimal *d = value;

		if (d->places < 0)
			return false;
		*ret_len = decimal_format(buf, d->n, d->places);
		return true;
	}
	case VT_BOOL:
		*ret_text = *(const bool *)value ? "true" : "false";
		*ret_len = strlen(*ret_text);
		return true;
	case VT_OBJECT:
	case VT_LIST:
		break;
	}
	return false;
}
