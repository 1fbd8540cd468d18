/*
 * mapping.c - a mapping, then "%%" on a line of its own, and CSV or JSON to use
 * it on.
 */
#include "fuzz.h"
#include "base/banned.h"

/*
 * The command's --zone: it must be given if the mapping says so, and only where
 * times have no offset.
 */
static void set_zone(struct mapping *m)
{
	struct error err = { 0 };

	must(mapping_set_zone(m, "Europe//Vienna", &err) < 0 && err.kind == ERR_PARAM);
	error_clear(&err);
	if (mapping_set_zone(m, NULL, &err) < 0)
		must(mapping_set_zone(m, "Asia/Kathmandu", NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char cut[] = "\n%%\n";
	const uint8_t *at = size ? memmem(data, size, cut, sizeof(cut) - 1) : NULL;
	size_t len = at ? (size_t)(at - data) : size;
	struct mapping *m = fuzz_mapping(data, len);

	if (m)
		set_zone(m);
	if (m && at)
		fuzz_reader(mapping_of_json(m) ? READER_JSON : READER_CSV, m, at + sizeof(cut) - 1,
			    size - len - sizeof(cut) + 1);
	mapping_free(&m);
	return 0;
}
