/* attributes.c - an event in binary mode: its attributes are headers, here "ce-id: 1" one a line. Each line is a media type as well. */
#include "fuzz.h"

#include "base/arena.h"
#include "ingest/attributes.h"
#include "base/banned.h"

/* The first line that begins with NAME and ": ", up to its end. */
static const char *find_header(const void *arg, const char *name)
{
	const char *const *lines = arg;
	size_t len = strlen(name);

	for (; *lines; lines++)
		if (strncmp(*lines, name, len) == 0 && (*lines)[len] == ':')
			return *lines + len + 1 + strspn(*lines + len + 1, " ");
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup(size ? (const char *)data : "", size), *next = text;
	const char *lines[64] = { NULL };
	struct raw_event raw = { .line = 0 };
	struct error err = { 0 };
	struct arena arena;

	must(text);
	for (size_t n = 0; n < 63 && next; n++) {
		lines[n] = strsep(&next, "\n");
		type_is_json(lines[n], strlen(lines[n]));
	}
	arena_init(&arena);
	must((attributes_read(find_header, lines, &arena, &raw, &err) == 0) == (err.kind == ERR_NONE));
	if (err.kind == ERR_NONE) {
		bool any = false;

		for (int f = 0; f < EVENT_FIELDS; f++)
			any |= raw.field[f].text != NULL;
		must(any == attributes_present(find_header, lines));
		fuzz_event(&raw);
	}
	arena_release(&arena);
	free(text);
	return 0;
}
