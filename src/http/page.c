#include "http/page.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "base/civil.h"
#include "format/layout.h"
#include "format/templates.h"
#include "http/negotiate.h"
#include "http/page_zone.h"
#include "meta/types.h"
#include "base/banned.h"

enum { LINKS_MAX = 32 };

/* ---- links to other pages ---- */

/*
 * The value for {NAME} in another operation's path: the request's argument
 * NAME, else the caller's account.
 */
static const char *fill_name(const void *context, const char *name)
{
	const struct request *rq = context;

	for (size_t i = 0; i < rq->n_path_args; i++)
		if (strcmp(rq->path_args[i].name, name) == 0)
			return rq->path_args[i].value;
	return rq->who && rq->who->role == ROLE_ACCOUNT ? rq->who->name : NULL;
}

static const char *page_path(const struct request *rq, const struct op *op)
{
	const char *path = path_fill(rq->arena, op->path, fill_name, rq);

	return path ? arena_join(rq->arena, path, ".html", NULL) : NULL;
}

/* Do both operations belong to the same group of tabs? */
static bool share_tabs(const struct op *a, const struct op *b)
{
	return a && b && a->tab && b->tab && a->dialect == b->dialect;
}

/*
 * The operation whose tab is shown as open. For a form or a page of one record,
 * this is the list's operation.
 */
static const struct op *here(const struct request *rq)
{
	const struct op *op = rq->op;

	while (op && (op->form || op->list))
		op = op->form ? op->form->list : op->list;
	return op;
}

const char *page_given(const struct request *rq, const char *name)
{
	for (int i = 0; rq->args && rq->op->params[i].name; i++)
		if (strcmp(rq->op->params[i].name, name) == 0)
			return rq->args[i].given && *rq->args[i].text ? rq->args[i].text : NULL;
	return NULL;
}

/* Is OP another view of this page's records? */
static bool is_view(const struct request *rq, const struct op *op)
{
	return share_tabs(op, here(rq)) && op->params == here(rq)->params;
}

/*
 * Is P a filter that links to other views keep? Days are not kept, because each
 * view has its own.
 */
static bool goes_along(const struct param *p)
{
	return !(p->flags & (PARAM_PATH | PARAM_STATE)) && p->type != PT_DATE && p->type != PT_ZONE;
}

/*
 * The link to another operation, with the page's account and the reader's zone.
 * If the operation requires days, they are the first of the month and today.
 * Links to other views of the same records also keep the filters.
 */
static const char *page_url(const struct request *rq, const struct op *op, const char *path)
{
	struct url u = url_begin(rq->arena, path);
	struct date day = date_from_days(floor_div(clock_now_us(), SEC_PER_DAY * USEC_PER_SEC));
	const char *value, *zone = page_zone_taken(op) ? page_zone(rq) : NULL;
	struct date first = { day.year, day.month, 1 };
	char text[DATE_TEXT];

	for (const struct param *p = op->params; p->name; p++) {
		value = is_view(rq, op) && goes_along(p) ? page_given(rq, p->name) : NULL;
		for (size_t i = 0; i < rq->n_path_args && !(p->flags & PARAM_PATH); i++)
			if (strcmp(rq->path_args[i].name, p->name) == 0)
				value = rq->path_args[i].value;
		if (p->type == PT_DATE && (p->flags & PARAM_REQUIRED)) {
			date_format(text, first);
			value = text;
			first = day;
		}
		url_arg(&u, p->name, value);
	}
	url_arg(&u, "TimeZone", zone);
	return url_end(&u);
}

static bool may_call(const struct request *rq, const struct op *op)
{
	return rq->who && (op->roles & rq->who->role);
}

static void add_link(const struct request *rq, const struct op *op, const char *label, bool current,
		     struct page_link *links, size_t *n)
{
	const char *path = page_path(rq, op);

	if (path && *n < LINKS_MAX)
		links[(*n)++] = (struct page_link) { label, page_url(rq, op, path), current };
}

/*
 * Does an earlier operation of the navigation belong to the same group of tabs
 * as OP?
 */
static bool is_behind_another(const struct request *rq, const struct op *op)
{
	for (const struct op *const *row = rq->worker->table; *row != op; row++)
		if ((*row)->nav && share_tabs(*row, op) && may_call(rq, *row))
			return true;
	return false;
}

static const struct page_link *make_nav(const struct request *rq)
{
	struct page_link *links = arena_array(rq->arena, struct page_link, LINKS_MAX + 1);
	size_t n = 0;

	for (const struct op *const *row = rq->worker->table; *row; row++)
		if ((*row)->nav && may_call(rq, *row) && !is_behind_another(rq, *row))
			add_link(rq, *row, (*row)->nav,
				 *row == here(rq) || share_tabs(*row, here(rq)), links, &n);
	return links;
}

/* Makes the tabs, if there are at least two. */
static const struct page_link *make_tabs(const struct request *rq)
{
	struct page_link *links = arena_array(rq->arena, struct page_link, LINKS_MAX + 1);
	size_t n = 0;

	for (const struct op *const *row = rq->worker->table; *row; row++)
		if (may_call(rq, *row) && share_tabs(*row, here(rq)))
			add_link(rq, *row, (*row)->tab, *row == here(rq), links, &n);
	return n > 1 ? links : NULL;
}

/* ---- links to forms ---- */

/* Makes the links to forms that need no record of this page. */
static const struct page_link *make_tasks(const struct request *rq)
{
	struct page_link *links = arena_array(rq->arena, struct page_link, LINKS_MAX + 1);
	size_t n = 0;

	for (const struct op *const *row = rq->worker->table; *row && n < LINKS_MAX; row++) {
		const struct op_form *form = (*row)->form;

		if (form && form->list == rq->op && may_call(rq, *row) && !strchr(form->path, '{'))
			links[n++] = (struct page_link) {
				(*row)->title, arena_join(rq->arena, form->path, ".html", NULL),
				false
			};
	}
	return links;
}

static const char *make_notice(const struct request *rq)
{
	const char *done = params_find(&rq->params, DIALECT_DONE, false);

	for (const struct op *const *row = rq->worker->table; done && *row; row++)
		if ((*row)->form && (*row)->form->list == rq->op && strcmp((*row)->id, done) == 0)
			return (*row)->form->done;
	return NULL;
}

const char *page_after(const struct request *rq)
{
	return url_of(rq->arena, page_path(rq, rq->op->form->list), { DIALECT_DONE, rq->op->id });
}

static const struct page_change *make_change(const struct request *rq)
{
	const struct op *op = rq->op;
	struct page_change *change = arena_new(rq->arena, struct page_change);

	change->button = op->form->button;
	change->back = page_path(rq, op->form->list);
	if (!rq->fault)
		return change;
	change->fault_of = rq->fault->param;
	change->fault = rq->fault->message;
	for (const struct param *p = op->params; p->name; p++)
		if (strcmp(p->name, rq->fault->param) == 0)
			change->fault = arena_join(rq->arena, page_label(rq->arena, p), ": ",
						   rq->fault->message, NULL);
	return change;
}

/* ---- the same report otherwise ---- */

static bool is_changed(const struct url_arg *changes, const char *name)
{
	for (; changes->name; changes++)
		if (params_same(changes->name, name, true))
			return true;
	return false;
}

/*
 * The request's path without its suffix. For a route by name, the operation's
 * own path, where the format can be chosen.
 */
static const char *bare_path(const struct request *rq)
{
	const char *path = rq->fixed ? path_fill(rq->arena, rq->op->path, fill_name, rq) : NULL;

	if (rq->fixed && !path)
		path = rq->op->short_path;
	return path ? path
		    : arena_strn(rq->arena, rq->raw_path,
				 strlen(rq->raw_path) - strlen(rq->suffix));
}

/*
 * The request's URL with the query changed by CHANGES (ended by a NULL name),
 * and with SUFFIX instead of the request's suffix.
 */
static const char *url_with(const struct request *rq, const char *suffix,
			    const struct url_arg *changes)
{
	const struct params *params = &rq->params;
	struct url u = url_begin(rq->arena, arena_join(rq->arena, bare_path(rq), suffix, NULL));

	for (size_t i = 0; i < params->n; i++) {
		const struct raw_param *p = &params->items[i];

		if (p->len && !params_same(p->name, "format", true) &&
		    !params_same(p->name, "callback", true) &&
		    !params_same(p->name, DIALECT_DONE, false) && !is_changed(changes, p->name))
			url_argn(&u, p->name, p->value, p->len);
	}
	return url_list(rq->arena, url_end(&u), changes);
}

static const char *page_suffix(const struct request *rq)
{
	return rq->fixed ? ".html" : rq->suffix;
}

/* Resets the paging of a list. */
#define FROM_THE_START            \
	{ "Page", NULL },         \
	{                         \
		"PageToken", NULL \
	}

static const struct param *find_param(const struct request *rq, const char *name)
{
	for (const struct param *p = rq->op->params; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/*
 * The link to the report of the operation's op_sheet, with the same arguments.
 */
static const char *sheet_url(const struct request *rq, const struct op_sheet *sheet)
{
	struct url u = url_begin(rq->arena,
				 arena_join(rq->arena, sheet->report->path, ".csv", NULL));

	url_arg(&u, "GroupBy", sheet->group);
	for (const struct op_rename *r = sheet->names; r->from; r++)
		url_arg(&u, r->to, page_given(rq, r->from));
	return url_end(&u);
}

/*
 * The link to the answer in another format. CSV has no links to further pages,
 * so its page size is the maximum.
 */
static const char *export_url(const struct request *rq, const struct format *f)
{
	static const struct url_arg none[] = { { NULL, NULL } };
	static const struct url_arg all[] = { FROM_THE_START,
					      { "PageSize", "1000" },
					      { NULL, NULL } };

	if (f == &format_csv && rq->op->sheet)
		return sheet_url(rq, rq->op->sheet);
	return url_with(rq, arena_join(rq->arena, ".", f->name, NULL),
			f == &format_csv && find_param(rq, "PageSize") ? all : none);
}

static const struct page_link *make_exports(const struct request *rq)
{
	struct page_link *links = arena_array(rq->arena, struct page_link, LINKS_MAX + 1);
	size_t n = 0;

	for (const struct format *const *f = formats; *f && n < LINKS_MAX; f++) {
		char *name;

		if (!format_is_served(*f) || format_is_page(*f) ||
		    !format_fits(*f, rq->op->returns))
			continue;
		name = arena_str(rq->arena, (*f)->name);
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		links[n++] = (struct page_link) { name, export_url(rq, *f), false };
	}
	return links;
}

/* ---- the order of the list ---- */

/*
 * Does the first click on the column sort descending? Yes for numbers and
 * times, no for names.
 */
static bool begins_descending(const struct request *rq, const char *field)
{
	const struct field *list = shape_main_list(rq->op->returns),
			   *f = list ? shape_field(list->shape, field) : NULL;

	return f && (f->type != VT_TEXT || f->format);
}

/*
 * Makes the sort links. A column is sortable if the parameter Sort has two
 * values for its field, such as "price" and "-price".
 */
static const struct page_sort *make_sorts(const struct request *rq)
{
	const struct param *sort = find_param(rq, "Sort");
	const char *now = page_given(rq, "Sort");
	struct page_sort *sorts;
	size_t n = 0;

	if (!sort || !sort->values)
		return NULL;
	while (sort->values[n])
		n++;
	sorts = arena_array(rq->arena, struct page_sort, n + 1);
	n = 0;
	for (const char *const *v = sort->values; *v; v++) {
		const char *descending = arena_join(rq->arena, "-", *v, NULL);
		int order = !now                           ? 0
			    : strcmp(now, *v) == 0         ? 1
			    : strcmp(now, descending) == 0 ? -1
							   : 0;
		bool down = order ? order > 0 : begins_descending(rq, *v);
		struct url_arg changes[] = { FROM_THE_START,
					     { "Sort", down ? descending : *v },
					     { NULL, NULL } };

		if (**v != '-')
			sorts[n++] = (struct page_sort) { *v,
							  url_with(rq, page_suffix(rq), changes),
							  order };
	}
	return sorts;
}

/* ---- as an API call ---- */

/* TEXT in single quotes of a shell. */
static const char *quoted(struct arena *arena, const char *text)
{
	const char *out = "'";

	for (size_t n; *text; text += n) {
		n = strcspn(text, "'");
		out = arena_printf(arena, "%s%.*s%s", out, (int)n, text, text[n] ? "'\\''" : "");
		n += text[n] == '\'';
	}
	return arena_join(arena, out, "'", NULL);
}

static const char *make_api_call(const struct request *rq)
{
	static const struct url_arg none[] = { { NULL, NULL } };
	const char *url = arena_join(rq->arena, rq->base_url, url_with(rq, ".json", none), NULL);

	return arena_join(rq->arena, "curl -u USER:SECRET ", quoted(rq->arena, url), NULL);
}

/* ---- numbers as the reader's language writes them ---- */

static const struct {
	const char *language;
	struct digits digits;
} languages[] = {
	{ "de-CH", { "\xE2\x80\x99", "." } },
	{ "de-AT", { "\xC2\xA0", "," } },
	{ "de", { ".", "," } },
	{ "fr-CH", { "\xE2\x80\xAF", "," } },
	{ "fr", { "\xE2\x80\xAF", "," } },
	{ "es", { ".", "," } },
	{ "it", { ".", "," } },
	{ "nl", { ".", "," } },
	{ "da", { ".", "," } },
	{ "pt-BR", { ".", "," } },
	{ "pt", { "\xC2\xA0", "," } },
	{ "sv", { "\xC2\xA0", "," } },
	{ "nb", { "\xC2\xA0", "," } },
	{ "no", { "\xC2\xA0", "," } },
	{ "fi", { "\xC2\xA0", "," } },
	{ "pl", { "\xC2\xA0", "," } },
	{ "cs", { "\xC2\xA0", "," } },
	{ "sk", { "\xC2\xA0", "," } },
	{ "hu", { "\xC2\xA0", "," } },
	{ "ru", { "\xC2\xA0", "," } },
	{ "uk", { "\xC2\xA0", "," } },
	{ "tr", { ".", "," } },
	{ "sl", { ".", "," } },
	{ "hr", { ".", "," } },
};

/*
 * Chooses digits by the reader's first language; English for a language that is
 * not in the table.
 */
static const struct digits *choose_digits(const char *accepted)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		size_t len = strlen(languages[i].language);

		if (strncasecmp(accepted, languages[i].language, len) == 0 &&
		    !isalnum((unsigned char)accepted[len]))
			return &languages[i].digits;
	}
	return NULL;
}

int page_templates(const struct settings *s, struct templates **ret, struct error *err)
{
	struct templates *t = NULL;

	if (templates_read(s->templates, s->own_templates, &t, err) < 0)
		return -1;
	if (layout_check(t, err) < 0 || types_check(t, err) < 0) {
		templates_unref(&t);
		return -1;
	}
	*ret = t;
	return 0;
}

const struct page *page_make(const struct request *rq)
{
	struct page *page = arena_new(rq->arena, struct page);

	page->site = rq->worker->settings->name;
	page->user = rq->who ? rq->who->display ? rq->who->display : rq->who->name : NULL;
	page->profile = rq->who && rq->who->user ? "/profile.html" : NULL;
	page->sign_out = rq->session != NULL;
	page->digits = choose_digits(rq->accept_language);
	page->nav = make_nav(rq);
	page->tabs = make_tabs(rq);
	if (rq->asks) {
		page->action = page_path(rq, rq->op);
		page->inputs = page_inputs(rq);
		page->change = make_change(rq);
	} else if (rq->op && (rq->op->methods & M_GET)) {
		page->tasks = make_tasks(rq);
		page->notice = make_notice(rq);
		page->action = rq->fixed ? page_path(rq, rq->op) : rq->raw_path;
		page->inputs = page_inputs(rq);
		page->exports = make_exports(rq);
		page->sorts = make_sorts(rq);
		page->api_call = make_api_call(rq);
	}
	return page;
}
