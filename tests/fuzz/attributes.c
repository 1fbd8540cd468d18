/*
 * attributes.c - an event in binary mode: its attributes are headers, here
 * "ce-id: 1" one a line. Each line is a media type as well.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "ingest/attributes.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup(size ? (const char *)data : "", size), *next = text;
	struct event_header list[64];
	struct raw_event raw = { 0 };
	struct error err = { 0 };
	struct arena arena;
	size_t n = 0;

	must(text);
	for (; n < 64 && next; n++) {
		char *value = strsep(&next, "\n");

		type_is_json(value, strlen(value));
		value += strncmp(value, "ce-", 3) == 0 ? 3 : 0;
		list[n].name = strsep(&value, ":");
		list[n].value = value ? value + strspn(value, " ") : "";
	}
	arena_init(&arena);
	must((attributes_read(list, n, &arena, &raw, &err) == 0) == (err.kind == ERR_NONE));
	if (err.kind == ERR_NONE) {
		bool any = false;

		for (int f = 0; f < EVENT_FIELDS; f++)
			any |= raw.field[f].text != NULL;
		must(any == attributes_present(list, n));
		fuzz_event(&raw);
	}
	arena_release(&arena);
	free(text);
	return 0;
}
