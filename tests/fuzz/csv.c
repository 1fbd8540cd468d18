/* csv.c - events as CSV with their header. */
#include "fuzz.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(READER_CSV, NULL, data, size);
	return 0;
}
