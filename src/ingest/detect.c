#include "ingest/detect.h"

#include <string.h>
#include "base/strbuf.h"
#include "base/banned.h"

/* So many lines are enough to detect the form. */
#define HEAD_LINES 3

static const struct {
	const char *name; /* in --format, and as a suffix */
	enum reader_form form;
} forms[] = { { "ndjson", READER_NDJSON },
	      { "jsonl", READER_NDJSON },
	      { "json", READER_JSON },
	      { "csv", READER_CSV },
	      { "tsv", READER_TSV },
	      { "tab", READER_TSV },
	      { 0 } };

bool detect_form(const char *name, enum reader_form *ret)
{
	for (int i = 0; forms[i].name; i++) {
		if (strcmp(forms[i].name, name) == 0) {
			*ret = forms[i].form;
			return true;
		}
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Returns the byte after the object that begins at P, or NULL if the object
 * doesn't end on the same line.
 */
static const char *object_end(const char *p, const char *end)
{
	bool in_string = false;
	int depth = 0;

	for (; p < end && *p != '\n'; p++) {
		if (in_string)
			in_string = *p != '"';
		else if (*p == '"')
			in_string = true;
		else
			depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		if (in_string && *p == '\\')
			p++;
		if (depth == 0)
			return p + 1;
	}
	return NULL;
}

/* Is one of the lines a whole object (NDJSON)? The last line may be cut off. */
static bool has_object_line(const char *p, const char *end)
{
	while (p < end) {
		const char *next = memchr(p, '\n', (size_t)(end - p)),
			   *closed = *p == '{' ? object_end(p, end) : NULL;

		while (closed && closed < end && *closed != '\n' && is_blank(*closed))
			closed++;
		if (closed && (closed == end || *closed == '\n'))
			return true;
		p = next ? next + 1 : end;
	}
	return false;
}

enum reader_form detect_by_content(const char *head, size_t len)
{
	const char *p = head, *end = head + len, *line;

	if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	while (p < end && is_blank(*p))
		p++;
	if (p < end && *p == '[')
		return READER_JSON;
	if (has_object_line(p, end))
		return READER_NDJSON;
	if (p < end && *p == '{')
		return READER_JSON;
	line = memchr(p, '\n', (size_t)(end - p));
	return memchr(p, '\t', (size_t)((line ? line : end) - p)) ? READER_TSV : READER_CSV;
}

bool detect_has_enough(const char *head, size_t len)
{
	const char *p = head, *end = head + len;
	int lines = 0;

	while (lines < HEAD_LINES && (p = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p++;
	}
	return lines == HEAD_LINES || len == DETECT_BYTES ||
	       (lines && detect_by_content(head, len) == READER_NDJSON);
}

bool detect_by_name(const char *path, enum reader_form *ret)
{
	static const char *const compressed[] = { ".gz", ".zst", ".zstd" };
	const char *slash = strrchr(path, '/'), *dot;
	struct strbuf name;
	bool found;

	strbuf_init(&name, 4096);
	strbuf_add(&name, slash ? slash + 1 : path);
	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++) {
		size_t len = strlen(compressed[i]);

		if (name.len > len && strcmp(name.text + name.len - len, compressed[i]) == 0)
			name.text[name.len - len] = '\0';
	}
	dot = strrchr(name.text, '.');
	found = dot && detect_form(dot + 1, ret);
	strbuf_release(&name);
	return found;
}
