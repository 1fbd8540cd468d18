/*
 * body.c - parameters in a body of JSON, XML, JSV or CSV, and a batch of them:
 * the first byte says which.
 */
#include "fuzz.h"
#include "mutate.h"

#include "base/utf8.h"
#include "http/body.h"
#include "base/banned.h"

static const struct param params[] = { { "Text", PT_TEXT, .max = 100 },
				       { "StartDate", PT_DATE, .flags = 0 },
				       { "Page", PT_INT, .max = 9 },
				       { "All", PT_BOOL, .flags = 0 },
				       { 0 } };

static const struct op op = { .id = "Fuzz",
			      .dialect = &dialect_servicestack,
			      .params = params,
			      .body_root = "Fuzz",
			      .body_namespace = "http://example.com/Fuzz" };

static void check_params(const struct params *p)
{
	must(p->n <= REQUEST_PARAMS_MAX);
	for (size_t i = 0; i < p->n; i++)
		must(p->items[i].len <= REQUEST_VALUE_MAX &&
		     utf8_valid(p->items[i].value, p->items[i].len));
}

static void read_batch(const struct request *rq, struct error *err)
{
	struct params *batch = NULL;
	size_t n = 0;

	if (body_read_batch(rq, &batch, &n, err) < 0)
		return;
	must(n <= BODY_BATCH_MAX);
	for (size_t i = 0; i < n; i++)
		check_params(&batch[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "application/json", "application/xml", "text/jsv",
					     "text/csv", "text/plain" };
	struct arena arena;
	struct params p = { 0 };
	struct error err = { 0 };
	size_t kind = size ? data[0] % 7 : 0;
	struct request rq = { .arena = &arena, .op = &op };

	body_init();
	arena_init(&arena);
	p.arena = &arena;
	rq.body = arena_strn(&arena, size ? (const char *)data + 1 : "", size ? size - 1 : 0);
	body_is_form("multipart/form-data", rq.body);
	rq.body_len = size ? size - 1 : 0;
	rq.fixed = kind == 6 ? &format_xml : NULL;
	rq.content_type = kind < 5 ? types[kind] : "";
	if (kind == 5)
		read_batch(&rq, &err);
	else if (body_read(&rq, &p, &err) == 0)
		check_params(&p);
	must(err.kind == ERR_NONE || (err.message[0] && err.kind != ERR_INTERNAL));
	arena_release(&arena);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_behind(mutate_brackets, data, size, max_size, seed);
}
