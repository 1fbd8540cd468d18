#!/bin/sh
# real_data.sh - imports real usage data with the mappings that come with usaged, and compares what every API reports with totals
# that sqlite3 makes of the raw files, to the last digit. Imports all of it again: then no report may differ in a byte.
#
# USAGED is the program; USAGED_TEST_DATA the folder of the data (default: ../shared/data beside the source tree).
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
data=${USAGED_TEST_DATA:-$top/../shared/data}
usaged=${USAGED:-usaged}
passed=0
failed=0
unset USAGED_CLOCK USAGED_CONFIG

skip() {
	echo "$*"
	exit 77
}

for file in asterisk_cdr_2017 cns_calls cns_sms azure_llm_conv_2023 web_bytes_by_country_2015; do
	[ -f "$data/$file.csv" ] || skip "there is no $data/$file.csv; USAGED_TEST_DATA names the folder of the real data"
done
command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# verdict NAME EXIT-CODE
verdict() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "not ok $1"
	fi
}

give_up() {
	echo "not ok $*"
	echo "$passed passed, $((failed + 1)) failed"
	exit 1
}

run() {
	"$usaged" --config "$tmp/usaged.conf" "$@"
}

# ---- the ledger ----

# add_account NAME [OPTION...]: its SID is in $tmp/sid.NAME from then on
add_account() {
	name=$1
	shift
	run account add --name "$name" --created 2014-01-01 "$@" >"$tmp/account.log" || give_up "add the account $name"
	sed -n 's/^SID=//p' "$tmp/account.log" >"$tmp/sid.$name"
}

sid() {
	cat "$tmp/sid.$1"
}

make_ledger() {
	printf '[ledger]\ndatabase = usage.db\nsecret_file = secret\n' >"$tmp/usaged.conf"
	run init --categories "$top/conf/categories.csv" >"$tmp/init.log" || give_up "make a ledger"
	add_account pbx
	for context in hq production support door; do
		add_account "$context" --parent "$(sid pbx)"
	done
	add_account copenhagen
	for n in 0 1 2 3 4 5 6 7; do
		add_account person-$n --parent "$(sid copenhagen)"
	done
	for n in 0 1 2 3; do
		add_account acc-$n
	done
	add_account sims
}

# import_file FILE MAPPING VERDICTS [OPTION...]: the last line of the import must begin with the verdicts
import_file() {
	mapping=$2
	[ -e "$mapping" ] || mapping=$top/conf/mappings/$2.ini
	file=$1
	verdicts=$3
	shift 3
	run import --mapping "$mapping" "$@" --rejects "$tmp/rejected.csv" "$data/$file.csv" >"$tmp/import.log" 2>&1
	code=$?
	tail -n 1 "$tmp/import.log" | grep -q "^total: $verdicts\(;\|\$\)" || code=1
	[ $code -eq 0 ] || cat "$tmp/import.log"
	verdict "import $file: $verdicts" $code
}

# import_all CREATED|DUPLICATE
import_all() {
	if [ "$1" = created ]; then
		verdicts() { echo "$1 created, 0 duplicate, 0 conflict, 0 rejected"; }
	else
		verdicts() { echo "0 created, $1 duplicate, 0 conflict, 0 rejected"; }
	fi
	# these records have no accountcode; their contexts stand for accounts, and their times have no zone
	sed 's/^account = .*/account = {dcontext}/' "$top/conf/mappings/asterisk-master-csv.ini" >"$tmp/asterisk.ini"
	import_file asterisk_cdr_2017 "$tmp/asterisk.ini" "$(verdicts 133)" --zone UTC
	import_file cns_calls copenhagen-calls "$(verdicts 3234)"
	import_file cns_sms copenhagen-sms "$(verdicts 24333)"
	import_file azure_llm_conv_2023 azure-llm "$(verdicts 19366)"
	import_file web_bytes_by_country_2015 web-bytes "$(verdicts 10000)"
}

# ---- reports ----

# report NAME OPERATION [--PARAMETER VALUE]...: into $into/NAME.json
report() {
	name=$1
	shift
	run report "$@" --format json >"$into/$name.json" 2>"$tmp/report.log" || give_up "report $* ($(cat "$tmp/report.log"))"
}

# sim_report NAME [--PARAMETER VALUE]...: page after page, into $into/NAME.0.json and so on
sim_report() {
	base=$1
	shift
	page=0
	token=
	while [ $page -eq 0 ] || [ "$token" ]; do
		report "$base.$page" ListSuperSimUsageRecord --AccountSid "$(sid sims)" --StartTime 2015-05-17T00:00:00Z \
			--EndTime 2015-05-21T00:00:00Z --PageSize 1000 --Page $page ${token:+--PageToken "$token"} "$@"
		token=$(sed -n 's/.*"next_page_url":"[^"]*PageToken=\([A-Za-z0-9_-]*\).*/\1/p' "$into/$base.$page.json")
		page=$((page + 1))
	done
}

report_calls_of_pbx() {
	range='--StartDate 2017-06-20 --EndDate 2017-06-27'
	for context in hq production support door; do
		# shellcheck disable=SC2086
		report "$context".daily ListUsageRecordDaily --AccountSid "$(sid "$context")" --Category calls-outbound $range
		report "$context".all ListUsageRecordAllTime --AccountSid "$(sid "$context")" --Category calls-outbound
		# shellcheck disable=SC2086
		report "$context".billing ListUsageRecords --AccountId "$(sid "$context")" $range
	done
	# shellcheck disable=SC2086
	report pbx.daily ListUsageRecordDaily --AccountSid "$(sid pbx)" --Category calls-outbound --IncludeSubaccounts true $range
	report pbx.alone ListUsageRecordAllTime --AccountSid "$(sid pbx)" --Category calls-outbound --IncludeSubaccounts false
	export USAGED_CLOCK=2017-06-24T23:00:00Z
	for op in Today Yesterday ThisMonth LastMonth; do
		report pbx.$op ListUsageRecord$op --AccountSid "$(sid pbx)" --Category calls-outbound --IncludeSubaccounts true
	done
}

report_people() {
	for n in 0 1 2 3 4 5 6 7; do
		for category in calls-outbound sms-outbound; do
			report person-$n.$category ListUsageRecordMonthly --AccountSid "$(sid person-$n)" --Category $category
		done
		report person-$n.billing ListUsageRecords --AccountId "$(sid person-$n)" --StartDate 2014-02-01 --EndDate 2014-02-28
	done
	for op in '' Yearly AllTime; do
		report people.calls$op ListUsageRecord$op --AccountSid "$(sid copenhagen)" --Category calls --IncludeSubaccounts true
	done
	report people.sms.daily ListUsageRecordDaily --AccountSid "$(sid copenhagen)" --Category sms --IncludeSubaccounts true \
		--StartDate 2014-02-03 --EndDate 2014-03-02
}

report_ai() {
	report ai GetAIUsage --StartDate 2023-11-16 --EndDate 2023-11-16
	for n in 0 1 2 3; do
		report acc-$n.day ListUsageRecordDaily --AccountSid "$(sid acc-$n)" --Category ai-minutes \
			--StartDate 2023-11-16 --EndDate 2023-11-16
		report acc-$n.billing ListUsageRecords --AccountId "$(sid acc-$n)" --StartDate 2023-11-16 --EndDate 2023-11-16
		report acc-$n.ai GetAIUsage --AccountId "$(sid acc-$n)" --StartDate 2023-11-01 --EndDate 2023-11-30
		for customer in 0 39; do
			report acc-$n.cus-$customer GetAIUsage --AccountId "$(sid acc-$n)" --CustomerId cus-$customer \
				--StartDate 2023-11-16 --EndDate 2023-11-16
		done
	done
}

report_sims() {
	sim_report sims.total
	sim_report sims.hour --Granularity hour
	sim_report sims.day --Granularity day
	sim_report sims.all --Granularity all
	for group in sim fleet network isoCountry; do
		sim_report sims.$group --Group $group
		sim_report sims.$group.day --Group $group --Granularity day
	done
	sim_report sims.EU --IsoCountry EU --Granularity day
	report sims.daily ListUsageRecordDaily --AccountSid "$(sid sims)" --Category sim-data --StartDate 2015-05-17 --EndDate 2015-05-20
}

# report_all FOLDER: the clock stands, each time a little after the data
report_all() {
	into=$tmp/$1
	mkdir "$into"
	export USAGED_CLOCK=2017-07-01T00:00:00Z
	report_calls_of_pbx
	export USAGED_CLOCK=2014-03-15T00:00:00Z
	report_people
	export USAGED_CLOCK=2023-12-01T00:00:00Z
	report_ai
	export USAGED_CLOCK=2015-06-01T00:00:00Z
	report_sims
	unset USAGED_CLOCK
}

# ---- totals of the raw files ----

load_raw() {
	sqlite3 "$tmp/raw.db" >"$tmp/load.log" 2>&1 <<-END || give_up "load the raw files ($(cat "$tmp/load.log"))"
		.mode csv
		CREATE TABLE cdr (accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
			duration, billsec, disposition, amaflags, uniqueid, userfield);
		.import "$data/asterisk_cdr_2017.csv" cdr
		.import "$data/cns_calls.csv" cns_calls
		.import "$data/cns_sms.csv" cns_sms
		.import "$data/azure_llm_conv_2023.csv" azure
		.import "$data/web_bytes_by_country_2015.csv" web
		CREATE VIEW pbx AS SELECT dcontext AS account, date(start) AS day, (billsec + 59) / 60 AS minutes
			FROM cdr WHERE disposition = 'ANSWERED';
		CREATE VIEW calls AS SELECT 'person-' || (caller % 8) AS account, date(1391385600 + timestamp, 'unixepoch') AS day,
			(duration + 59) / 60 AS minutes FROM cns_calls WHERE duration <> -1;
		CREATE VIEW sms AS SELECT 'person-' || (sender % 8) AS account, date(1391385600 + timestamp, 'unixepoch') AS day FROM cns_sms;
		CREATE VIEW ai AS SELECT 'acc-' || ((rowid - 1) % 4) AS account, 'cus-' || ((rowid - 1) % 40) AS customer,
			GeneratedTokens * 5 AS thousandths FROM azure;
		CREATE VIEW bytes AS SELECT substr(time, 1, 10) AS day, substr(time, 1, 13) AS hour, sim, fleet, network,
			iso_country AS isoCountry, CAST(data_upload AS INTEGER) AS up, CAST(data_download AS INTEGER) AS down FROM web;
	END
}

# The accounts' names by SID, for reports of several.
load_accounts() {
	for file in "$tmp"/sid.*; do
		echo "INSERT INTO account VALUES ('${file##*/sid.}', '$(cat "$file")');"
	done | { echo 'CREATE TABLE account (name, sid);'; cat; } | sqlite3 "$tmp/raw.db"
}

# same NAME GOT WANT: two queries with the same rows, at least one
same() {
	sqlite3 "$tmp/raw.db" "$2" >"$tmp/got" 2>&1 && sqlite3 "$tmp/raw.db" "$3" >"$tmp/want" 2>&1 &&
		[ -s "$tmp/want" ] && diff "$tmp/want" "$tmp/got" >"$tmp/diff"
	code=$?
	[ $code -eq 0 ] || head -n 10 "$tmp/want" "$tmp/got"
	verdict "$1" $code
}

# The records of a report as a table of json_each; -> and ->> never make a text or a whole number another one.
records() {
	echo "json_each(readfile('$into/$1.json'), '\$${2-}')"
}

# THOUSANDTHS as the shortest decimal
decimal="rtrim(rtrim(printf('%d.%03d', n / 1000, n % 1000), '0'), '.')"
twilio="value ->> 'count', value ->> 'usage'"
with_usage="value ->> 'count' <> '0'"

check_pbx() {
	for context in hq production support door; do
		same "calls of $context by day" \
			"SELECT value ->> 'start_date', $twilio FROM $(records $context.daily .usage_records) WHERE $with_usage ORDER BY 1" \
			"SELECT day, count(*), sum(minutes) FROM pbx WHERE account = '$context' GROUP BY 1 ORDER BY 1"
		same "calls of $context in all" \
			"SELECT $twilio FROM $(records $context.all .usage_records)" \
			"SELECT count(*), sum(minutes) FROM pbx WHERE account = '$context'"
		same "calls of $context for billing" \
			"SELECT value ->> 'count', value ->> 'usage' FROM $(records $context.billing) WHERE value ->> 'category' = 'calls-outbound'" \
			"SELECT count(*), sum(minutes) FROM pbx WHERE account = '$context'"
	done
	same "calls of all contexts by day" \
		"SELECT value ->> 'start_date', $twilio FROM $(records pbx.daily .usage_records) WHERE $with_usage ORDER BY 1" \
		"SELECT day, count(*), sum(minutes) FROM pbx GROUP BY 1 ORDER BY 1"
	same "no calls of the main account itself" "SELECT $twilio FROM $(records pbx.alone .usage_records)" "SELECT 0, 0"
	check_pbx_range Today "= '2017-06-24'"
	check_pbx_range Yesterday "= '2017-06-23'"
	check_pbx_range ThisMonth "BETWEEN '2017-06-01' AND '2017-06-24'"
	check_pbx_range LastMonth "BETWEEN '2017-05-01' AND '2017-05-31'"
}

check_pbx_range() {
	same "calls of all contexts: $1" "SELECT $twilio FROM $(records pbx."$1" .usage_records)" \
		"SELECT count(*), coalesce(sum(minutes), 0) FROM pbx WHERE day $2"
}

check_people() {
	for n in 0 1 2 3 4 5 6 7; do
		same "calls of person-$n by month" \
			"SELECT substr(value ->> 'start_date', 1, 7), $twilio FROM $(records person-$n.calls-outbound .usage_records) WHERE $with_usage ORDER BY 1" \
			"SELECT substr(day, 1, 7), count(*), sum(minutes) FROM calls WHERE account = 'person-$n' GROUP BY 1 ORDER BY 1"
		same "messages of person-$n by month" \
			"SELECT substr(value ->> 'start_date', 1, 7), $twilio FROM $(records person-$n.sms-outbound .usage_records) WHERE $with_usage ORDER BY 1" \
			"SELECT substr(day, 1, 7), count(*), count(*) FROM sms WHERE account = 'person-$n' GROUP BY 1 ORDER BY 1"
		same "February of person-$n for billing" \
			"SELECT value ->> 'category', value ->> 'count', value ->> 'usage' FROM $(records person-$n.billing)
				WHERE value ->> 'category' IN ('calls-outbound', 'sms-outbound') ORDER BY 1" \
			"SELECT 'calls-outbound', count(*), sum(minutes) FROM calls WHERE account = 'person-$n' AND day < '2014-03'
				UNION ALL SELECT 'sms-outbound', count(*), count(*) FROM sms WHERE account = 'person-$n' AND day < '2014-03'"
	done
	for op in '' Yearly AllTime; do
		same "calls of all people: ListUsageRecord$op" \
			"SELECT $twilio FROM $(records people.calls$op .usage_records) WHERE $with_usage" "SELECT count(*), sum(minutes) FROM calls"
	done
	same "messages of all people by day" \
		"SELECT value ->> 'start_date', $twilio FROM $(records people.sms.daily .usage_records) WHERE $with_usage ORDER BY 1" \
		"SELECT day, count(*), count(*) FROM sms WHERE day BETWEEN '2014-02-03' AND '2014-03-02' GROUP BY 1 ORDER BY 1"
}

check_ai() {
	same "AI minutes by account, rounded up once" \
		"SELECT name, value ->> 'aiMinutes' FROM $(records ai .accountUsage) JOIN account ON sid = value ->> 'accountId' ORDER BY 1" \
		"SELECT account, (sum(thousandths) + 999) / 1000 FROM ai GROUP BY 1 ORDER BY 1"
	same "AI minutes by customer, rounded up once" \
		"SELECT name, value ->> 'customerId', value ->> 'aiMinutes' FROM $(records ai .customerUsage)
			JOIN account ON sid = value ->> 'accountId' ORDER BY 1, 2" \
		"SELECT account, customer, (sum(thousandths) + 999) / 1000 FROM ai GROUP BY 1, 2 ORDER BY 1, 2"
	for n in 0 1 2 3; do
		want="SELECT c, $decimal FROM (SELECT count(*) AS c, sum(thousandths) AS n FROM ai WHERE account = 'acc-$n')"
		same "exact AI minutes of acc-$n that day" "SELECT $twilio FROM $(records acc-$n.day .usage_records)" "$want"
		same "exact AI minutes of acc-$n for billing" \
			"SELECT value ->> 'count', value ->> 'usage' FROM $(records acc-$n.billing) WHERE value ->> 'category' = 'ai-minutes'" "$want"
		same "AI minutes of acc-$n by customer" \
			"SELECT value ->> 'customerId', value ->> 'aiMinutes' FROM $(records acc-$n.ai .customerUsage) ORDER BY 1" \
			"SELECT customer, (sum(thousandths) + 999) / 1000 FROM ai WHERE account = 'acc-$n' GROUP BY 1 ORDER BY 1"
		for customer in 0 39; do
			same "AI minutes of acc-$n and cus-$customer" \
				"SELECT count(*), sum(value ->> 'aiMinutes') FROM $(records acc-$n.cus-$customer .customerUsage)" \
				"SELECT count(DISTINCT customer), (sum(thousandths) + 999) / 1000 FROM ai WHERE account = 'acc-$n' AND customer = 'cus-$customer'"
		done
	done
}

# sim_records NAME: the records of all its pages
sim_records() {
	echo '('
	for file in "$into/$1".[0-9]*.json; do
		[ "$file" = "$into/$1.0.json" ] || echo 'UNION ALL'
		echo "SELECT value FROM json_each(readfile('$file'), '\$.usage_records')"
	done
	echo ')'
}

bytes="value ->> 'data_upload', value ->> 'data_download', value ->> 'data_total'"
sums='sum(up), sum(down), sum(up + down)'

check_sims() {
	same "bytes of all SIMs" "SELECT $bytes FROM $(sim_records sims.total)" "SELECT $sums FROM bytes"
	same "bytes of all SIMs in one slot" "SELECT $bytes FROM $(sim_records sims.all)" "SELECT $sums FROM bytes"
	same "bytes by hour" \
		"SELECT substr(value ->> '\$.period.start_time', 1, 13), $bytes FROM $(sim_records sims.hour) WHERE value ->> 'data_total' ORDER BY 1" \
		"SELECT hour, $sums FROM bytes GROUP BY 1 ORDER BY 1"
	same "bytes by day" \
		"SELECT substr(value ->> '\$.period.start_time', 1, 10), $bytes FROM $(sim_records sims.day) WHERE value ->> 'data_total' ORDER BY 1" \
		"SELECT day, $sums FROM bytes GROUP BY 1 ORDER BY 1"
	for group in sim fleet network isoCountry; do
		field=${group}_sid
		[ $group != isoCountry ] || field=iso_country
		same "bytes by $group" "SELECT value ->> '$field', $bytes FROM $(sim_records sims.$group) ORDER BY 1" \
			"SELECT $group, $sums FROM bytes GROUP BY 1 ORDER BY 1"
		same "bytes by $group and day" \
			"SELECT substr(value ->> '\$.period.start_time', 1, 10), value ->> '$field', $bytes FROM $(sim_records sims.$group.day) ORDER BY 1, 2" \
			"SELECT day, $group, $sums FROM bytes GROUP BY 1, 2 ORDER BY 1, 2"
	done
	same "bytes in EU, which is no country, by day" \
		"SELECT substr(value ->> '\$.period.start_time', 1, 10), $bytes FROM $(sim_records sims.EU) WHERE value ->> 'data_total' ORDER BY 1" \
		"SELECT day, $sums FROM bytes WHERE isoCountry = 'EU' GROUP BY 1 ORDER BY 1"
	same "exact megabytes by day" \
		"SELECT value ->> 'start_date', $twilio FROM $(records sims.daily .usage_records) ORDER BY 1" \
		"SELECT day, count(*), rtrim(rtrim(printf('%d.%06d', sum(up + down) / 1000000, sum(up + down) % 1000000), '0'), '.')
			FROM bytes GROUP BY 1 ORDER BY 1"
}

# ---- the test ----

make_ledger
load_raw
load_accounts
import_all created
report_all first
check_pbx
check_people
check_ai
check_sims

import_all duplicate
report_all again
diff -r "$tmp/first" "$tmp/again" >"$tmp/diff"
verdict "importing everything again changes no byte of $(find "$tmp/first" -type f | wc -l) reports" $?
[ ! -e "$tmp/rejected.csv" ]
verdict "nothing was rejected" $?
run verify >"$tmp/verify.log" 2>&1
verdict "verify: $(tail -n 1 "$tmp/verify.log")" $?

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
