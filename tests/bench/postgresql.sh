# shellcheck shell=bash disable=SC2154,SC2034 # the variables are those of run.sh
# postgresql.sh - the part "postgresql" of run.sh, which reads this file: what storing on PostgreSQL costs, against COPY of the same rows into
# a table with the same key on the same server. What counts is processor time, of the client and of all processes of the server.
#
# tests/postgresql.sh starts the server, with fsync on; it sets USAGED_TEST_STORE (the address) and USAGED_TEST_SERVER (the pid).

# cpu_ms PID: of the process, and of the children that it has and had
cpu_ms() {
	for p in "$1" $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		sed 's/.*) //' "/proc/$p/stat" 2>/dev/null
	done | awk -v tick="$(getconf CLK_TCK)" '
		{ n += $12 + $13; if (NR == 1) n += $14 + $15 }
		END { printf "%d\n", n * 1000 / tick }'
}

sql() {
	psql -q -A -t -v ON_ERROR_STOP=1 "$USAGED_TEST_STORE" "$@" || fail "psql: $*"
}

new_database() {
	rm -f "$tmp/secret"
	sql -c "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
	usaged init --categories "$srcdir/conf/categories.csv" >"$tmp/init.log"
	"$build/tests/bench/events" narrow accounts | sed 1d |
		sql -c "CREATE TEMP TABLE a (sid text, name text)" -c "\\copy a FROM STDIN (FORMAT csv)" \
			-c "INSERT INTO account (sid, name, currency, created) SELECT sid, name, 'usd', 0 FROM a" \
			-c "UPDATE meta SET value = value + 1 WHERE name = 'version'"
}

# with_server COMMAND...: runs it, and prints the milliseconds of processor time of the client and of the server, those that passed,
# and those of the first two together
with_server() {
	sql -c CHECKPOINT
	before=$(cpu_ms "$USAGED_TEST_SERVER")
	"$build/tests/bench/measure" "$tmp/took" "$@" >"$tmp/command.log" 2>&1 || fail "$(tail -n 3 "$tmp/command.log")"
	# until the server's process has ended
	sleep 0.2
	server=$(($(cpu_ms "$USAGED_TEST_SERVER") - before))
	awk -v server="$server" '{ print $3, server, $1, $3 + server }' "$tmp/took"
}

# import_there VERDICT: of all events
import_there() {
	with_server "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv"
	grep -q "total:.* $events $1" "$tmp/command.log" || fail "import: $(tail -n 3 "$tmp/command.log")"
}

# COPY of the rows that the import has stored, in the order and in about as many transactions as it did.
copy_raw() {
	sql -c "CREATE TABLE raw (LIKE event)" -c "ALTER TABLE raw ADD PRIMARY KEY (source, id, root)"
	part=0
	: >"$tmp/raw.sql"
	while [ "$part" -lt 10 ]; do
		sql -c "COPY (SELECT * FROM event ORDER BY ctid LIMIT $events / 10 OFFSET $part * ($events / 10)) TO STDOUT (FORMAT binary)" >"$tmp/raw.$part"
		printf '%s\n' "\\copy raw FROM '$tmp/raw.$part' (FORMAT binary)" >>"$tmp/raw.sql"
		part=$((part + 1))
	done
	with_server psql -q -v ON_ERROR_STOP=1 "$USAGED_TEST_STORE" -f "$tmp/raw.sql"
}

# storing_rounds DATA TOTAL: the events are the first of TOTAL, which are spread over 90 days
storing_rounds() {
	"$build/tests/bench/events" narrow 0 "$events" "$2" >"$tmp/events.csv"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		new_database
		import_there created >>"$tmp/$1.new.runs"
		import_there duplicate >>"$tmp/$1.again.runs"
		copy_raw >>"$tmp/$1.raw.runs"
		i=$((i + 1))
	done
	for what in new again raw; do
		echo "$(cut -d' ' -f1 "$tmp/$1.$what.runs" | median) $(cut -d' ' -f2 "$tmp/$1.$what.runs" | median)" >"$tmp/$1.$what"
	done
}

# cost FILE: milliseconds of client and server together; server_cost FILE: of the server
cost() {
	awk '{ print $1 + $2 }' "$tmp/$1"
}

server_cost() {
	cut -d' ' -f2 "$tmp/$1"
}

# storing_row NAME FILE RAW
storing_row() {
	echo "| $1 | $(cut -d' ' -f1 "$tmp/$2") | $(server_cost "$2") | $(ratio "$events" "$(cost "$2")" | awk '{ printf "%d", $1 * 1000 }') |" \
		"$(ratio "$(cost "$3")" "$(cost "$2")") | $(ratio "$(server_cost "$3")" "$(server_cost "$2")") |"
}

# rate_and_costs EVENTS CLIENT SERVER: events a second of processor time, and the microseconds an event of the client and of the server. They took
# so many milliseconds.
rate_and_costs() {
	awk -v n="$1" -v client="$2" -v server="$3" 'BEGIN { printf "%d %.0f %.0f\n", n * 1000 / (client + server), client * 1000 / n, server * 1000 / n }'
}

# post_there CONNECTIONS RECORDS: events over HTTP into the same kind of ledger, so many a request: rate_and_costs of the worker and the server
post_there() {
	new_database
	token=$(usaged key add --role Ingest | sed -n 's/^SECRET=//p')
	start_servers
	post /events "$1" "$2" 1 "$event_sid"
	sql -c CHECKPOINT # so that the server writes nothing of what was before
	before=$(cpu_ms "$USAGED_TEST_SERVER")
	client=$(cpu_ms "$worker")
	post /events "$1" "$2" "$seconds" "$event_sid"
	client=$(($(cpu_ms "$worker") - client))
	server=$(($(cpu_ms "$USAGED_TEST_SERVER") - before))
	stop
	rate_and_costs "$(awk -v s="$seconds" '{ print $2 * s }' "$tmp/posted")" "$client" "$server"
}

# What others do with one event: a row in a commit of its own, of 32 clients at once, into a table with the same key: rate_and_costs of pgbench and
# the server
insert_there() {
	sql -c "CREATE TABLE single (LIKE event)" -c "ALTER TABLE single ADD PRIMARY KEY (source, id, root)" -c "CREATE SEQUENCE single_id"
	echo "INSERT INTO single (source, id, root, account, series, time_us, count, usage, price, upload)" \
		"VALUES (1, lpad(nextval('single_id')::text, 10, '0'), 1, 1, 1, 1795258800000000, 1, 60000000, 0, 0)" >"$tmp/single.sql"
	sql -c CHECKPOINT
	before=$(cpu_ms "$USAGED_TEST_SERVER")
	"$build/tests/bench/measure" "$tmp/took" "$(dirname "$(readlink "/proc/$USAGED_TEST_SERVER/exe")")/pgbench" -n -M prepared -c 32 -j 2 -T "$seconds" \
		-f "$tmp/single.sql" "$USAGED_TEST_STORE" >"$tmp/command.log" 2>&1 || fail "pgbench: $(tail -n 3 "$tmp/command.log")"
	sleep 0.2
	server=$(($(cpu_ms "$USAGED_TEST_SERVER") - before))
	rate_and_costs "$(awk '/^number of transactions actually processed/ { print $6 }' "$tmp/command.log")" "$(cut -d' ' -f3 "$tmp/took")" "$server"
}

# single_row NAME FILE: the medians of the costs and rates of $tmp/FILE.runs
single_row() {
	echo "| $1 | $(median_of "$2" 2) | $(median_of "$2" 3) | $(rate_of "$2") |"
}

storing_on_postgresql() {
	need psql curl nginx
	sizes 3 4 200000
	database=$USAGED_TEST_STORE
	configure
	# the server's log gets its files, which are used again after that
	"$build/tests/bench/events" narrow 0 "$events" 50000000 >"$tmp/events.csv"
	new_database
	import_there created >"$tmp/first"
	storing_rounds live 50000000
	storing_rounds history 3000000
	post_there 8 1000 >"$tmp/thousands.runs"
	# more rounds, because they differ widely
	for round in $(seq $((2 * rounds + 1))); do
		post_there 64 1 >>"$tmp/singles.runs"
		insert_there >>"$tmp/inserts.runs"
	done
	imported=$(awk -v n="$events" -v ms="$(cost live.new)" 'BEGIN { printf "%d", n * 1000 / ms }')
	echo "## Storing on PostgreSQL"
	echo
	machine
	echo "$events events of 8 accounts, fsync on; processor time, median of $rounds rounds. COPY: the same rows into a table with the same key."
	echo
	echo "| | client, ms | server, ms | events a second | of COPY | server alone, of COPY |"
	echo "|---|---:|---:|---:|---:|---:|"
	storing_row "COPY, live" live.raw live.raw
	storing_row "import, live" live.new live.raw
	storing_row "import, live, again" live.again live.raw
	storing_row "COPY, history" history.raw history.raw
	storing_row "import, history" history.new history.raw
	storing_row "import, history, again" history.again history.raw
	echo
	echo "Events over HTTP and rows: processor time of usaged or pgbench, and of the server; nginx and the client of HTTP are on neither side."
	echo
	echo "| | client, us an event | server, us an event | events a second |"
	echo "|---|---:|---:|---:|"
	single_row "POST /events, 1,000 a request, 8 connections" thousands
	single_row "POST /events, 1 a request, 64 connections" singles
	single_row "pgbench, 1 row a commit, 32 clients" inserts
	echo
	goal "import into PostgreSQL, live data, against COPY" "$(against live.raw live.new 4)" "at least" 0.4
	goal "import into PostgreSQL, history, against COPY" "$(against history.raw history.new 4)" "at least" 0.25
	goal "import into PostgreSQL, duplicates against new events" "$(against live.new live.again 4)" "at least" 1.2
	goal "POST /events on PostgreSQL, 1,000 a request, against import" "$(ratio "$(rate_of thousands)" "$imported")" "at least" 0.5
	goal "POST /events on PostgreSQL, 1 a request, against single-row inserts" "$(against singles inserts 1)" "at least" 1.5
}

# Sums of days in the store against the same by hand, and against that and an empty round trip. Client and server share a processor: otherwise
# the kernel sometimes puts them on one and sometimes on two, and a round trip takes up to four times as long.
reading_on_postgresql() {
	rounds=${ROUNDS:-5}
	all=$(taskset -cp "$USAGED_TEST_SERVER" | sed 's/.*: //')
	one=${all%%[,-]*}
	taskset -cp "$one" "$USAGED_TEST_SERVER" >"$tmp/taskset"
	for round in $(seq "$rounds"); do
		sql -c "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
		taskset -c "$one" "$build/tests/bench/sums_bench" "$USAGED_TEST_STORE" >"$tmp/sums" || fail "sums_bench"
		while read -r name store hand empty; do
			echo "$store $hand $empty" >>"$tmp/$name.runs"
			echo "$store" >>"$tmp/$name.store.runs"
			awk -v h="$hand" -v e="$empty" 'BEGIN { print h + e }' >>"$tmp/$name.hand.runs"
		done <"$tmp/sums"
	done
	taskset -cp "$all" "$USAGED_TEST_SERVER" >"$tmp/taskset"
	echo "## Reading on PostgreSQL"
	echo
	machine
	echo "Sums of 50 days of 3 accounts, microseconds, medians of 500 in each of $rounds rounds, client and server on one processor: in the store with the" \
		"begin of a read, and a statement written by hand."
	echo
	echo "| | store | by hand | empty round trip |"
	echo "|---|---:|---:|---:|"
	cut -d' ' -f1 "$tmp/sums" | while read -r name; do
		echo "| $name | $(median_of "$name" 1) | $(median_of "$name" 2) | $(median_of "$name" 3) |"
		goal "sums on PostgreSQL, $name, against a statement by hand and a round trip" "$(against "$name.store" "$name.hand" 1)" "at most" 1.2
	done
	echo
}

# add_up FILE: the milliseconds of all its lines
add_up() {
	awk '{ n += $1 + $2 } END { print n }' "$tmp/$1"
}

# verify_in DATABASE: a round of `usaged verify`
verify_in() {
	database=$1
	configure
	with_server "$build/usaged" --config "$tmp/usaged.conf" verify
}

# `usaged move` from a file, with both checks, and `usaged verify` on both
moving_on_postgresql() {
	sizes 3 4 2000000
	database=$tmp/moved.db
	configure
	rm -f "$tmp/secret"
	usaged init --categories "$srcdir/conf/categories.csv" >"$tmp/init.log"
	"$build/tests/bench/events" narrow accounts | sed 1d | while IFS=, read -r sid name; do
		usaged account add --sid "$sid" --name "$name" --created 2020-01-01 >"$tmp/account.log"
	done
	"$build/tests/bench/events" narrow 0 "$events" "$events" >"$tmp/events.csv"
	usaged import "$tmp/events.csv" >"$tmp/import.log" 2>&1 || fail "import: $(tail -n 3 "$tmp/import.log")"
	sql -c "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
	for step in "" --check --final; do
		with_server "$build/usaged" --config "$tmp/usaged.conf" move --to "$USAGED_TEST_STORE" ${step:+"$step"}
	done >"$tmp/moved"
	database=$USAGED_TEST_STORE
	configure
	for round in $(seq "$rounds"); do
		verify_in "$tmp/moved.db" >>"$tmp/file.runs"
		verify_in "$USAGED_TEST_STORE" >>"$tmp/there.runs"
	done
	echo "## Moving to PostgreSQL"
	echo
	machine
	passed=$(awk '{ n += $3 } END { print n }' "$tmp/moved")
	echo "$events events of 8 accounts: $(add_up moved) ms of processor time for usaged move, --check and --final, in $passed ms" \
		"($((events * 1000 / passed)) events a second);" \
		"usaged verify: $(median_of file 4) ms in SQLite, $(median_of there 4) ms in PostgreSQL, medians of $rounds rounds."
	echo
	goal "move to PostgreSQL with its check, 1,000 events a second of processor time" "$(ratio "$events" "$(add_up moved)")" "at least" 60
	goal "verify on PostgreSQL, against SQLite" "$(against file there 4)" "at least" 1.5
}

# With a server that is started for it, in a process of its own.
bench_postgresql() {
	if [ "${USAGED_TEST_SERVER:-}" ]; then
		storing_on_postgresql
		reading_on_postgresql
		moving_on_postgresql
		return
	fi
	rc=0
	BENCH_GOALS=$goals FSYNC=on bash "$srcdir/tests/postgresql.sh" sh "$0" postgresql || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 77 ] || fail "the part postgresql has failed"
}
