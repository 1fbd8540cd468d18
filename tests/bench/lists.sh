# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# lists.sh - the part "many" of run.sh, which reads this file: what an administrator of many accounts asks for, one request at a time.

# request_times URL: the milliseconds until the first byte and until the last, of one request
request_times() {
	curl -sf -H "Authorization: Basic $basic" -o "$tmp/answer" -w '%{time_starttransfer} %{time_total}\n' "$1" |
		awk '{ printf "%.1f %.1f\n", $1 * 1000, $2 * 1000 }'
}

# times_of NAME URL: of some requests, a line each, into $tmp/NAME.runs
times_of() {
	request_times "$2" >"$tmp/warm"
	rm -f "$tmp/$1.runs"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		request_times "$2" >>"$tmp/$1.runs"
		i=$((i + 1))
	done
}

# list_row NAME PATH: a line of the table, into $tmp/lists; the times of the answer and of a hello stay in $tmp/usaged.runs and $tmp/hello.runs
list_row() {
	times_of usaged "http://127.0.0.1:$port$2"
	cp "$tmp/answer" "$tmp/page"
	start_hello "$tmp/page"
	times_of hello "http://127.0.0.1:$port/hello/"
	stop_last
	ratio=$(against hello usaged 2)
	echo "| $1 | $(wc -c <"$tmp/page") | $(median_of usaged 1) | $(median_of usaged 2) | $(median_of hello 2) | ${ratio%% *} |" >>"$tmp/lists"
}

bench_many() {
	need curl nginx sqlite3
	sizes 5 1 1000000
	configure
	new_ledger
	add_accounts many
	"$build/tests/bench/events" many 0 "$events" "$events" "$(date +%s)" >"$tmp/events.csv"
	import_file "$events" >"$tmp/imported"
	basic=$(basic --role SystemAdministrator --user bench)
	start_servers
	days="StartDate=$(date -u -d '-20 days' +%F)&EndDate=$(date -u +%F)"
	rm -f "$tmp/lists"
	list_row "/billing/usage" "/billing/usage?$days"
	goal "first byte of /billing/usage of 10,000 accounts (ms)" "$(median_of usaged 1)" "at most" 50
	goal "/billing/usage of 10,000 accounts, rate against a libfcgi hello" "$ratio" "at least" 0.3
	list_row "/ai/usage" "/ai/usage?$days"
	list_row "overview" "/overview"
	goal "first byte of the overview of 10,000 accounts (ms)" "$(median_of usaged 1)" "at most" 250
	stop
	echo "## An administrator of 10,000 accounts"
	echo
	machine
	echo "$events events of two months. One request at a time; milliseconds, median of $rounds."
	echo
	echo "| Answer | bytes | first byte | whole | hello of the same bytes | rate against hello |"
	echo "|---|---:|---:|---:|---:|---:|"
	sort -t'|' -k7 -n "$tmp/lists"
	echo
}
