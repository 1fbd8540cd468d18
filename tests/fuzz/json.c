/* json.c - events as JSON: one, or an array. */
#include "fuzz.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(READER_JSON, NULL, data, size);
	return 0;
}
