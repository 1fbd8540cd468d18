# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# post.sh - the parts "post" and "reports" of run.sh, which reads this file: events over HTTP, and reports meanwhile.

# post PATH CONNECTIONS RECORDS SECONDS ACCOUNT: requests and events a second into $tmp/posted. ACCOUNT is a SID, or the shape that has the accounts.
# Each call has identities of its own.
post() {
	"$build/tests/bench/post" "$port" "$1" "$token" "$2" "$3" "$4" "run-$(date +%s%N)" "$5" >"$tmp/posted" ||
		fail "post: $(tail -n 3 "$tmp/usaged.log")"
}

# start_ingest SHAPE
start_ingest() {
	configure
	new_ledger
	add_accounts "$1"
	token=$(usaged key add --role Ingest | sed -n 's/^SECRET=//p')
	start_servers
}

# import_some: the next $some events of the shape "narrow"
import_some() {
	"$build/tests/bench/events" narrow "$first" "$some" $((some * rounds)) >"$tmp/events.csv"
	import_file "$some" >>"$tmp/import.runs"
	first=$((first + some))
}

# As long as the answer to one event
start_short_hello() {
	printf '%0112d' 0 >"$tmp/hello.json"
	start_hello "$tmp/hello.json"
}

# log_bytes SHAPE: how many bytes the ledger's log gets an event, with one event a request. While somebody reads, the log only grows.
log_bytes() {
	{
		echo "BEGIN; SELECT count(*) FROM account;"
		echo ".shell touch $tmp/reads"
		while [ ! -f "$tmp/posted.all" ]; do sleep 0.1; done
	} | sqlite3 "$tmp/usage.db" >"$tmp/reader" &
	wait_for test -f "$tmp/reads"
	before=$(wc -c <"$tmp/usage.db-wal")
	post /events 64 1 "$seconds" "$1"
	after=$(wc -c <"$tmp/usage.db-wal")
	touch "$tmp/posted.all"
	wait "$!"
	awk -v bytes=$((after - before)) -v s="$seconds" '{ printf "%.2f\n", bytes / 1000 / ($2 * s) }' "$tmp/posted"
	rm -f "$tmp/reads" "$tmp/posted.all"
}

# One event a request, on the accounts and customers of the shape "wide", after some that are stored
post_wide() {
	start_ingest wide
	start_short_hello
	"$build/tests/bench/events" wide 0 "$some" "$some" >"$tmp/events.csv"
	import_file "$some" >"$tmp/imported"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		post /hello/ 64 1 "$seconds" wide
		cat "$tmp/posted" >>"$tmp/wide.hello.runs"
		post /events 64 1 "$seconds" wide
		cat "$tmp/posted" >>"$tmp/wide.single.runs"
		i=$((i + 1))
	done
	logged=$(log_bytes wide)
	stop
}

bench_post() {
	need curl nginx sqlite3
	sizes 5 2 2000000
	some=$((events / 4))
	start_ingest narrow
	start_short_hello
	first=0
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_some
		post /events 8 1000 "$seconds" narrow
		cat "$tmp/posted" >>"$tmp/batch.runs"
		post /hello/ 64 1 "$seconds" narrow
		cat "$tmp/posted" >>"$tmp/hello.runs"
		post /events 64 1 "$seconds" narrow
		cat "$tmp/posted" >>"$tmp/single.runs"
		i=$((i + 1))
	done
	stop
	usaged verify >"$tmp/verify.log" || fail "verify: $(tail -n 3 "$tmp/verify.log")"
	post_wide
	# of posts the second column is that of events, and imports have only one rate
	awk '{ print $1, $1 }' "$tmp/import.runs" >"$tmp/imports.runs"
	batch=$(against batch imports 2)
	single=$(against single hello 1)
	wide=$(against wide.single wide.hello 1)
	echo "## Events over HTTP, each answered when it is on disk"
	echo
	machine
	echo "Through nginx, client on the same machine; median of $rounds alternating rounds of $seconds s. $(cat "$tmp/verify.log")."
	echo
	echo "| | a second | ratio |"
	echo "|---|---:|---:|"
	echo "| usaged import, events | $(rate_of import) | |"
	echo "| POST /events, 1,000 a request, 8 connections, events | $(median_of batch 2) | ${batch%% *} of import |"
	echo "| libfcgi hello, POST of one event, 64 connections, requests | $(rate_of hello) | |"
	echo "| POST /events, 1 a request, 64 connections, requests | $(rate_of single) | ${single%% *} of hello |"
	echo "| libfcgi hello, POST of one event of 2,000 accounts | $(rate_of wide.hello) | |"
	echo "| POST /events, 1 a request, of 2,000 accounts | $(rate_of wide.single) | ${wide%% *} of hello |"
	echo
	echo "The ledger's log gets $logged kB for each of the latter."
	echo
	goal "POST /events, 1,000 a request, against import" "$batch" "at least" 0.5
	goal "POST /events, 1 a request, against libfcgi hello" "$single" "at least" 0.55
	goal "POST /events, 1 a request, of 2,000 accounts, against libfcgi hello" "$wide" "at least" 0.45
	goal "log of an event that comes alone, of 2,000 accounts (kB)" "$logged" "at most" 11
}

# during_ingest CLIENTS NAME URL: a line of the table: the p99 of URL while nothing comes in, and while everything does, which stay in $tmp/quiet.runs
# and $tmp/busy.runs.
during_ingest() {
	clients=$1
	rm -f "$tmp"/*.runs
	warm_up "$3"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		load "$3" >>"$tmp/quiet.runs"
		post /events 8 1000 $((seconds + 2)) "$event_sid" &
		posting=$!
		sleep 1
		load "$3" >>"$tmp/busy.runs"
		wait "$posting"
		cat "$tmp/posted" >>"$tmp/during.runs"
		i=$((i + 1))
	done
	awk -v n="$1" -v what="$2" -v e="$(median_of during 2)" -v q="$(median_of quiet 2)" -v b="$(median_of busy 2)" \
		'BEGIN { printf "| %d | %s | %d | %.2f | %.2f | %.2f |\n", n, what, e, q / 1000, b / 1000, b / q }' >>"$tmp/reports"
}

# reports_with CLIENTS: a report, and for comparison a file that nginx alone serves: what the client, nginx and the system take
reports_with() {
	during_ingest "$1" "file" "http://127.0.0.1:$port/static/page.json"
	during_ingest "$1" "report" "$page"
	goal "p99 of reports to $1 clients during ingest, against a quiet server" "$(against busy quiet 2)" "at most" 3
}

# Clients that ask for one report after the other, a few and as many as in the first part, while nothing or everything comes in.
bench_reports() {
	need wrk curl nginx sqlite3
	sizes 3 2 2000000
	start_ingest narrow
	basic=$(basic --role Account --account "$event_sid")
	"$build/tests/bench/events" narrow 0 $((events / 4)) $((events / 4)) >"$tmp/events.csv"
	import_file $((events / 4)) >"$tmp/imported"
	page="http://127.0.0.1:$port/2010-04-01/Accounts/$event_sid/Usage/Records/Daily.json"
	mkdir -p "$tmp/static"
	fetch "$page" >"$tmp/static/page.json"
	all=$clients
	rm -f "$tmp/reports"
	reports_with 4
	reports_with "$all"
	clients=$all
	stop
	echo "## Reports while events come in"
	echo
	machine
	echo "A page of 50 records, and a file with the same bytes; events come as fast as they are taken, 1,000 a request over 8 connections."
	echo "Median of $rounds rounds of $seconds s."
	echo
	echo "| clients | what | events/s meanwhile | p99 (ms) quiet | during ingest | ratio |"
	echo "|---:|---|---:|---:|---:|---:|"
	cat "$tmp/reports"
	echo
}
