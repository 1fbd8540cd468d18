/*
 * json.c - events as JSON and NDJSON, the data of one event alone, and call
 * detail records like those of FreeSWITCH through a mapping: the first byte
 * says which.
 */
#include "fuzz.h"
#include "mutate.h"
#include "base/banned.h"

static const char text[] =
	"[file]\nformat = json\n"
	"[rows]\nskip = variables.answer_epoch = 0\nskip = variables.originating_leg_uuid = ?*\n"
	"[event]\nsource = freeswitch\nid = {variables.uuid}\naccount = "
	"{variables.accountcode|urldecode|or none}\n"
	"category = calls-outbound\ntime = {variables.start_uepoch}\n"
	"time_format = microseconds since 1970-01-01T00:00:00Z\nusage = {variables.billsec|floor "
	"60}\ncustomer = {callflow.0.caller}\n"
	"[category]\ncalls-inbound = callflow.0.caller_profile.context = public\n";

static const struct {
	enum reader_form form;
	bool mapped;
} kinds[] = { { READER_JSON, false },
	      { READER_NDJSON, false },
	      { READER_DATA, false },
	      { READER_JSON, true },
	      { READER_NDJSON, true } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t kind = size ? data[0] % (sizeof(kinds) / sizeof(kinds[0])) : 0;
	struct mapping *m = NULL;

	if (!size)
		return 0;
	if (kinds[kind].mapped) {
		m = fuzz_mapping(text, sizeof(text) - 1);
		must(m);
	}
	fuzz_reader(kinds[kind].form, m, data + 1, size - 1);
	mapping_free(&m);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_behind(mutate_brackets, data, size, max_size, seed);
}
