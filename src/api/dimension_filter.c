#include "api/dimension_filter.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/banned.h"

#define PARAM_NAME "Filter"

const struct param *dimension_param(const struct request *rq, int d)
{
	const struct dimension_info *info = rq->catalogue->dimensions.info[d];

	for (const struct param *p = rq->op->params; info && info->param && p->name; p++)
		if (strcmp(p->name, info->param) == 0)
			return p;
	return NULL;
}

/* ---- reading ---- */

/* "customer, sim, team": the names of all dimensions */
static const char *all_names(const struct request *rq)
{
	const char *names = "";

	for (int d = 0; d < DIMENSIONS; d++)
		if (rq->catalogue->dimensions.info[d])
			names = arena_join(rq->arena, names, *names ? ", " : "",
					   rq->catalogue->dimensions.info[d]->group, NULL);
	return names;
}

/*
 * Reads a value up to a comma or the end, and moves *AT there. *RET_PREFIX: it
 * ended with an asterisk.
 */
static const char *read_value(struct arena *arena, const char **at, bool *ret_prefix)
{
	char *text = arena_str(arena, *at), *out = text;

	*ret_prefix = false;
	for (; **at && **at != ','; ++*at) {
		if (**at == '*' && ((*at)[1] == ',' || !(*at)[1])) {
			*ret_prefix = true;
			continue;
		}
		if (**at == '\\' && (*at)[1])
			++*at;
		*out++ = **at;
	}
	*out = '\0';
	return text;
}

static int add_term(const struct request *rq, struct dimension_filter *f, int d, const char *text,
		    bool prefix, struct error *err)
{
	const struct dimension_info *info = rq->catalogue->dimensions.info[d];

	if (!*text && !prefix)
		return error_set(err, ERR_PARAM, PARAM_NAME,
				 "'%s:' has no value; it must be like %s:x, or %s:x* for values "
				 "that begin with x",
				 info->group, info->group, info->group);
	if (strlen(text) > info->max_bytes)
		return error_set(err, ERR_PARAM, PARAM_NAME, "a value of %s has at most %zu bytes",
				 info->group, info->max_bytes);
	if (f->text[d])
		return error_set(err, ERR_PARAM, PARAM_NAME,
				 "%s must be filtered by one value only", info->group);
	f->text[d] = text;
	f->prefix[d] = prefix;
	return 0;
}

static int read_terms(const struct request *rq, const char *at, struct dimension_filter *f,
		      struct error *err)
{
	while (*at) {
		size_t len = strcspn(at, ":,");
		int d = dimension_find(&rq->catalogue->dimensions, at, len);
		const char *text;
		bool prefix;

		if (at[len] != ':')
			return error_set(err, ERR_PARAM, PARAM_NAME,
					 "'%.*s' is no filter; it must be like team:red,region:eu*",
					 (int)(len < 64 ? len : 64), at);
		if (d == DIMENSIONS)
			return error_set(err, ERR_PARAM, PARAM_NAME,
					 "'%.*s' is no dimension; there are %.400s",
					 (int)(len < 64 ? len : 64), at, all_names(rq));
		at += len + 1;
		text = read_value(rq->arena, &at, &prefix);
		if (add_term(rq, f, d, text, prefix, err) < 0)
			return -1;
		if (*at == ',')
			at++;
	}
	return 0;
}

int dimension_filter_read(const struct request *rq, struct dimension_filter *ret, struct error *err)
{
	const char *text = request_arg(rq, PARAM_NAME)->text;

	*ret = (struct dimension_filter) { { NULL }, { false } };
	for (int d = 0; d < DIMENSIONS; d++) {
		const struct param *p = dimension_param(rq, d);

		if (p)
			ret->text[d] = request_arg(rq, p->name)->text;
	}
	return text ? read_terms(rq, text, ret, err) : 0;
}

/* ---- writing ---- */

static void write_term(struct strbuf *out, const char *name, const char *text, bool prefix)
{
	if (out->len)
		strbuf_addc(out, ',');
	strbuf_add(out, name);
	strbuf_addc(out, ':');
	for (; *text; text++) {
		if (strchr(",*\\", *text))
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
	if (prefix)
		strbuf_addc(out, '*');
}

const char *dimension_filter_text(const struct request *rq, const struct dimension_filter *f)
{
	const char *ret = NULL;
	struct strbuf out;

	strbuf_init(&out, (size_t)2 * FILTER_BYTES * DIMENSIONS);
	for (int d = 0; d < DIMENSIONS; d++)
		if (f->text[d] && (f->prefix[d] || !dimension_param(rq, d)))
			write_term(&out, rq->catalogue->dimensions.info[d]->group, f->text[d],
				   f->prefix[d]);
	if (out.len)
		ret = arena_strn(rq->arena, out.text, out.len);
	strbuf_release(&out);
	return ret;
}

const char *dimension_filter_words(const struct request *rq, const struct dimension_filter *f)
{
	const char *words = "";

	for (int d = 0; d < DIMENSIONS; d++)
		if (f->text[d])
			words = arena_join(rq->arena, words, ", ",
					   rq->catalogue->dimensions.info[d]->word, " ", f->text[d],
					   f->prefix[d] ? "*" : "", NULL);
	return words;
}
