/*
 * A template is first cut into tokens. This step finds standalone tags and the
 * end of every section. Rendering then walks the tokens; the tokens of a
 * section are rendered once for each item of its data.
 */
#include "format/mustache.h"

#include <stdatomic.h>
#include <string.h>

#include <glib.h>
#include <json-c/json.h>

#include "format/bytes16.h"

#include "base/banned.h"

/* The character of the tag, or a letter for other tokens. */
enum token_kind {
	TOKEN_TEXT = 't',
	TOKEN_ESCAPED = 'v',
	TOKEN_RAW = '&',
	TOKEN_SECTION = '#',
	TOKEN_INVERTED = '^',
	TOKEN_END = '/',
	TOKEN_PARTIAL = '>',
	TOKEN_COMMENT = '!',
	TOKEN_DELIMITERS = '='
};

/* A name between dots. Its hash is that of the objects of json-c. */
struct name_part {
	unsigned long hash;
	bool too_long; /* no member has this name */
	char key[MUSTACHE_NAME];
};

/* The shared items of lists, as a section renders them. */
struct kept_text {
	struct kept_text *next; /* of other items */
	const void *items;
	char *text;  /* NULL: it depends on more than the items */
	size_t *end; /* of each item */
};

struct mustache_token {
	enum token_kind kind;
	const char *text; /* the text, or the tag's name */
	size_t len;
	/* of a tag that looks up its name; none: the innermost context */
	struct name_part *parts;
	size_t n_parts;
	/* spaces before a standalone tag; used by partials */
	const char *indent;
	size_t indent_len;
	size_t end; /* of a section: index of its end tag */
	/* of a section, for all threads; NULL: the tokens are used only once */
	_Atomic(struct kept_text *) *kept;
};

enum { DELIMITER_MAX = 16 };

struct delimiter {
	const char *text; /* points into the template, or to a default */
	size_t len;
};

struct mustache_tokens {
	struct mustache_token *list;
	size_t n;
};

/* A template that is cut into tokens. */
struct cutter {
	const struct template_text *template;
	const char *pos, *limit;
	struct delimiter open, close;
	GArray *tokens;
	struct lh_table *hashes; /* empty */
	struct error *err;
};

struct render {
	struct json_object *stack[MUSTACHE_DEPTH];
	int depth;   /* of the stack */
	int nesting; /* partials inside each other */
	int steps;
	struct mustache_division division;
	bool divided; /* the divider was met */
	struct strbuf *out;
	struct error *err;
};

const struct template_text mustache_divider;

/* ---- escaping ---- */

static const char *escape_of(char c)
{
	static const char *const escapes['>' + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"
	};

	return (unsigned char)c <= '>' ? escapes[(unsigned char)c] : NULL;
}

/* The number of bytes, of sixteen, before the first that has an escape. */
static size_t plain_of16(const char *text)
{
	bytes16 v = bytes16_load(text);

	return bytes16_first((v == '&') | (v == '<') | (v == '>') | (v == '"') | (v == '\''));
}

/* The number of bytes before the first that has an escape. */
static size_t plain_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n + sizeof(bytes16) <= len) {
		size_t plain = plain_of16(text + n);

		n += plain;
		if (plain < sizeof(bytes16))
			return n;
	}
	while (n < len && !escape_of(text[n]))
		n++;
	return n;
}

void html_add_text(struct strbuf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t n = plain_length(text, len);

		strbuf_addn(out, text, n);
		if (n == len)
			break;
		strbuf_add(out, escape_of(text[n]));
		text += n + 1;
		len -= n + 1;
	}
}

/* ---- cutting ---- */

static int cut_error(struct cutter *c, const char *at, const char *fault)
{
	int line = 1;

	for (const char *p = c->template->text; p < at; p++)
		line += *p == '\n';
	if (c->template->path)
		return error_set(c->err, ERR_INTERNAL, NULL, "%s:%d: %s", c->template->path, line,
				 fault);
	return error_set(c->err, ERR_INTERNAL, NULL, "template, line %d: %s", line, fault);
}

static struct mustache_token *token_at(const struct cutter *c, size_t i)
{
	return &g_array_index(c->tokens, struct mustache_token, i);
}

static void add_token(struct cutter *c, struct mustache_token token)
{
	g_array_append_val(c->tokens, token);
}

/* Adds the text up to END as a token. */
static void add_text(struct cutter *c, const char *end)
{
	add_token(c, (struct mustache_token) {
			     .kind = TOKEN_TEXT, .text = c->pos, .len = (size_t)(end - c->pos) });
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && is_space(**text)) {
		++*text;
		--*len;
	}
	while (*len > 0 && is_space((*text)[*len - 1]))
		--*len;
}

/* Sets the two delimiters from a tag such as "{{=<% %>=}}". */
static int set_delimiters(struct cutter *c, const char *text, size_t len)
{
	const char *end = text + len, *space = text, *close;

	while (space < end && !is_space(*space))
		space++;
	close = space;
	while (close < end && is_space(*close))
		close++;
	if (close == end || memchr(close, ' ', (size_t)(end - close)) || memchr(text, '=', len) ||
	    space - text > DELIMITER_MAX || end - close > DELIMITER_MAX)
		return cut_error(c, text, "delimiters are two short words without '='");
	c->open = (struct delimiter) { text, (size_t)(space - text) };
	c->close = (struct delimiter) { close, (size_t)(end - close) };
	return 0;
}

/*
 * Is the tag from START to END alone on its line? If so, *ret_line is the start
 * of the line, *ret_next the start of the next line.
 */
static bool is_standalone(const struct cutter *c, const char *start, const char *end,
			  const char **ret_line, const char **ret_next)
{
	while (start > c->template->text && is_blank(start[-1]))
		start--;
	while (end < c->limit && is_blank(*end))
		end++;
	if (start > c->template->text && start[-1] != '\n')
		return false;
	if (end + 1 < c->limit && end[0] == '\r' && end[1] == '\n')
		end++;
	if (end < c->limit && *end != '\n')
		return false;
	*ret_line = start;
	*ret_next = end < c->limit ? end + 1 : end;
	return true;
}

/*
 * Finds the first closing delimiter at or after FROM. If BEFORE is not NUL, it
 * must precede the delimiter. Returns NULL if there is none.
 */
static const char *find_close(const struct cutter *c, const char *from, char before,
			      size_t *ret_len)
{
	char want[DELIMITER_MAX + 1] = { before };
	size_t n = before != '\0';

	memcpy(want + n, c->close.text, c->close.len);
	*ret_len = n + c->close.len;
	return memmem(from, (size_t)(c->limit - from), want, *ret_len);
}

static enum token_kind kind_of(const char *text, const char *limit)
{
	if (text < limit && *text == '{')
		return TOKEN_RAW;
	return text < limit && *text && strchr("&#^/>!=", *text) ? (enum token_kind) * text
								 : TOKEN_ESCAPED;
}

static struct name_part part_of(const struct cutter *c, const char *name, size_t len)
{
	struct name_part part = { .too_long = len >= sizeof(part.key) };

	if (!part.too_long)
		memcpy(part.key, name, len);
	part.hash = lh_get_hash(c->hashes, part.key);
	return part;
}

static void cut_name(const struct cutter *c, struct mustache_token *t)
{
	const char *name = t->text, *end = name + t->len, *dot;

	if (t->kind == TOKEN_PARTIAL || t->kind == TOKEN_END || (t->len == 1 && *name == '.'))
		return;
	do {
		size_t len;

		dot = memchr(name, '.', (size_t)(end - name));
		len = (size_t)((dot ? dot : end) - name);
		t->parts = g_renew(struct name_part, t->parts, t->n_parts + 1);
		t->parts[t->n_parts++] = part_of(c, name, len);
		name += len + 1;
	} while (dot);
}

/* Cuts the tag whose opening delimiter is at START. */
static int cut_tag(struct cutter *c, const char *start)
{
	const char *text = start + c->open.len, *line = start, *next, *end;
	enum token_kind kind = kind_of(text, c->limit);
	char before = kind == TOKEN_DELIMITERS            ? '='
		      : kind == TOKEN_RAW && *text == '{' ? '}'
							  : '\0';
	size_t len;

	text += kind != TOKEN_ESCAPED;
	end = find_close(c, text, before, &len);
	if (!end)
		return cut_error(c, start, "a tag is not closed");
	next = end + len;
	len = (size_t)(end - text);
	trim(&text, &len);
	if (len == 0 && kind != TOKEN_COMMENT)
		return cut_error(c, start, "a tag has no name");
	if (kind != TOKEN_ESCAPED && kind != TOKEN_RAW)
		is_standalone(c, start, next, &line, &next);
	if (line > c->pos)
		add_text(c, line);
	c->pos = next;
	if (kind == TOKEN_DELIMITERS)
		return set_delimiters(c, text, len);
	if (kind != TOKEN_COMMENT) {
		struct mustache_token token = { .kind = kind,
						.text = text,
						.len = len,
						.indent = line,
						.indent_len = (size_t)(start - line) };

		cut_name(c, &token);
		add_token(c, token);
	}
	return 0;
}

static int pair_sections(struct cutter *c)
{
	size_t open[MUSTACHE_DEPTH], depth = 0;

	for (size_t i = 0; i < c->tokens->len; i++) {
		struct mustache_token *t = token_at(c, i), *begin;

		if (t->kind == TOKEN_SECTION || t->kind == TOKEN_INVERTED) {
			if (depth == MUSTACHE_DEPTH)
				return cut_error(c, t->text, "sections are nested too deep");
			open[depth++] = i;
		} else if (t->kind == TOKEN_END) {
			begin = depth > 0 ? token_at(c, open[--depth]) : NULL;
			if (!begin || begin->len != t->len ||
			    memcmp(begin->text, t->text, t->len) != 0)
				return cut_error(c, t->text,
						 "a section ends that is not the open one");
			begin->end = i;
		}
	}
	return depth > 0
		       ? cut_error(c, token_at(c, open[depth - 1])->text, "a section is not closed")
		       : 0;
}

/* Cuts T. cut_end(c) has the tokens, also after a failure. */
static int cut(struct cutter *c, const struct template_text *t, struct error *err)
{
	*c = (struct cutter) { .template = t,
			       .pos = t->text,
			       .limit = t->text + t->len,
			       .open = { "{{", 2 },
			       .close = { "}}", 2 },
			       .tokens = g_array_new(FALSE, FALSE, sizeof(struct mustache_token)),
			       .hashes = lh_kchar_table_new(1, NULL),
			       .err = err };
	if (t->len > MUSTACHE_TEMPLATE)
		return cut_error(c, t->text, "a template has at most 1 MiB");
	while (c->pos < c->limit) {
		const char *start = memmem(c->pos, (size_t)(c->limit - c->pos), c->open.text,
					   c->open.len);

		if (!start) {
			add_text(c, c->limit);
			break;
		}
		if (cut_tag(c, start) < 0)
			return -1;
	}
	return pair_sections(c);
}

/* Returns the tokens, see tokens_release. */
static struct mustache_tokens cut_end(struct cutter *c)
{
	struct mustache_tokens tokens = { .n = c->tokens->len };

	tokens.list = (struct mustache_token *)(void *)g_array_free(c->tokens, FALSE);
	lh_table_free(c->hashes);
	return tokens;
}

static void kept_free(struct kept_text *kept)
{
	g_free(kept->text);
	g_free(kept->end);
	g_free(kept);
}

static void tokens_release(struct mustache_tokens *tokens)
{
	for (size_t i = 0; i < tokens->n; i++) {
		struct mustache_token *t = &tokens->list[i];
		struct kept_text *next, *kept = t->kept ? *t->kept : NULL;

		for (; kept; kept = next) {
			next = kept->next;
			kept_free(kept);
		}
		g_free(t->kept);
		g_free(t->parts);
	}
	g_free(tokens->list);
}

int mustache_cut(struct template_text *t, struct error *err)
{
	struct mustache_tokens tokens;
	struct cutter c;
	int rc = cut(&c, t, err);

	tokens = cut_end(&c);
	if (rc < 0) {
		tokens_release(&tokens);
		return -1;
	}
	for (size_t i = 0; i < tokens.n; i++)
		if (tokens.list[i].kind == TOKEN_SECTION)
			tokens.list[i].kept = g_malloc0(sizeof(*tokens.list[i].kept));
	t->tokens = g_memdup2(&tokens, sizeof(tokens));
	return 0;
}

void mustache_tokens_free(struct mustache_tokens **tokens)
{
	if (*tokens)
		tokens_release(*tokens);
	g_free(*tokens);
	*tokens = NULL;
}

/* ---- data ---- */

/* What makes the items of a list. */
struct item_maker {
	mustache_item *item;
	void *arg;
	void (*free_arg)(void *arg);
	struct mustache_share share; /* no items: none are shared */
};

static void free_making(struct json_object *list, void *data)
{
	struct item_maker *m = data;

	(void)list;
	m->free_arg(m->arg);
	g_free(m);
}

struct json_object *mustache_list(mustache_item *item, void *arg, void (*free_arg)(void *arg))
{
	struct json_object *list = json_object_new_array();
	struct item_maker *m = g_new(struct item_maker, 1);

	*m = (struct item_maker) { item, arg, free_arg, { .items = NULL } };
	json_object_set_userdata(list, m, free_making);
	return list;
}

void mustache_list_share(struct json_object *list, const struct mustache_share *share)
{
	struct item_maker *m = json_object_get_userdata(list);

	m->share = *share;
}

/* NULL: the items of the list have been made. */
static const struct item_maker *making_of(struct json_object *list)
{
	return json_object_get_userdata(list);
}

static bool member(struct json_object *object, const struct name_part *name,
		   struct json_object **ret)
{
	struct lh_entry *e;

	if (name->too_long || !json_object_is_type(object, json_type_object))
		return false;
	e = lh_table_lookup_entry_w_hash(json_object_get_object(object), name->key, name->hash);
	if (e)
		*ret = (struct json_object *)lh_entry_v(e);
	return e;
}

/*
 * Finds the value of T's name. The first part of the name is looked up in the
 * contexts, the innermost first; each further part is looked up in the value
 * found so far.
 */
static struct json_object *lookup(const struct render *r, const struct mustache_token *t)
{
	struct json_object *value = NULL;
	bool found = false;

	if (!t->n_parts)
		return r->stack[r->depth - 1];
	for (int i = r->depth; i-- > 0 && !found;)
		found = member(r->stack[i], &t->parts[0], &value);
	for (size_t i = 1; i < t->n_parts && found; i++)
		found = member(value, &t->parts[i], &value);
	return found ? value : NULL;
}

static bool is_true(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return false;
	case json_type_boolean:
		return json_object_get_boolean(value);
	case json_type_array:
		return json_object_array_length(value) > 0 || making_of(value);
	case json_type_string:
		return json_object_get_string_len(value) > 0;
	default:
		return true;
	}
}

/* ---- rendering ---- */

static int render_text(struct render *r, const struct template_text *t);
static int render_tokens(struct render *r, const struct mustache_token *tokens, size_t from,
			 size_t to);

static void render_value(struct render *r, const struct mustache_token *t)
{
	struct json_object *value = lookup(r, t);
	const char *text = value ? json_object_get_string(value) : "";
	size_t len = json_object_is_type(value, json_type_string)
			     ? (size_t)json_object_get_string_len(value)
			     : strlen(text);

	if (t->kind == TOKEN_RAW)
		strbuf_addn(r->out, text, len);
	else
		html_add_text(r->out, text, len);
}

static int render_inside(struct render *r, struct json_object *value,
			 const struct mustache_token *tokens, size_t i)
{
	int rc;

	if (r->depth == MUSTACHE_DEPTH)
		return error_set(r->err, ERR_INTERNAL, NULL,
				 "template: sections are nested too deep");
	r->stack[r->depth++] = value;
	rc = render_tokens(r, tokens, i + 1, tokens[i].end);
	r->depth--;
	return rc;
}

/* Does the text of a section depend on nothing but the members of ITEM? */
static bool names_only(const struct mustache_token *tokens, size_t section,
		       struct json_object *item)
{
	struct json_object *value;

	for (size_t i = section + 1; i < tokens[section].end; i++)
		if (tokens[i].kind == TOKEN_PARTIAL ||
		    (tokens[i].n_parts && !member(item, &tokens[i].parts[0], &value)))
			return false;
	return true;
}

/* Renders the shared items by themselves. */
static struct kept_text *make_kept(const struct mustache_share *s,
				   const struct mustache_token *tokens, size_t section)
{
	struct kept_text *kept = g_new0(struct kept_text, 1);
	struct json_object *item = json_object_new_object();
	struct error err = { 0 };
	struct strbuf text;
	struct render r = { .stack = { item }, .depth = 1, .out = &text, .err = &err };
	bool own = true;

	strbuf_init(&text, MUSTACHE_TEMPLATE);
	kept->items = s->items;
	kept->end = g_new(size_t, s->n);
	for (size_t i = 0; i < s->n && own; i++) {
		own = s->item((void *)s->items, i, item) && names_only(tokens, section, item) &&
		      render_tokens(&r, tokens, section + 1, tokens[section].end) == 0;
		kept->end[i] = text.len;
	}
	if (own)
		kept->text = g_strndup(text.text, text.len);
	strbuf_release(&text);
	json_object_put(item);
	return kept;
}

/* The text of the shared items in a section; NULL: it is not kept. */
static const struct kept_text *keep(const struct mustache_share *s,
				    const struct mustache_token *tokens, size_t section)
{
	_Atomic(struct kept_text *) *all = tokens[section].kept;
	struct kept_text *kept = all && s->items ? atomic_load(all) : NULL;

	if (!all || !s->items)
		return NULL;
	while (kept && kept->items != s->items)
		kept = kept->next;
	if (!kept) {
		/* another thread may add the same: both are right */
		kept = make_kept(s, tokens, section);
		kept->next = atomic_load(all);
		while (!atomic_compare_exchange_weak(all, &kept->next, kept))
			;
	}
	return kept->text ? kept : NULL;
}

/*
 * Adds shared items from number I of the list on, up to the one that differs.
 * Returns how many.
 */
static size_t add_kept(struct strbuf *out, const struct kept_text *kept,
		       const struct mustache_share *s, size_t i)
{
	size_t from = i - s->first, to = s->n, start;

	if (i < s->first || from >= s->n || i == s->marked)
		return 0;
	if (s->marked > i && s->marked - s->first < to)
		to = s->marked - s->first;
	start = from ? kept->end[from - 1] : 0;
	strbuf_addn(out, kept->text + start, kept->end[to - 1] - start);
	return to - from;
}

/* Renders the section for each item of a list that is made meanwhile. */
static int render_made(struct render *r, const struct item_maker *m,
		       const struct mustache_token *tokens, size_t section)
{
	const struct kept_text *kept = keep(&m->share, tokens, section);
	struct json_object *item = json_object_new_object();
	int rc = 0;

	for (size_t i = 0; rc == 0; i++) {
		if (kept)
			i += add_kept(r->out, kept, &m->share, i);
		if (!m->item(m->arg, i, item))
			break;
		rc = render_inside(r, item, tokens, section);
	}
	json_object_put(item);
	return rc;
}

static int render_section(struct render *r, const struct mustache_token *tokens, size_t i)
{
	struct json_object *value = lookup(r, &tokens[i]);

	if (tokens[i].kind == TOKEN_INVERTED)
		return is_true(value) ? 0 : render_tokens(r, tokens, i + 1, tokens[i].end);
	if (!is_true(value))
		return 0;
	if (!json_object_is_type(value, json_type_array))
		return render_inside(r, value, tokens, i);
	if (making_of(value))
		return render_made(r, making_of(value), tokens, i);
	for (size_t n = 0; n < json_object_array_length(value); n++)
		if (render_inside(r, json_object_array_get_idx(value, n), tokens, i) < 0)
			return -1;
	return 0;
}

static void add_indented(struct strbuf *out, const char *text, size_t len, const char *indent,
			 size_t indent_len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) + 1 : len;

		strbuf_addn(out, indent, indent_len);
		strbuf_addn(out, text, n);
		text += n;
		len -= n;
	}
}

static int render_partial(struct render *r, const struct mustache_token *t)
{
	const struct template_text *partial;
	struct template_text text;
	struct strbuf indented;
	int rc;

	if (r->nesting == MUSTACHE_DEPTH)
		return error_set(r->err, ERR_INTERNAL, NULL,
				 "template: partials are nested too deep");
	partial = r->division.partial ? r->division.partial(r->division.ctx, t->text, t->len)
				      : NULL;
	r->divided = r->divided || partial == &mustache_divider;
	if (!partial || partial == &mustache_divider)
		return 0;
	text = *partial;
	r->nesting++;
	strbuf_init(&indented, MUSTACHE_TEMPLATE + 1);
	if (t->indent_len > 0) {
		add_indented(&indented, text.text, text.len, t->indent, t->indent_len);
		text.text = indented.text;
		text.len = indented.failed ? SIZE_MAX : indented.len;
		text.tokens = NULL;
	}
	rc = render_text(r, &text);
	strbuf_release(&indented);
	r->nesting--;
	return rc;
}

static int render_token(struct render *r, const struct mustache_token *tokens, size_t i)
{
	const struct mustache_token *t = &tokens[i];

	switch (t->kind) {
	case TOKEN_TEXT:
		strbuf_addn(r->out, t->text, t->len);
		break;
	case TOKEN_ESCAPED:
	case TOKEN_RAW:
		render_value(r, t);
		break;
	case TOKEN_SECTION:
	case TOKEN_INVERTED:
		return render_section(r, tokens, i);
	case TOKEN_PARTIAL:
		return render_partial(r, t);
	case TOKEN_END:
	case TOKEN_COMMENT:
	case TOKEN_DELIMITERS:
		break;
	}
	return 0;
}

/* Is the place, which is in no section, in the part that is rendered? */
static bool in_part(const struct render *r)
{
	return r->division.part == MUSTACHE_WHOLE ||
	       r->divided == (r->division.part == MUSTACHE_AFTER);
}

static int render_tokens(struct render *r, const struct mustache_token *tokens, size_t from,
			 size_t to)
{
	int rc = 0;

	for (size_t i = from; i < to && rc == 0; i++) {
		if (++r->steps > MUSTACHE_STEPS)
			return error_set(r->err, ERR_INTERNAL, NULL,
					 "template: it does not come to an end");
		/* a partial may have the divider */
		if (in_part(r) || (tokens[i].kind == TOKEN_PARTIAL && !r->divided))
			rc = render_token(r, tokens, i);
		if (tokens[i].kind == TOKEN_SECTION || tokens[i].kind == TOKEN_INVERTED)
			i = tokens[i].end;
		if (r->out->failed)
			rc = error_set(r->err, ERR_TOO_LARGE, NULL,
				       "the page is larger than %zu bytes", r->out->limit);
	}
	return rc;
}

static int render_text(struct render *r, const struct template_text *t)
{
	struct mustache_tokens tokens;
	struct cutter c;
	int rc;

	if (t->tokens)
		return render_tokens(r, t->tokens->list, 0, t->tokens->n);
	rc = cut(&c, t, r->err);
	tokens = cut_end(&c);
	if (rc == 0)
		rc = render_tokens(r, tokens.list, 0, tokens.n);
	tokens_release(&tokens);
	return rc;
}

int mustache_render(const struct template_text *t, struct json_object *data,
		    mustache_partial *partial, void *ctx, struct strbuf *out, struct error *err)
{
	const struct mustache_division whole = { partial, ctx, MUSTACHE_WHOLE };

	return mustache_render_part(t, data, &whole, out, err) < 0 ? -1 : 0;
}

int mustache_render_part(const struct template_text *t, struct json_object *data,
			 const struct mustache_division *d, struct strbuf *out, struct error *err)
{
	struct render r = { .stack = { data }, .depth = 1, .division = *d, .out = out, .err = err };

	return render_text(&r, t) < 0 ? -1 : r.divided;
}

int mustache_check(const struct template_text *t, mustache_partial *partial, void *ctx,
		   struct error *err)
{
	struct mustache_tokens tokens;
	struct cutter c;
	int rc = cut(&c, t, err);

	tokens = cut_end(&c);
	for (size_t i = 0; rc == 0 && i < tokens.n; i++) {
		const struct mustache_token *token = &tokens.list[i];

		if (token->kind == TOKEN_PARTIAL && !partial(ctx, token->text, token->len))
			rc = cut_error(&c, token->text,
				       "there is no template of this name to put here");
	}
	tokens_release(&tokens);
	return rc;
}
