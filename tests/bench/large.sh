# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# large.sh - the parts "grow" and "large" of run.sh, which reads this file: what a ledger costs that has grown.

# fill SHAPE FIRST NUMBER TOTAL: imports these events, a million at a time
fill() {
	at=$2
	while [ "$at" -lt $(($2 + $3)) ]; do
		next=$(($2 + $3 - at))
		[ "$next" -le 1000000 ] || next=1000000
		"$build/tests/bench/events" "$1" "$at" "$next" "$4" "$until" >"$tmp/events.csv"
		import_file "$next" >"$tmp/imported"
		at=$((at + next))
	done
}

# grow SHAPE EVENTS: from a new ledger, which may have something in it, two: $tmp/small.db with $step events, a million if EVENTS is many, and
# $tmp/usage.db with EVENTS over the same time. Then the same events come into both, by turns: a line a round into $tmp/small.runs and $tmp/large.runs.
# Those into the small one stay in a copy of it.
grow() {
	step=1000000
	[ "$2" -gt $((step * 4)) ] || step=$(($2 / 5))
	until=$(date +%s)
	all=$(($2 + step * rounds))
	cp "$tmp/usage.db" "$tmp/empty.db"
	fill "$1" 0 "$step" "$step"
	mv "$tmp/usage.db" "$tmp/small.db"
	mv "$tmp/empty.db" "$tmp/usage.db"
	fill "$1" 0 "$2" "$all"
	at=$2
	i=0
	while [ "$i" -lt "$rounds" ]; do
		"$build/tests/bench/events" "$1" "$at" "$step" "$all" "$until" >"$tmp/events.csv"
		import_file "$step" >>"$tmp/large.runs"
		mv "$tmp/usage.db" "$tmp/large.db"
		cp "$tmp/small.db" "$tmp/usage.db"
		import_file "$step" >>"$tmp/small.runs"
		mv "$tmp/large.db" "$tmp/usage.db"
		at=$((at + step))
		i=$((i + 1))
	done
}

# print_growth EVENTS: the tables of what `grow` measured
print_growth() {
	growth=$(against large small 1)
	echo "$step events imported, $(($(wc -c <"$tmp/usage.db") / 1000000)) MB in the end; median of $rounds alternating rounds."
	echo
	echo "| stored before | events/s | of the rounds | ratio |"
	echo "|---:|---:|---:|---:|"
	echo "| $step | $(rate_of small) | $(range_of small 1) | |"
	echo "| $1 | $(rate_of large) | $(range_of large 1) | ${growth%% *} |"
	echo
	goal "import with $1 events stored, against $step" "$growth" "at least" 0.7
}

bench_grow() {
	need sqlite3
	sizes 3 1
	grown=${GROWN:-10000000}
	configure
	new_ledger
	add_accounts narrow
	grow narrow "$grown"
	echo "## Importing into a ledger that has grown"
	echo
	machine
	print_growth "$grown"
}

# wide_rate NAME EVENTS: a line of $tmp/NAME.runs: the import of so many events of the shape "wide" into a new ledger
wide_rate() {
	new_ledger
	add_accounts wide
	"$build/tests/bench/events" wide 0 "$2" "$2" >"$tmp/events.csv"
	import_file "$2" >>"$tmp/$1.runs"
}

# Ten million events of the shape "wide" against two.
measure_wide() {
	i=0
	while [ "$i" -lt "$rounds" ]; do
		wide_rate few $((wide / 5))
		wide_rate many "$wide"
		i=$((i + 1))
	done
	slower=$(against many few 1)
	echo "## Importing many wide events"
	echo
	machine
	echo "2,000 accounts; median of $rounds alternating rounds."
	echo
	echo "| events | events/s | of the rounds | MiB | ratio |"
	echo "|---:|---:|---:|---:|---:|"
	echo "| $((wide / 5)) | $(rate_of few) | $(range_of few 1) | $(($(median_of few 2) / 1024)) | |"
	echo "| $wide | $(rate_of many) | $(range_of many 1) | $(($(median_of many 2) / 1024)) | ${slower%% *} |"
	echo
	goal "import of $wide wide events, rate against $((wide / 5))" "$slower" "at least" 0.8
	goal "peak memory of import (MiB), $wide wide events" "$(ratio "$(median_of many 2)" 1024)" "at most" 128
}

# verify_ledger EVENTS: $tmp/usage.db
verify_ledger() {
	"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" verify >"$tmp/verify.log" 2>&1 ||
		fail "verify: $(tail -n 3 "$tmp/verify.log")"
	mib=$(awk '{ printf "%.1f", $2 / 1024 }' "$tmp/took")
	echo "\`usaged verify\` of $1 events: $(awk -v n="$1" '{ printf "%d", n / $1 * 1000 }' "$tmp/took") events/s, $mib MiB."
	echo
	goal "peak memory of verify of $1 events (MiB)" "$mib" "at most" 128
}

# Pages of the sample, which is in both ledgers, and of one of the many accounts.
large_pages() {
	page_shapes
	echo "Daily of one of 10,000 accounts|admin||/2010-04-01/Accounts/$event_sid/Usage/Records/Daily.json"
	echo "AllTime of one of 10,000 accounts|admin||/2010-04-01/Accounts/$event_sid/Usage/Records/AllTime.json"
}

# Each shape of a page from $tmp/small.db and from $tmp/usage.db, by turns
measure_large_pages() {
	port=$(free_port "${PORT:-18080}")
	start_second "$tmp/small.db"
	start_servers
	rm -f "$tmp/pairs"
	large_pages >"$tmp/shapes"
	while IFS='|' read -r name key least path; do
		basic=$(cat "$tmp/$key.basic")
		for at in "$second_port" "$port"; do
			fetch "http://127.0.0.1:$at$path" | wc -c
		done | paste -s -d ' ' >"$tmp/bytes"
		awk '{ exit $1 < $2 * 0.9 || $1 > $2 * 1.1 }' "$tmp/bytes" || fail "$name has different records: $(cat "$tmp/bytes") bytes"
		page_pair "$name" "http://127.0.0.1:$second_port$path" "http://127.0.0.1:$port$path"
		goal "time of $name with $large events, against $step" "$pair" "at most" 1.3
	done <"$tmp/shapes"
	stop
	echo "The same records; $clients clients, median of $rounds alternating rounds of $seconds s."
	print_pairs "$step events" "$large events"
}

# What takes long: all imports with as many events; LARGE events of three years on 10,000 accounts, and WIDE of the shape "wide".
bench_large() {
	need wrk curl nginx sqlite3
	sizes 5 2
	large=${LARGE:-100000000}
	wide=${WIDE:-$((large / 10))}
	configure
	events=${EVENTS:-2000000}
	measure_imports "$events"
	measure_wide
	new_ledger
	fill_sample
	add_accounts large
	grow large "$large"
	echo "## A large ledger"
	echo
	machine
	echo "10,000 accounts, three years."
	print_growth "$large"
	measure_large_pages
	verify_ledger $((large + step * rounds))
}
