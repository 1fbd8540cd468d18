/* multipart/form-data (RFC 7578). Files in it are skipped. */
#include "http/body_internal.h"

#include <string.h>

#include "base/banned.h"

enum {
	BOUNDARY_MAX = 70, /* RFC 2046 */
	PART_HEADERS_MAX = 2048
};

/* Copies the boundary of the Content-Type. False: no boundary. */
static bool find_boundary(const char *content_type, char ret[static BOUNDARY_MAX + 1])
{
	const char *p = strcasestr(content_type, "boundary=");
	size_t len;

	if (!p)
		return false;
	p += strlen("boundary=");
	len = *p == '"' ? strcspn(++p, "\"") : strcspn(p, "; \t");
	if (!len || len > BOUNDARY_MAX)
		return false;
	memcpy(ret, p, len);
	ret[len] = '\0';
	return true;
}

/*
 * The value of NAME="..." in a part's headers (ended by NUL), in place; or
 * NULL.
 */
static char *disposition_value(char *headers, const char *name)
{
	char *p = headers, *end;

	while ((p = strcasestr(p, name)) && (p == headers || !strchr("; \t", p[-1])))
		p++;
	if (!p)
		return NULL;
	p += strlen(name);
	end = strchr(p, '"');
	return end ? p : NULL;
}

static int add_part(struct body *b, char *headers, char *value, size_t len, struct error *err)
{
	char *name = disposition_value(headers, "name=\"");
	size_t name_len;

	/* a file is no parameter */
	if (!name || disposition_value(headers, "filename=\""))
		return 0;
	name_len = strcspn(name, "\"");
	name[name_len] = '\0';
	value[len] = '\0';
	return params_add(b->params, name, name_len, value, len, err);
}

/*
 * The text behind the first boundary. The first boundary may be at the very
 * beginning of the body, without a line end before it.
 */
static char *first_part(const struct body *b, const char *mark, size_t mark_len)
{
	char *p = b->text;

	if (b->len >= mark_len - 2 && memcmp(p, mark + 2, mark_len - 2) == 0)
		return p + mark_len - 2;
	p = memmem(p, b->len, mark, mark_len);
	return p ? p + mark_len : NULL;
}

int body_read_multipart(struct body *b, struct error *err)
{
	char mark[BOUNDARY_MAX + 5] = "\r\n--";
	char *headers, *end = b->text + b->len;
	size_t mark_len;

	if (!find_boundary(b->type, mark + 4))
		return body_malformed(b, err, "The Content-Type has no boundary");
	mark_len = strlen(mark);
	headers = first_part(b, mark, mark_len);
	while (headers) {
		char *value, *next;

		if (end - headers >= 2 && memcmp(headers, "--", 2) == 0)
			return 0;
		value = memmem(headers, (size_t)(end - headers), "\r\n\r\n", 4);
		if (!value || value - headers > PART_HEADERS_MAX)
			break;
		*value = '\0';
		value += 4;
		/*
		 * the end of the blank line may also be the line end before the
		 * next boundary
		 */
		next = memmem(value - 2, (size_t)(end - value + 2), mark, mark_len);
		if (!next)
			break;
		if (add_part(b, headers, value, next > value ? (size_t)(next - value) : 0, err) < 0)
			return -1;
		headers = next + mark_len;
	}
	return body_malformed(b, err, "The parts are not ended by their boundary");
}
