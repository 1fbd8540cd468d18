/* JSV bodies: {name:value,...}. Quoted values double their quotes. */
#include "http/body_internal.h"

#include <string.h>

#include "base/banned.h"

struct jsv {
	struct body *body;
	const char *at;     /* the text ends with a NUL */
	struct strbuf text; /* the last name or value */
};

static bool take(struct jsv *j, char c)
{
	j->at += strspn(j->at, " \t\r\n");
	if (*j->at != c)
		return false;
	j->at++;
	return true;
}

/* Takes a quoted text; its first quote has been taken. */
static int take_quoted(struct jsv *j, struct error *err)
{
	for (;;) {
		const char *quote = strchr(j->at, '"');

		if (!quote)
			return body_malformed(j->body, err, "A quote is not closed");
		strbuf_addn(&j->text, j->at, (size_t)(quote - j->at));
		j->at = quote + 1;
		if (*j->at != '"')
			return 0;
		strbuf_addc(&j->text, '"');
		j->at++;
	}
}

static size_t name_length(const struct jsv *j)
{
	size_t len = j->text.len;

	while (len && strchr(" \t\r\n", j->text.text[len - 1]))
		len--;
	return len;
}

/* Takes a name or a value: quoted, or up to one of STOPS. */
static int take_text(struct jsv *j, const char *stops, struct error *err)
{
	size_t len;

	strbuf_clear(&j->text);
	if (take(j, '"'))
		return take_quoted(j, err);
	len = strcspn(j->at, stops);
	strbuf_addn(&j->text, j->at, len);
	j->at += len;
	return 0;
}

/* Skips an object or a list, which cannot be a parameter's value. */
static int skip_nested(struct jsv *j, struct error *err)
{
	int depth = 0;

	do {
		char c = *j->at;

		if (!c)
			return body_malformed(j->body, err, "A bracket is not closed");
		j->at++;
		if (c == '"' && take_quoted(j, err) < 0)
			return -1;
		strbuf_clear(&j->text);
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (depth > BODY_DEPTH_MAX)
			return body_malformed(j->body, err,
					      "There are more than %d brackets inside each other",
					      BODY_DEPTH_MAX);
	} while (depth > 0);
	return 0;
}

static int read_value(struct jsv *j, const struct param *p, struct error *err)
{
	j->at += strspn(j->at, " \t\r\n");
	if (*j->at == '{' || *j->at == '[')
		return p ? body_malformed(j->body, err, "%s must be a single value", p->name)
			 : skip_nested(j, err);
	if (take_text(j, ",}", err) < 0)
		return -1;
	if (!p)
		return 0;
	if (j->text.failed)
		return error_set(err, ERR_PARAM, p->name, "must not have more than %d bytes",
				 REQUEST_VALUE_MAX);
	return body_set(j->body, p, j->text.text, j->text.len, err);
}

static int read_pairs(struct jsv *j, struct error *err)
{
	if (!take(j, '{'))
		return body_malformed(j->body, err, "The body must begin with {");
	if (take(j, '}'))
		return 0;
	do {
		if (body_count(j->body, err) < 0 || take_text(j, ":,{}[]", err) < 0)
			return -1;
		if (!take(j, ':'))
			return body_malformed(j->body, err, "A : must follow a name");
		if (read_value(j,
			       body_param(j->body, j->text.text, name_length(j),
					  j->body->op->dialect->any_case),
			       err) < 0)
			return -1;
	} while (take(j, ','));
	return take(j, '}') ? 0 : body_malformed(j->body, err, "A bracket is not closed");
}

int body_read_jsv(struct body *b, struct error *err)
{
	struct jsv j = { .body = b, .at = b->text };
	int rc;

	strbuf_init(&j.text, REQUEST_VALUE_MAX);
	rc = read_pairs(&j, err);
	if (rc == 0 && !take(&j, '\0'))
		rc = body_malformed(b, err, "Something follows the last bracket");
	strbuf_release(&j.text);
	return rc;
}
