#include "http/body_internal.h"

#include <stdio.h>
#include <string.h>
#include <libxml/parser.h>

#include "base/utf8.h"
#include "http/negotiate.h"
#include "base/banned.h"

void body_init(void)
{
	xmlInitParser();
}

/* ---- shared by the readers ---- */

int body_malformed(const struct body *b, struct error *err, const char *fmt, ...)
{
	const char *ns = b->op ? b->op->body_namespace : NULL,
		   *slash = ns ? strrchr(ns, '/') : NULL;
	char type[64], why[160];
	size_t n = 0;
	va_list ap;

	for (; b->type[n] && b->type[n] != ';' && n < sizeof(type) - 1; n++)
		type[n] = b->type[n] > 0x20 && b->type[n] < 0x7f ? b->type[n] : '?';
	type[n] = '\0';
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	why[strcspn(why, "\r\n")] = '\0';
	if (!b->op)
		return error_set(err, ERR_BODY, NULL,
				 "Could not deserialize '%s' request Error: %s", type, why);
	return error_set(err, ERR_BODY, NULL,
			 "Could not deserialize '%s' request using %s%s%s' Error: %s", type,
			 slash ? slash + 1 : "", slash ? "." : "",
			 b->op->body_root ? b->op->body_root : b->op->id, why);
}

const struct param *body_param(struct body *b, const char *name, size_t len, bool any_case)
{
	for (const struct param *p = b->op->params; p->name; p++)
		if (param_named(name, len, p->name, any_case))
			return p;
	params_add_unknown(b->params, name, len);
	return NULL;
}

int body_count(struct body *b, struct error *err)
{
	return ++b->members > REQUEST_PARAMS_MAX
		       ? body_malformed(b, err, "There are more than %d members",
					REQUEST_PARAMS_MAX)
		       : 0;
}

int body_set(struct body *b, const struct param *p, const char *value, size_t len,
	     struct error *err)
{
	struct params *ps = b->params;
	char *copy = arena_strn(ps->arena, value, len);
	size_t last = ps->n;

	if (params_add(ps, p->name, strlen(p->name), copy, len, err) < 0)
		return -1;
	for (size_t i = 0; i < last; i++)
		if (ps->items[i].name == p->name) {
			ps->items[i] = ps->items[last];
			ps->n = last;
			break;
		}
	return 0;
}

int body_check(const struct body *b, struct error *err)
{
	if (b->len > BODY_PARAMS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "The body has %zu bytes; at most %d are allowed here", b->len,
				 BODY_PARAMS_MAX);
	if (memchr(b->text, 0, b->len) || !utf8_valid(b->text, b->len))
		return body_malformed(b, err, "The body must be UTF-8 without NUL bytes");
	return 0;
}

/* ---- forms ---- */

bool body_is_form_type(const char *content_type)
{
	return media_type_is(content_type, "multipart/form-data") ||
	       media_type_is(content_type, "application/x-www-form-urlencoded");
}

bool body_is_form(const char *content_type, const char *body)
{
	char first = body[strspn(body, " \t\r\n")];

	return body_is_form_type(content_type) && first != '{' && first != '[';
}

int body_read_form(const char *content_type, char *body, size_t len, struct params *ret,
		   struct error *err)
{
	struct body b = { .type = content_type, .text = body, .len = len, .params = ret };

	if (len > BODY_PARAMS_MAX)
		return body_check(&b, err);
	if (media_type_is(content_type, "multipart/form-data"))
		return body_read_multipart(&b, err);
	return params_decode(ret, body, len, err);
}

/* ---- the others, by type ---- */

static const struct {
	const struct format *format;
	int (*read)(struct body *b, struct error *err);
} readers[] = { { &format_json, body_read_json },
		{ &format_jsonl, body_read_json },
		{ &format_xml, body_read_xml },
		{ &format_jsv, body_read_jsv },
		{ &format_csv, body_read_csv } };

static int find_reader(const struct format *format)
{
	for (int i = 0; i < (int)(sizeof(readers) / sizeof(readers[0])); i++)
		if (readers[i].format == format)
			return i;
	return -1;
}

int body_read(const struct request *rq, struct params *ret, struct error *err)
{
	struct body b = { .op = rq->op,
			  .type = rq->content_type,
			  .text = rq->body,
			  .len = rq->body_len,
			  .params = ret };
	int reader = find_reader(rq->fixed);

	/* some clients send a byte order mark */
	if (b.len >= 3 && memcmp(b.text, "\xEF\xBB\xBF", 3) == 0) {
		b.text += 3;
		b.len -= 3;
	}
	if (!b.len)
		return 0;
	if (reader >= 0)
		b.type = rq->fixed->mime;
	else
		reader = find_reader(format_of_type(rq->content_type));
	if (reader < 0 && b.text[strspn(b.text, " \t\r\n")] != '{')
		return 0;
	if (body_check(&b, err) < 0)
		return -1;
	return reader < 0 ? body_read_json(&b, err) : readers[reader].read(&b, err);
}
