/*
 * cmd_report.c - runs any operation on the terminal, as SystemAdministrator.
 * The call is the same as over HTTP.
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/access.h"
#include "base/civil.h"
#include "base/secret.h"
#include "format/templates.h"
#include "http/negotiate.h"
#include "http/page.h"
#include "base/banned.h"

enum { BUFFER_MAX = 64 << 20, FLUSH_ABOVE = 64 << 10 };

struct report_command {
	const struct settings *settings;
	const struct op *op;
	const struct format *format;
	const char *values[PARAMS_MAX]; /* parallel to op->params; NULL: not given */
};

static int flush_to_stdout(struct sink *sink, struct error *err)
{
	if (fwrite(sink->buf->text, 1, sink->buf->len, stdout) != sink->buf->len)
		return error_set(err, ERR_INTERNAL, NULL, "can't write to standard output");
	strbuf_clear(sink->buf);
	return 0;
}

static int run_request(struct request *rq, const struct report_command *r, struct error *err)
{
	struct writer_options options = { .style = r->op->dialect->style,
					  .money_as_string = r->settings->price_as_string,
					  .base_url = r->settings->base_url };
	struct page page = { .site = r->settings->name };
	struct strbuf buf;
	struct sink sink = { .buf = &buf, .flush_above = FLUSH_ABOVE, .flush = flush_to_stdout };
	struct templates *templates = NULL;
	struct writer *w;
	int rc;

	options.page = &page;
	if (format_is_page(r->format) && page_templates(r->settings, &templates, err) < 0)
		return -1;
	options.templates = templates;
	strbuf_init(&buf, BUFFER_MAX);
	w = writer_new(r->format, &options, &sink);
	rc = request_run(rq, w, err);
	if (rc == 0)
		rc = writer_finish(w, err);
	if (rc == 0)
		rc = flush_to_stdout(&sink, err);
	writer_free(&w);
	strbuf_release(&buf);
	templates_unref(&templates);
	return rc;
}

static int report(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	const struct report_command *r = arg;
	unsigned char secret[SECRET_BYTES];
	struct worker worker = { .settings = r->settings, .secret = secret, .table = ops };
	struct request rq = { .worker = &worker,
			      .arena = arena,
			      .now = floor_div(clock_now_us(), USEC_PER_SEC),
			      .base_url = r->settings->base_url,
			      .dialect = r->op->dialect,
			      .op = r->op,
			      .suffix = "",
			      .content_type = "",
			      .who = &principal_console,
			      .args = request_args(arena, r->op),
			      .store = st,
			      .reply.format = r->format };

	for (int i = 0; r->op->params[i].name; i++)
		if (r->values[i])
			request_give(&rq, &r->op->params[i], r->values[i]);
	if (command_secret(st, r->settings, 0, secret, err) < 0 ||
	    catalogue_load(st, arena, &rq.catalogue, err) < 0 || access_operation(&rq, err) < 0)
		return -1;
	return run_request(&rq, r, err);
}

static void list_operations(void)
{
	for (const struct op *const *op = ops; *op; op++)
		printf("%-26s %s\n", (*op)->id, (*op)->doc);
}

/* Reads the options: one for each parameter of the operation. */
static bool read_options(const struct command *c, struct report_command *r, int argc, char **argv,
			 int *ret_exit)
{
	const char *format = "text";
	struct command_option options[PARAMS_MAX + 2] = { { .name = "format", .text = &format } };

	for (int i = 0; r->op->params[i].name; i++)
		options[i + 1] = (struct command_option) { .name = r->op->params[i].name,
							   .text = &r->values[i] };
	if (!command_only_options(c, options, argc, argv, ret_exit))
		return false;
	r->format = format_find(format, strlen(format));
	if (r->format == &format_csv && r->op->dialect->csv)
		r->format = r->op->dialect->csv;
	if (!r->format) {
		*ret_exit = command_wrong(c, "there is no format %s", format);
		return false;
	}
	return true;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct report_command r = { .settings = s };
	int rc;

	if (argc < 2) {
		list_operations();
		return EXIT_DONE;
	}
	r.op = op_find(argv[1]);
	if (!r.op)
		return command_wrong(&command_report,
				     "there is no operation %s; usaged report lists them", argv[1]);
	if (!read_options(&command_report, &r, argc - 1, argv + 1, &rc))
		return rc;
	return command_in_ledger("report", s, 0, report, &r);
}

const struct command command_report = {
	.name = "report",
	.usage = "report [OPERATION [--PARAMETER VALUE]... [--format "
		 "text|json|xml|csv|jsv|jsonl|html|svg]]",
	.summary = "any report of the APIs, on the terminal",
	.help = "Runs an operation as a SystemAdministrator would over HTTP and prints its answer, "
		"as a table if no\n"
		"format is named. Without an operation, lists them. The parameters are those of "
		"the operation:\n\n"
		"  usaged report ListUsageRecords --StartDate 2026-11-01 --EndDate 2026-11-21\n"
		"  usaged report ListUsageRecordDaily --AccountSid AC... --Category calls --format "
		"csv\n",
	.run = run,
};
