/* CSV bodies: a row of names and a row of values. */
#include "http/body_internal.h"

#include <csv.h>
#include <string.h>

#include "base/banned.h"

struct csv_body {
	struct body *body;
	const struct param *columns[REQUEST_PARAMS_MAX];
	size_t n, column;
	int row;
	struct error *err;
};

static void take_cell(void *text, size_t len, void *user)
{
	struct csv_body *c = user;

	if (c->err->kind || c->row > 1)
		return;
	if (c->row == 0 && body_count(c->body, c->err) == 0)
		c->columns[c->n++] = body_param(c->body, text, len, c->body->op->dialect->any_case);
	else if (c->row == 1 && c->column < c->n && c->columns[c->column])
		body_set(c->body, c->columns[c->column], text, len, c->err);
	c->column++;
}

static void take_row(int end, void *user)
{
	struct csv_body *c = user;

	(void)end;
	if (c->row++ > 1)
		body_malformed(c->body, c->err, "There is more than one row of values");
	c->column = 0;
}

int body_read_csv(struct body *b, struct error *err)
{
	struct csv_body c = { .body = b, .err = err };
	struct csv_parser parser;

	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return error_set(err, ERR_INTERNAL, NULL, "Out of memory");
	/*
	 * one block for the largest cell; by default the buffer grows by 128
	 * bytes
	 */
	csv_set_blk_size(&parser, b->len + 1);
	if (csv_parse(&parser, b->text, b->len, take_cell, take_row, &c) != b->len ||
	    csv_fini(&parser, take_cell, take_row, &c) != 0)
		body_malformed(b, err, "%s", csv_strerror(csv_error(&parser)));
	csv_free(&parser);
	return err->kind ? -1 : 0;
}
