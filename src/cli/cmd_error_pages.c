#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/templates.h"
#include "http/negotiate.h"
#include "http/page.h"
#include "base/banned.h"

#define PAGE_BYTES 65536

/* Errors that the web server reports itself, without the worker. */
static const struct server_error {
	int status;
	enum error_kind kind; /* gives the dialect's code and word */
	/* the word for this error; NULL: the word of the kind */
	const char *name;
	const char *message;
} server_errors[] = {
	{ 400, ERR_BODY, "BadRequest",
	  "The request can't be read: its address or a header is malformed, or it is not HTTP over "
	  "TLS." },
	{ 404, ERR_NOT_FOUND, NULL, "There is nothing at this path." },
	{ 405, ERR_METHOD, "MethodNotAllowed", "This path can only be read." },
	{ 408, ERR_TIMEOUT, "RequestTimeout", "The request did not arrive in time." },
	{ 413, ERR_TOO_LARGE, NULL,
	  "The body is larger than this server takes; send it in parts." },
	{ 414, ERR_TOO_LARGE, "RequestUriTooLong",
	  "The address is longer than this server takes; send parameters in the body." },
	{ 429, ERR_TOO_MANY, NULL, "Too many requests; wait a moment and try again." },
	{ 431, ERR_TOO_LARGE, "RequestHeaderFieldsTooLarge",
	  "The headers are larger than this server takes." },
	{ 500, ERR_INTERNAL, NULL, "An internal error; the server's log tells more." },
	{ 502, ERR_GATEWAY, NULL, "The service is starting or stopping; try again in a moment." },
	{ 503, ERR_BUSY, NULL, "The service is not available; try again in a moment." },
	{ 504, ERR_TIMEOUT, NULL, "The answer did not come in time; ask for less, or try again." },
	{ 0 }
};

struct error_pages {
	const char *folder, *site;
	struct templates *templates;
	/* the dialect whose folder is being written */
	const struct dialect *dialect;
};

/* Appends the document of E in format F to OUT. */
static int render(const struct error_pages *p, const struct format *f, const struct server_error *e,
		  struct strbuf *out, struct error *err)
{
	const struct dialect *d = p->dialect;
	const struct page page = { .site = p->site };
	const struct writer_options options = { .style = d->style,
						.page = &page,
						.templates = p->templates };
	struct sink sink = { .buf = out };
	struct error said = { 0 };
	struct error_status status;
	struct writer *w;
	int rc;

	error_set(&said, e->kind, NULL, "%s", e->message);
	status = dialect_status(d, &said);
	status.status = e->status;
	if (e->name && status.name)
		status.name = e->name;
	w = writer_new(f, &options, &sink);
	dialect_write_error(d, w, &said, &status);
	rc = writer_finish(w, err);
	writer_free(&w);
	return rc;
}

static int make_folder(const char *path, struct error *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_system(err, path, errno);
	return 0;
}

/* Writes the file atomically: the web server may read it at any time. */
static int replace_file(const char *path, const struct strbuf *text, struct error *err)
{
	struct strbuf new;
	FILE *f;
	int rc = 0;

	strbuf_init(&new, 8192);
	strbuf_addf(&new, "%s.new", path);
	f = fopen(new.text, "w");
	if (!f || fwrite(text->text, 1, text->len, f) != text->len || fflush(f) != 0)
		rc = error_system(err, new.text, errno);
	if (f && fclose(f) != 0 && rc == 0)
		rc = error_system(err, new.text, errno);
	if (rc == 0 && rename(new.text, path) < 0)
		rc = error_system(err, path, errno);
	strbuf_release(&new);
	return rc;
}

static int write_page(const struct error_pages *p, const struct format *f,
		      const struct server_error *e, struct error *err)
{
	struct strbuf path, text;
	int rc;

	strbuf_init(&path, 8000);
	strbuf_init(&text, PAGE_BYTES);
	strbuf_addf(&path, "%s/%s/%d.%s", p->folder, p->dialect->name, e->status, f->name);
	rc = render(p, f, e, &text, err);
	if (rc == 0)
		rc = replace_file(path.text, &text, err);
	strbuf_release(&text);
	strbuf_release(&path);
	return rc;
}

static int write_dialect(const struct error_pages *p, struct error *err)
{
	struct strbuf path;
	int rc;

	strbuf_init(&path, 8000);
	strbuf_addf(&path, "%s/%s", p->folder, p->dialect->name);
	rc = make_folder(path.text, err);
	strbuf_release(&path);
	for (const struct format *const *f = formats; rc == 0 && *f; f++)
		for (const struct server_error *e = server_errors;
		     rc == 0 && format_is_served(*f) && e->status; e++)
			rc = write_page(p, *f, e, err);
	return rc;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct error_pages p = { .site = s->name };
	struct error err = { 0 };
	int rc;

	if (!command_options(&command_error_pages, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_error_pages, "needs one folder to write to");
	p.folder = argv[1];
	rc = page_templates(s, &p.templates, &err);
	if (rc == 0)
		rc = make_folder(p.folder, &err);
	for (const struct dialect *const *d = dialects; rc == 0 && (p.dialect = *d); d++)
		rc = write_dialect(&p, &err);
	templates_unref(&p.templates);
	return rc < 0 ? command_fail("error-pages", &err) : EXIT_DONE;
}

const struct command command_error_pages = {
	.name = "error-pages",
	.usage = "error-pages FOLDER",
	.summary = "write the errors that nginx sends by itself",
	.help = "Writes FOLDER/API/STATUS.FORMAT for every API family, for every status that the "
		"web server\n"
		"answers with by itself (400 404 405 408 413 414 429 431 500 502 503 504) and "
		"every format, in the\n"
		"words that the family's clients understand. Files that are there already are "
		"replaced.\n",
	.run = run
};
