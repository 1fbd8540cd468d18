/*
 * form.c - parameters as a query or form, and as multipart/form-data, whose
 * Content-Type may be the first line. What is accepted keeps the limits, and
 * written as a form and read again is the same.
 */
#include "fuzz.h"

#include <strings.h>

#include "api/url.h"
#include "base/utf8.h"
#include "http/body.h"
#include "base/banned.h"

static void check_params(const struct params *p)
{
	must(p->n <= REQUEST_PARAMS_MAX);
	for (size_t i = 0; i < p->n; i++) {
		must(strlen(p->items[i].name) <= REQUEST_NAME_MAX &&
		     p->items[i].len <= REQUEST_VALUE_MAX);
		must(utf8_valid(p->items[i].name, strlen(p->items[i].name)) &&
		     utf8_valid(p->items[i].value, p->items[i].len));
		must(strlen(p->items[i].value) == p->items[i].len);
	}
}

static void read_again(const struct params *p, struct arena *arena)
{
	struct params again = { .arena = arena };
	struct error err = { 0 };
	struct url form = url_begin(arena, "");
	char *text;

	for (size_t i = 0; i < p->n; i++)
		url_argn(&form, p->items[i].name, p->items[i].value, p->items[i].len);
	text = arena_str(arena, p->n ? url_end(&form) + 1 : "");
	must(params_decode(&again, text, strlen(text), &err) == 0);
	must(again.n == p->n);
	for (size_t i = 0; i < p->n; i++)
		must(strcmp(again.items[i].name, p->items[i].name) == 0 &&
		     strcmp(again.items[i].value, p->items[i].value) == 0);
}

static void read_form(const char *type, const uint8_t *data, size_t size)
{
	struct params p = { 0 };
	struct arena arena;
	struct error err = { 0 };
	char *copy;

	arena_init(&arena);
	p.arena = &arena;
	copy = arena_strn(&arena, size ? (const char *)data : "", size);
	must((body_read_form(type, copy, size, &p, &err) == 0) == (err.kind == ERR_NONE));
	if (err.kind == ERR_NONE) {
		check_params(&p);
		read_again(&p, &arena);
	} else {
		must(err.message[0] && err.kind != ERR_INTERNAL);
	}
	arena_release(&arena);
}

/* The first line is the Content-Type. */
static void read_typed(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	char *type;

	if (!newline)
		return;
	type = strndup((const char *)data, (size_t)(newline - data));
	must(type);
	if (strncasecmp(type, "multipart/form-data", 19) == 0)
		read_form(type, newline + 1, size - (size_t)(newline + 1 - data));
	free(type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_form("application/x-www-form-urlencoded", data, size);
	read_form("multipart/form-data; boundary=x", data, size);
	read_typed(data, size);
	return 0;
}
