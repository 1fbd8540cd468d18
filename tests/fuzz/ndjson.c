/* ndjson.c - events as NDJSON. */
#include "fuzz.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(READER_NDJSON, NULL, data, size);
	return 0;
}
