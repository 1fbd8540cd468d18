#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/op.h"
#include "base/iso_time.h"
#include "base/utf8.h"
#include "usage/commit_thread.h"
#include "base/banned.h"

enum { TEXT_MAX = 1024, PAGE_SIZE_TYPE_MAX = 2147483647 };

/* ---- one value of each type ---- */

static int check_int(const struct param *p, const char *text, struct arg *ret, struct error *err)
{
	int64_t max = p->type == PT_PAGE_SIZE ? PAGE_SIZE_TYPE_MAX : p->max;

	if (text[strspn(text, "-0123456789")] ||
	    decimal_parse(text, strlen(text), 0, INT64_MAX, &ret->n) != DECIMAL_OK ||
	    ret->n < p->min || ret->n > max)
		return error_set(err, ERR_PARAM, p->name,
				 "'%.40s' is not a whole number from %lld to %lld", text,
				 (long long)p->min, (long long)p->max);
	if (ret->n > p->max)
		ret->n = p->max;
	return 0;
}

static int check_bool(const struct param *p, const char *text, struct arg *ret, struct error *err)
{
	if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
		return error_set(err, ERR_PARAM, p->name, "'%.40s' is neither true nor false",
				 text);
	ret->yes = text[0] == 't' || text[0] == 'T';
	return 0;
}

static int check_enum(const struct param *p, const char *text, struct arg *ret, struct error *err)
{
	char list[200] = "";
	size_t len = 0;

	for (const char *const *v = p->values; *v; v++) {
		if (strcmp(text, *v) == 0) {
			ret->n = v - p->values;
			return 0;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					v == p->values ? "" : ", ", *v);
	}
	return error_set(err, ERR_PARAM, p->name, "'%.40s' is not one of %s", text, list);
}

static int check_date(const struct call *call, const struct param *p, const char *text,
		      struct arg *ret, struct error *err)
{
	const struct dialect *d = call->op->dialect;
	const struct arg *zone = NULL;

	for (int i = 0; call->op->params[i].name; i++)
		if (call->op->params[i].type == PT_ZONE)
			zone = &call->args[i];
	if (d->parse_date(text, strlen(text),
			  zone_date(zone && zone->text ? zone->zone : zone_find(NULL), call->now),
			  &ret->date))
		return 0;
	if (d->errors[ERR_FORMAT].name)
		return error_set(err, ERR_FORMAT, p->name,
				 "String '%.40s' was not recognized as a valid DateTime; %s", text,
				 d->date_hint);
	return error_set(err, ERR_FORMAT, p->name, "'%.40s' is not a date; %s", text, d->date_hint);
}

static int check_instant(const struct param *p, const char *text, struct arg *ret,
			 struct error *err)
{
	if (!iso_time_parse(text, strlen(text), &ret->instant_us))
		return error_set(err, ERR_FORMAT, p->name,
				 "'%.40s' is not a time of ISO 8601, such as 2026-11-21T10:00:00Z",
				 text);
	return 0;
}

static int check_zone(const struct param *p, const char *text, struct arg *ret, struct error *err)
{
	ret->zone = zone_find(text);
	if (!ret->zone)
		return error_set(
			err, ERR_PARAM, p->name,
			"'%.40s' is not a time zone of the IANA list, such as Europe/Vienna", text);
	return 0;
}

static int check_category(const struct call *call, const struct param *p, const char *text,
			  struct arg *ret, struct error *err)
{
	ret->category = catalogue_find(call->catalogue, text, strlen(text));
	if (ret->category == CATALOGUE_NONE)
		return error_set(err, ERR_PARAM, p->name,
				 "'%.64s' is not a category of this server", text);
	return 0;
}

static int check_text(const struct param *p, const char *text, struct error *err)
{
	size_t len = strlen(text);

	if ((int64_t)len < p->min || (int64_t)len > (p->max ? p->max : TEXT_MAX))
		return error_set(err, ERR_PARAM, p->name, "must have from %lld to %lld bytes",
				 (long long)p->min, (long long)(p->max ? p->max : TEXT_MAX));
	if (!utf8_plain(text, len)) /* no event has such a value */
		return error_set(err, ERR_PARAM, p->name,
				 "must be UTF-8 without control characters");
	return 0;
}

static int check_value(const struct call *call, const struct param *p, const char *text,
		       struct arg *ret, struct error *err)
{
	ret->text = text;
	switch (p->type) {
	case PT_ACCOUNT:
	case PT_TEXT:
		return check_text(p, text, err);
	case PT_PAGE_SIZE:
	case PT_INT:
		return check_int(p, text, ret, err);
	case PT_BOOL:
		return check_bool(p, text, ret, err);
	case PT_ENUM:
		return check_enum(p, text, ret, err);
	case PT_DATE:
		return check_date(call, p, text, ret, err);
	case PT_INSTANT:
		return check_instant(p, text, ret, err);
	case PT_ZONE:
		return check_zone(p, text, ret, err);
	case PT_CATEGORY:
		return check_category(call, p, text, ret, err);
	}
	return error_set(err, ERR_INTERNAL, p->name, "has no known type");
}

/* ---- binding ---- */

bool param_named(const char *name, size_t len, const char *want, bool any_case)
{
	size_t want_len = strlen(want);

	if (!any_case)
		return len == want_len && memcmp(name, want, len) == 0;
	for (;; name++, len--, want++) {
		while (len && *name == '_') {
			name++;
			len--;
		}
		while (*want == '_')
			want++;
		if (!len || !*want)
			return !len && !*want;
		if (tolower((unsigned char)*name) != tolower((unsigned char)*want))
			return false;
	}
}

const struct arg *call_arg(const struct call *call, const char *name)
{
	for (int i = 0; call->op->params[i].name; i++)
		if (strcmp(call->op->params[i].name, name) == 0)
			return &call->args[i];
	assert(!"an operation asks for a parameter that its table doesn't have");
	return NULL;
}

/*
 * Is NAME the header that the CGI variable VARIABLE, after its "HTTP_", is
 * about? Its value, or NULL.
 */
static const char *header_value(const char *variable, const char *name)
{
	for (; *name; name++, variable++)
		if (*variable != (*name == '-' ? '_' : toupper((unsigned char)*name)))
			return NULL;
	return *variable == '=' ? variable + 1 : NULL;
}

const char *call_header(const struct call *call, const char *name)
{
	for (char *const *v = call->variables; v && *v; v++) {
		const char *value = strncmp(*v, "HTTP_", 5) == 0 ? header_value(*v + 5, name)
								 : NULL;

		if (value)
			return value;
	}
	return NULL;
}

/*
 * The value of P as the caller sent it, or NULL; "" only with PARAM_CLEARS. A
 * repeated one: joined with "," or, where case matters, the last.
 */
static const char *raw_value(const struct call *call, const struct param *p,
			     const struct raw_param *raw, size_t n, struct error *err)
{
	bool any_case = call->op->dialect->any_case;
	const char *value = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!param_named(raw[i].name, strlen(raw[i].name), p->name, any_case))
			continue;
		if (strlen(raw[i].value) != raw[i].len) {
			error_set(err, ERR_PARAM, p->name, "must not hold a NUL byte");
			return NULL;
		}
		if (!raw[i].len && !((p->flags & PARAM_CLEARS) && !value))
			continue;
		value = value && *value && any_case
				? arena_printf(call->arena, "%s,%s", value, raw[i].value)
				: raw[i].value;
	}
	return value;
}

static int bind_one(struct call *call, int i, const struct raw_param *raw, size_t n,
		    struct error *err)
{
	const struct param *p = &call->op->params[i];
	struct arg *arg = &call->args[i];
	const char *text = raw_value(call, p, raw, n, err);

	*arg = (struct arg) { .param = p, .given = text != NULL };
	if (err->kind)
		return -1;
	if (!text)
		text = p->def;
	arg->text = text;
	return text && *text ? check_value(call, p, text, arg, err) : 0;
}

/* Names every required parameter that is missing, not just the first. */
static int check_required(const struct call *call, struct error *err)
{
	char names[sizeof(err->param)] = "";
	size_t len = 0;

	for (int i = 0; call->op->params[i].name; i++) {
		const struct param *p = &call->op->params[i];

		if ((p->flags & PARAM_REQUIRED) && !call->args[i].text && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? "," : "", p->name);
	}
	return len ? error_set(err, ERR_MISSING, names, "Value cannot be null; it must be given")
		   : 0;
}

int call_bind(struct call *call, const struct raw_param *raw, size_t n, struct error *err)
{
	/* the zone first: dates relative to today need it */
	for (int zones = 1; zones >= 0; zones--)
		for (int i = 0; call->op->params[i].name; i++)
			if ((call->op->params[i].type == PT_ZONE) == zones &&
			    bind_one(call, i, raw, n, err) < 0)
				return -1;
	return check_required(call, err);
}

/*
 * Only what says which thing is asked about: what else a form brings may be at
 * fault, and is shown again.
 */
static int bind_subject(struct call *call, const struct raw_param *raw, size_t n, struct error *err)
{
	for (int i = 0; call->op->params[i].name; i++)
		if ((call->op->params[i].flags & (PARAM_PATH | PARAM_SUBJECT)) &&
		    bind_one(call, i, raw, n, err) < 0)
			return -1;
	return 0;
}

int call_ask(struct call *call, const struct raw_param *raw, size_t n, struct writer *w,
	     struct error *err)
{
	if (access_operation(call->who, call->op, err) < 0 || bind_subject(call, raw, n, err) < 0)
		return -1;
	if (call->op->form->ask)
		return call->op->form->ask(call, w, err);
	writer_about(w, call->op->title, arena_join(call->arena, call->op->doc, ".", NULL));
	writer_begin(w, NULL, call->op->returns);
	writer_end(w);
	return 0;
}

int call_fill(struct call *call, const struct raw_param *raw, size_t n, struct raw_param *ret,
	      size_t *ret_n, struct error *err)
{
	*ret_n = 0;
	if (!call->op->form->fill)
		return 0;
	if (access_operation(call->who, call->op, err) < 0 || bind_subject(call, raw, n, err) < 0)
		return -1;
	return call->op->form->fill(call, ret, ret_n, err);
}

void call_fill_value(struct raw_param *ret, size_t *ret_n, const char *name, const char *value)
{
	ret[(*ret_n)++] = (struct raw_param) { name, value, strlen(value) };
}

/* With Max-Age, as clients split an Expires at its comma. */
void call_set_cookie(struct call *call, const char *name, const char *value, int64_t seconds)
{
	const char *age = seconds == CALL_COOKIE_SESSION
				  ? ""
				  : arena_printf(call->arena, "; Max-Age=%lld", (long long)seconds);
	const char *secure = strncmp(call->base_url, "https:", 6) == 0 ? "; Secure" : "";

	call->cookies[call->n_cookies++] = arena_join(call->arena, name, "=", value, age,
						      "; Path=/; HttpOnly", secure,
						      "; SameSite=Lax", NULL);
}

int call_change(struct call *call, int (*job)(struct store *st, void *arg, struct error *err),
		void *arg, struct error *err)
{
	if (!call->commits)
		return error_set(err, ERR_BUSY, NULL,
				 "nothing can be changed here: it takes a server");
	store_end(call->store);
	if (commit_thread_run(call->commits, job, arg, err) < 0)
		return -1;
	return store_begin_read(call->store, err);
}

int call_run(struct call *call, const struct raw_param *raw, size_t n, struct writer *w,
	     struct error *err)
{
	if (access_operation(call->who, call->op, err) < 0 || call_bind(call, raw, n, err) < 0)
		return -1;
	return call->op->run(call, w, err);
}
