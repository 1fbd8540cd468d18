/*
 * settings.c - a settings file. One that is good, printed and read again, is
 * the same.
 */
#include "fuzz.h"

#include "base/inifile.h"
#include "base/settings.h"
#include "base/banned.h"

static char *print(const struct settings *s, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	must(f);
	settings_print(s, f);
	must(fclose(f) == 0);
	return text;
}

/* Paths grow when they are printed, since their folder is put before them. */
static bool has_long_line(const char *text)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (*text != '#' && strcspn(text, "\n") > INIFILE_LINE_BYTES)
			return true;
	return false;
}

static void read_again(const struct settings *s)
{
	struct settings *again = NULL;
	struct error err = { 0 };
	size_t len, len_again;
	char *text = print(s, &len), *text_again;

	if (!has_long_line(text)) {
		must(settings_load(fuzz_file(text, len), &again, &err) == 0);
		text_again = print(again, &len_again);
		must(len == len_again && memcmp(text, text_again, len) == 0);
		free(text_again);
		settings_free(&again);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(size ? (const char *)data : "", size);
	struct settings *s = NULL;
	struct error err = { 0 };
	int rc = settings_load(path, &s, &err);

	must((rc == 0) == (err.kind == ERR_NONE) && (rc == 0) == (s != NULL));
	must(rc == 0 || strncmp(err.message, path, strlen(path)) == 0); /* it names the file */
	if (s)
		read_again(s);
	settings_free(&s);
	return 0;
}
