/*
 * csv.c - events as CSV and tab-separated values with their header, and rows of
 * CSV through a mapping that has everything: the first byte says which.
 */
#include "fuzz.h"
#include "base/banned.h"

static const char text[] =
	"[file]\nheader = no\ndelimiter = semicolon\ncolumns = id, account, kind, when, seconds, "
	"price\n"
	"[rows]\nonly = kind = c?ll*\nonly = kind = 1..9.5\nskip = seconds = ..0\nskip = id = \\*\n"
	"[event]\nsource = s\nid = {id|trim|urldecode}-{line}-{row|mod 4}\naccount = "
	"{account|table accounts}\n"
	"time = {when}\ntime_format = %e %b %Y %I:%M:%S %p\ntime_zone = Europe/Vienna\n"
	"count = {seconds|ceil 60|atleast 1|atmost 100}\nusage = {seconds|div 60 to 6}\n"
	"price = {price|or 0|mul 0.01|add 0.5|round 4}\ncustomer = {account|after sip:|before "
	"@|lower}\ncategory = calls\n"
	"[category]\ncalls-long = seconds = 3600..\ncalls-free = account = *800*\n"
	"[table accounts]\nOne = sip:1@*\nTwo = 2\nFew = 3..7\nOther = *\n";

static const struct {
	enum reader_form form;
	bool mapped;
} kinds[] = { { READER_CSV, false }, { READER_TSV, false }, { READER_CSV, true } };

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
