# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# pages.sh - the parts "http" and "shapes" of run.sh, which reads this file: pages through nginx against a libfcgi hello of the same bytes.

# sample_ledger: a new one with the sample in it. $sid is an account with subaccounts, $sims one with SIMs, $category one of calls; the callers account and
# admin have their credentials in $tmp/account.basic and $tmp/admin.basic.
sample_ledger() {
	configure
	new_ledger
	fill_sample
}

fill_sample() {
	usaged sample >"$tmp/sample.log"
	sid=$(usaged account list | awk -F '\t' '$3 != "-" { print $3; exit }')
	sims=$(one_value "SELECT a.sid FROM series s JOIN account a ON a.id = s.account WHERE s.sim <> 0")
	category=$(one_value "SELECT c.name FROM category c JOIN series s ON s.category = c.id JOIN account a ON a.id = s.account
		WHERE a.sid = '$sid' AND c.name LIKE 'calls-%'")
	basic --role Account --account "$sid" >"$tmp/account.basic"
	basic --role SystemAdministrator --user bench >"$tmp/admin.basic"
}

# one_value SQL: of the ledger, while nobody writes to it
one_value() {
	sqlite3 "$tmp/usage.db" "$1 LIMIT 1"
}

bench_http() {
	need wrk curl nginx sqlite3
	sizes 5 3
	sample_ledger
	basic=$(cat "$tmp/account.basic")
	start_servers
	here="http://127.0.0.1:$port"
	page="$here/2010-04-01/Accounts/$sid/Usage/Records/Daily.json"
	mkdir -p "$tmp/static"
	fetch "$page" >"$tmp/static/page.json"
	records=$(grep -o '"as_of"' "$tmp/static/page.json" | wc -l)
	[ "$records" -eq 50 ] || fail "the page has $records records instead of 50"
	start_hello "$tmp/static/page.json"
	curl -sf "$here/hello/" | cmp - "$tmp/static/page.json"
	warm_up "$here/hello/" "$page"
	by_turns "static=$here/static/page.json" "hello=$here/hello/" "usaged=$page"
	stop

	for target in static hello usaged; do
		echo "$target $(median_of "$target" 1) $(median_of "$target" 2)"
	done >"$tmp/http"
	echo "## A page of 50 records through nginx"
	echo
	machine
	echo "$(wc -c <"$tmp/static/page.json") bytes, $clients clients, $threads worker threads; median of $rounds alternating rounds of $seconds s."
	echo
	awk '
		{ name[NR] = $1; rate[$1] = $2; p99[$1] = $3 }
		END {
			label["static"] = "nginx, static file"; label["hello"] = "libfcgi hello"; label["usaged"] = "usaged"
			print "| Same bytes | requests/s | against hello | against static | p99 (ms) | p99 against hello |"
			print "|---|---:|---:|---:|---:|---:|"
			for (i = 1; i <= NR; i++) {
				n = name[i]
				printf "| %s | %d | %.2f | %.2f | %.1f | %.2f |\n", label[n], rate[n], rate[n] / rate["hello"],
					rate[n] / rate["static"], p99[n] / 1000, p99[n] / p99["hello"]
			}
		}' "$tmp/http"
	echo
}

# NAME|KEY|GOAL|PATH of the pages that are measured; KEY is the caller: account or admin. GOAL is the least rate against a hello.
page_shapes() {
	records=/2010-04-01/Accounts/$sid/Usage/Records
	days="StartDate=$(date -u -d '-20 days' +%F)&EndDate=$(date -u +%F)"
	since="StartTime=$(date -u -d '-20 days' +%FT00:00:00Z)&EndTime=$(date -u +%FT00:00:00Z)"
	hours="StartTime=$(date -u -d '-50 hours' +%FT%H:00:00Z)&EndTime=$(date -u +%FT%H:00:00Z)"
	cat <<-END
		Daily, 50 categories|account|0.6|$records/Daily.json
		Daily, 50 days of a category|account|0.5|$records/Daily.json?Category=$category
		Daily, 50 days of a parent|account|0.5|$records/Daily.json?Category=calls
		Daily, 50 days of totalprice|account|0.5|$records/Daily.json?Category=totalprice
		Daily, own account alone|account|0.5|$records/Daily.json?IncludeSubaccounts=false
		Daily, PageSize 1000|account|0.5|$records/Daily.json?PageSize=1000
		Daily, 50 days in Asia/Kathmandu|account|0.4|$records/Daily.json?Category=$category&TimeZone=Asia/Kathmandu
		Report by day in Asia/Kathmandu|account|0.4|/reports/usage.json?By=day&Category=$category&TimeZone=Asia/Kathmandu&$days
		Daily as XML|account|0.5|$records/Daily.xml
		Daily as CSV|account|0.5|$records/Daily.csv
		Daily as HTML|account|0.3|$records/Daily.html
		Monthly|account|0.5|$records/Monthly.json?Category=$category
		AllTime|account|0.5|$records/AllTime.json
		ThisMonth|account|0.5|$records/ThisMonth.json
		Records over an odd range|account|0.5|$records.json?StartDate=$(date -u -d '-47 days' +%F)&EndDate=$(date -u -d '-3 days' +%F)
		/billing/usage|admin|0.5|/billing/usage?AccountId=$sid&$days
		/ai/usage|admin|0.5|/ai/usage?$days
		Super SIM by day and SIM|admin|0.5|/v1/UsageRecords?AccountSid=$sims&Granularity=day&Group=sim&$since
		Super SIM by hour|admin|0.5|/v1/UsageRecords?AccountSid=$sims&Granularity=hour&$hours
		Super SIM, all|admin|0.5|/v1/UsageRecords?AccountSid=$sims&$since
		GET /events of 50|account|0.5|/events.json?AccountSid=$sid
	END
}

# measure_page NAME KEY GOAL PATH: a line "RATIO|NAME|BYTES|REQUESTS|HELLO|P99 OF 16|64|256" for the same bytes from usaged and from the hello server.
# P99: against that of hello, with so many clients.
measure_page() {
	basic=$(cat "$tmp/$2.basic")
	url="http://127.0.0.1:$port$4"
	fetch "$url" >"$tmp/page"
	start_hello "$tmp/page"
	warm_up "http://127.0.0.1:$port/hello/" "$url"
	by_turns "hello=http://127.0.0.1:$port/hello/" "usaged=$url"
	awk '{ print $3 }' "$tmp/usaged.runs" >>"$tmp/asked"
	rate=$(against usaged hello 1)
	line="${rate%% *}|$1|$(wc -c <"$tmp/page")|$(rate_of usaged)|$(rate_of hello)"
	goal "$1, against a hello of the same bytes" "$rate" "at least" "$3"
	median_of usaged 1 >"$tmp/rate.$(echo "$1" | tr -c 'A-Za-z0-9\n' _)"
	all=$clients all_rounds=$rounds
	rounds=$tail_rounds
	for clients in $tails; do
		by_turns "hello=http://127.0.0.1:$port/hello/" "usaged=$url"
		awk '{ print $3 }' "$tmp/usaged.runs" >>"$tmp/asked"
		tail=$(against usaged hello 2)
		line="$line|${tail%% *}"
		goal "p99 of $1 to $clients clients, against hello" "$tail" "at most" 2
	done
	clients=$all rounds=$all_rounds
	echo "$line"
	stop_last
}

# resident_mb PID: what it holds in memory, without the files of the ledger, in MiB
resident_mb() {
	awk -v ledger="$tmp/" '
		/^[0-9a-f]+-[0-9a-f]+ / { counts = index($0, ledger) == 0 }
		/^Rss:/ && counts { n += $2 }
		END { printf "%.1f", n / 1024 }' "/proc/$1/smaps"
}

# Each shape of a page against a libfcgi hello of the same bytes, worst first; then what the server holds after a million of them.
bench_shapes() {
	need wrk curl nginx sqlite3
	sizes 5 1
	tails=${TAILS:-16 64 256}
	tail_rounds=${ROUNDS:-3}
	sample_ledger
	start_servers
	idle=$(resident_mb "$worker")
	rm -f "$tmp/asked"
	page_shapes >"$tmp/shapes"
	while IFS='|' read -r name key least path; do
		measure_page "$name" "$key" "$least" "$path"
	done <"$tmp/shapes" >"$tmp/pages"
	# other pages have had their turns: the rest of the million
	basic=$(cat "$tmp/account.basic")
	asked=$(awk '{ n += $1 } END { print n }' "$tmp/asked")
	while [ "$asked" -lt "${ASKED:-1000000}" ]; do
		load "http://127.0.0.1:$port/2010-04-01/Accounts/$sid/Usage/Records/ThisMonth.json" 5 >"$tmp/more"
		asked=$((asked + $(cut -d' ' -f3 "$tmp/more")))
	done
	busy=$(resident_mb "$worker")
	stop
	average=$(awk -F '|' '{ n += $1 } END { printf "%.4f", n / NR }' "$tmp/pages")
	goal "pages against hellos of the same bytes, on average" "$average" "at least" 0.6
	goal "time of GET /events of 50 against Daily, 50 categories" "$(ratio "$(cat "$tmp/rate.Daily__50_categories")" "$(cat "$tmp/rate.GET__events_of_50")")" "at most" 2
	goal "resident memory of an idle server (MiB)" "$idle" "at most" 24
	goal "resident memory after $asked requests (MiB)" "$busy" "at most" 80
	echo "## Pages through nginx, each against a libfcgi hello of the same bytes"
	echo
	machine
	echo "$clients clients, $threads worker threads; median of $rounds alternating rounds of $seconds s, of p99 of $tail_rounds." \
		"Worst first."
	echo
	# shellcheck disable=SC2086  # a list of words
	echo "| Page | bytes | requests/s | hello | against hello |$(printf ' p99, %s clients |' $tails)"
	# shellcheck disable=SC2086
	echo "|---|---:|---:|---:|---:|$(printf -- '---:|%.0s' $tails)"
	sort -n "$tmp/pages" | awk -F '|' '{
		printf "| %s | %d | %d | %d | %.2f |", $2, $3, $4, $5, $1
		for (i = 6; i <= NF; i++) printf " %.2f |", $i
		print ""
	}'
	echo
	echo "The server held $idle MiB of memory before, and $busy MiB after $asked requests (without the files of the ledger)."
	echo
}
