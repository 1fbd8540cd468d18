#include "base/inifile.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/*
 * libinih ends a value at " ;" and a name at ':' as well. So both characters
 * are replaced, before libinih sees the line, by bytes that no line may have;
 * the caller gets the original characters.
 */
#define HIDDEN_SEMICOLON '\1'
#define HIDDEN_COLON     '\2'

struct inifile_reading {
	FILE *file;
	const char *path;
	int line;
	bool continued;
	bool indented; /* the line continues NAME */
	/* the full name, of which libinih keeps 49 bytes; "": none */
	char name[INIFILE_LINE_BYTES + 1];
	inifile_entry entry;
	void *arg;
	struct error *err;
};

static void replace(char *text, char from, char to)
{
	while ((text = strchr(text, from)))
		*text++ = to;
}

static void show(char ret[static INIFILE_LINE_BYTES + 1], const char *text)
{
	snprintf(ret, INIFILE_LINE_BYTES + 1, "%s", text);
	replace(ret, HIDDEN_SEMICOLON, ';');
	replace(ret, HIDDEN_COLON, ':');
}

static int fail(struct inifile_reading *r, const char *param, const char *message)
{
	return error_set(r->err, ERR_PARAM, param, "%s:%d: %s", r->path, r->line, message);
}

/*
 * Cuts off the line end and, in the first line, a byte order mark. Returns the
 * length.
 */
static size_t trim_line(const struct inifile_reading *r, char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	line[len] = '\0';
	if (r->line == 1 && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
		memmove(line, line + 3, len - 2);
		len -= 3;
	}
	return len;
}

static int check_bytes(struct inifile_reading *r, const char *line, size_t len, const char *start)
{
	char message[80];

	for (size_t i = 0; i < len; i++)
		if (line[i] == '\0')
			return fail(r, NULL, "holds a NUL byte; this file is text");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return fail(r, NULL,
				    "holds a control character; only spaces and tabs may stand "
				    "between words");
	if (strlen(start) > INIFILE_LINE_BYTES) {
		snprintf(message, sizeof(message), "the line is too long: it may have %d bytes",
			 INIFILE_LINE_BYTES);
		return fail(r, NULL, message);
	}
	return 0;
}

static int check_section(struct inifile_reading *r, const char *start)
{
	const char *end = strchr(start, ']');

	r->name[0] = '\0';
	if (end && end[1 + strspn(end + 1, " \t")] != '\0')
		return fail(
			r, NULL,
			"nothing may follow the ] of a section; a comment has a line of its own");
	if (end && end - start > INIFILE_SECTION_BYTES + 1)
		return fail(r, NULL, "the name of a section may have 48 bytes");
	return 0;
}

/* Prepares LINE so that libinih applies the rules of inifile.h. */
static int prepare_line(struct inifile_reading *r, char *line, size_t len)
{
	char *start;

	len = trim_line(r, line, len);
	start = line + strspn(line, " \t");
	if (*start == ';' || *start == '#') { /* a comment may have any length */
		line[0] = '\0';
		return 0;
	}
	r->indented = r->continued && start > line && r->name[0];
	if (check_bytes(r, line, len, start) < 0 ||
	    (*start == '[' && !r->indented && check_section(r, start) < 0))
		return -1;
	memmove(line + r->indented, start, strlen(start) + 1);
	replace(line, ';', HIDDEN_SEMICOLON);
	replace(line, ':', HIDDEN_COLON);
	return 0;
}

/* Replaces fgets in libinih, which would silently split a long line. */
static char *read_line(char *buf, int size, void *arg)
{
	struct inifile_reading *r = arg;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (r->err->kind != ERR_NONE)
		return NULL;
	errno = 0;
	len = getline(&line, &room, r->file);
	if (len < 0) {
		if (ferror(r->file))
			error_system(r->err, r->path, errno);
		free(line);
		return NULL;
	}
	r->line++;
	if (prepare_line(r, line, (size_t)len) == 0 &&
	    snprintf(buf, (size_t)size, "%s\n", line) >= size)
		fail(r, NULL, "the line is too long");
	free(line);
	return r->err->kind == ERR_NONE ? buf : NULL;
}

/* A handler of libinih: returns 0 on failure. */
static int take_entry(void *arg, const char *section, const char *name, const char *value)
{
	struct inifile_reading *r = arg;
	char shown_section[INIFILE_LINE_BYTES + 1], shown_value[INIFILE_LINE_BYTES + 1];
	struct error own = { 0 };

	show(shown_section, section);
	show(shown_value, value);
	if (!r->indented)
		show(r->name, name);
	if (!r->name[0])
		return fail(r, NULL, "a name must stand before the =") == 0;
	if (r->entry(r->arg, shown_section, r->name, shown_value, &own) < 0)
		fail(r, own.param, own.message);
	return r->err->kind == ERR_NONE;
}

/* Reads the file into *RET_TEXT, which the caller frees, also after a failure (NULL). */
static FILE *open_text(const char *path, char **ret_text, struct error *err)
{
	FILE *file = fopen(path, "re"), *text = NULL;
	size_t len;

	*ret_text = NULL;
	if (!file) {
		error_system(err, path, errno);
		return NULL;
	}
	*ret_text = malloc(INIFILE_BYTES + 1);
	if (!*ret_text)
		abort();
	len = fread(*ret_text, 1, INIFILE_BYTES + 1, file);
	if (len > INIFILE_BYTES)
		error_set(err, ERR_PARAM, NULL, "%s: the file may have at most %d bytes", path,
			  INIFILE_BYTES);
	else if (ferror(file) || !(text = fmemopen(*ret_text, len, "r")))
		error_system(err, path, errno);
	fclose(file);
	return text;
}

int inifile_read(const char *path, bool continued, inifile_entry entry, void *arg,
		 struct error *err)
{
	struct error own = { 0 };
	struct inifile_reading r = {
		.path = path, .continued = continued, .entry = entry, .arg = arg, .err = &own
	};
	char *text;
	int line;

	r.file = open_text(path, &text, err);
	if (!r.file) {
		free(text);
		return -1;
	}
	line = ini_parse_stream(read_line, &r, take_entry, &r);
	fclose(r.file);
	free(text);
	if (line < 0)
		return error_system(err, path, ENOMEM);
	if (line > 0 && (own.kind == ERR_NONE || line < r.line)) {
		error_clear(&own);
		r.line = line;
		fail(&r, NULL, "must be a [section], a name = value or a # comment");
	}
	if (own.kind == ERR_NONE)
		return 0;
	if (err && err->kind == ERR_NONE)
		*err = own;
	return -1;
}
