# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# ledgers.sh - the parts "families" and "dimensions" of run.sh, which reads this file: the same pages of accounts, or ledgers, that differ in one thing.

# page_pair NAME URL_A URL_B: a line of the table, into $tmp/pairs: how many times as long B takes
page_pair() {
	warm_up "$2" "$3"
	by_turns "pair_a=$2" "pair_b=$3"
	pair=$(against pair_a pair_b 1)
	echo "| $1 | $(rate_of pair_a) | $(rate_of pair_b) | ${pair%% *} |" >>"$tmp/pairs"
}

# print_pairs A B: the worst first
print_pairs() {
	echo
	echo "| Page | $1: requests/s | $2: requests/s | times as long |"
	echo "|---|---:|---:|---:|"
	sort -t'|' -k5 -nr "$tmp/pairs"
	echo
}

# NAME|QUERY of pages below /Usage/Records that are measured on two sides
paired_pages() {
	cat <<-END
		Daily, 50 categories|Daily.json?$days
		Daily, 50 days of a category|Daily.json?Category=calls-outbound&$days
		Monthly|Monthly.json?$days
		AllTime|AllTime.json
	END
}

# same_page URL_A URL_B: fails if they differ in more than accounts, instants and tokens of pages
same_page() {
	for url; do
		fetch "$url" | sed -E 's/AC[0-9a-f]{32}//g; s/"as_of":"[^"]*"//g; s/PageToken=[^"]*//g'
		echo
	done | uniq | wc -l >"$tmp/bodies"
	[ "$(cat "$tmp/bodies")" -eq 1 ] || fail "$1 and $2 have different records"
}

# add_family NUMBER FIRST: a main account with so many subaccounts, and the events of the shape "family" on them, up to $now
add_family() {
	main=$(printf 'AC%032x' "$2")
	printf 'sid,name\n%s,family of %d\n' "$main" "$1" >"$tmp/accounts.csv"
	add_accounts_of "$tmp/accounts.csv"
	awk -v n="$1" -v first="$2" 'BEGIN {
		print "sid,name"
		for (i = 1; i <= n; i++) printf "AC%032x,of %d number %d\n", first + i, n, i
	}' >"$tmp/accounts.csv"
	add_accounts_of "$tmp/accounts.csv" "$main"
	"$build/tests/bench/events" family 0 "$events" "$events" "$now" |
		awk -F, -v OFS=, -v n="$1" -v first="$2" 'NR > 1 { $3 = sprintf("AC%032x", first + 1 + NR % n) } 1' >"$tmp/events.csv"
	import_file "$events" >"$tmp/imported"
}

# A main account with 2 subaccounts and one with 2,000, which have the same events.
bench_families() {
	need wrk curl nginx sqlite3
	sizes 5 1 400000
	configure
	new_ledger
	now=$(date +%s)
	add_family 2 16777216
	few=$main
	add_family 2000 33554432
	basic=$(basic --role SystemAdministrator --user bench)
	start_servers
	days="StartDate=$(date -u -d '-60 days' +%F)&EndDate=$(date -u +%F)"
	rm -f "$tmp/pairs"
	paired_pages >"$tmp/shapes"
	here="http://127.0.0.1:$port/2010-04-01/Accounts"
	while IFS='|' read -r name query; do
		same_page "$here/$few/Usage/Records/$query" "$here/$main/Usage/Records/$query"
		page_pair "$name" "$here/$few/Usage/Records/$query" "$here/$main/Usage/Records/$query"
		goal "time of $name of 2,000 subaccounts, against 2" "$pair" "at most" 1.5
	done <"$tmp/shapes"
	stop
	echo "## Families"
	echo
	machine
	echo "The same $events events on 2 and on 2,000 subaccounts; $clients clients, median of $rounds alternating rounds of $seconds s."
	print_pairs "2" "2,000"
}

# import_declared SHAPE NUMBER: a new ledger in which so many dimensions are declared, and the events of the shape: a line a call of $tmp/SHAPE.runs.
# The ledger stays in $tmp/SHAPE.db.
import_declared() {
	cp "$tmp/empty.db" "$tmp/usage.db"
	for dimension in dim0 dim1 dim2; do
		[ "$2" -gt "${dimension#dim}" ] || break
		usaged dimension add "$dimension" --from "$dimension" >"$tmp/dimension.log"
	done
	"$build/tests/bench/events" "$1" 0 "$events" "$events" >"$tmp/events.csv"
	import_file "$events" >>"$tmp/$1.runs"
	mv "$tmp/usage.db" "$tmp/$1.db"
}

# The same pages of the ledgers "attributes" and "million".
measure_million() {
	mv "$tmp/million.db" "$tmp/usage.db"
	port=$(free_port "${PORT:-18080}")
	start_second "$tmp/attributes.db"
	start_servers
	days="StartDate=2025-01-10&EndDate=2025-03-10"
	rm -f "$tmp/pairs"
	paired_pages >"$tmp/shapes"
	path="2010-04-01/Accounts/$event_sid/Usage/Records"
	while IFS='|' read -r name query; do
		same_page "http://127.0.0.1:$second_port/$path/$query" "http://127.0.0.1:$port/$path/$query"
		page_pair "$name" "http://127.0.0.1:$second_port/$path/$query" "http://127.0.0.1:$port/$path/$query"
		goal "time of $name with a dimension of a million values, against without" "$pair" "at most" 1.05
	done <"$tmp/shapes"
	stop
}

# Events with 200 bytes of attributes: without and with three declared dimensions, and with one that has a million values and that no request uses.
bench_dimensions() {
	need wrk curl nginx sqlite3
	sizes 5 1 300000
	configure
	new_ledger
	add_accounts narrow
	basic=$(basic --role SystemAdministrator --user bench)
	cp "$tmp/usage.db" "$tmp/empty.db"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_declared narrow 0
		import_declared attributes 0
		import_declared declared 3
		import_declared million 1
		i=$((i + 1))
	done
	declared=$(against declared narrow 1)
	million=$(against million attributes 1)
	goal "import with 200 bytes of attributes and 3 declared dimensions, rate against without" "$declared" "at least" 0.7
	goal "import with a dimension of a million values, rate against without" "$million" "at least" 0.75
	echo "## Attributes and declared dimensions"
	echo
	machine
	echo "$events events of 8 accounts as CSV; median of $rounds alternating rounds."
	echo
	echo "| Events | events/s | of the rounds | ratio |"
	echo "|---|---:|---:|---:|"
	echo "| without attributes | $(rate_of narrow) | $(range_of narrow 1) | |"
	echo "| 200 bytes of attributes | $(rate_of attributes) | $(range_of attributes 1) | |"
	echo "| the same, 3 declared dimensions | $(rate_of declared) | $(range_of declared 1) | ${declared%% *} of without attributes |"
	echo "| the same, a dimension of a million values | $(rate_of million) | $(range_of million 1) | ${million%% *} of without dimensions |"
	echo
	measure_million
	echo "Pages without and with the dimension of a million values; $clients clients, median of $rounds alternating rounds of $seconds s."
	print_pairs "without" "with"
}
