/* mapped_json.c - call detail records as JSON, like those of FreeSWITCH, through a mapping; as NDJSON too. */
#include "fuzz.h"
#include "base/banned.h"

static const char text[] =
	"[file]\nformat = json\n"
	"[rows]\nskip = variables.answer_epoch = 0\nskip = variables.originating_leg_uuid = ?*\n"
	"[event]\nsource = freeswitch\nid = {variables.uuid}\naccount = {variables.accountcode|urldecode|or none}\n"
	"category = calls-outbound\ntime = {variables.start_uepoch}\n"
	"time_format = microseconds since 1970-01-01T00:00:00Z\nusage = {variables.billsec|floor 60}\ncustomer = {callflow.0.caller}\n"
	"[category]\ncalls-inbound = callflow.0.caller_profile.context = public\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapping *m = fuzz_mapping(text, sizeof(text) - 1);

	must(m);
	fuzz_reader(READER_JSON, m, data, size);
	fuzz_reader(READER_NDJSON, m, data, size);
	mapping_free(&m);
	return 0;
}
