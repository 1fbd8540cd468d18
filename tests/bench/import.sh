# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# import.sh - the parts "import" and "ledger" of run.sh, which reads this file: what storing events costs, from a file and from memory.

# shell_sql SHAPE: the shell's way: a table with the same identity (with a rowid, which is faster here), then the quarter hours
# and days of each account, category and dimension in one statement each; as durable as usaged.
shell_sql() {
	case $1 in
	wide | skewed) dimension=customer ;;
	sim) dimension=sim ;;
	*) dimension= ;;
	esac
	cat <<-END
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		CREATE TABLE event (source TEXT, id TEXT, subject TEXT, time TEXT, category TEXT, count INTEGER, usage NUMERIC,
			price NUMERIC${dimension:+, $dimension TEXT}, PRIMARY KEY (source, id));
		.import --csv --skip 1 $tmp/events.csv event
	END
	for span in 900 ${dimension:+86400}; do
		cat <<-END
			CREATE TABLE rollup_$span (subject TEXT, category TEXT, ${dimension:+$dimension TEXT,} slot INTEGER,
				count INTEGER, usage NUMERIC, price NUMERIC,
				PRIMARY KEY (subject, category, ${dimension:+$dimension,} slot)) WITHOUT ROWID;
			INSERT INTO rollup_$span SELECT subject, category, ${dimension:+$dimension,} unixepoch(time) / $span,
				sum(count), sum(usage), sum(price) FROM event GROUP BY 1, 2, 3${dimension:+, 4};
		END
	done
}

# import_with_shell SHAPE: a line "MS KIB CPU_MS" of $tmp/shell.SHAPE.runs
import_with_shell() {
	rm -f "$tmp"/shell.db*
	"$build/tests/bench/measure" "$tmp/took" sqlite3 "$tmp/shell.db" <"$tmp/shell.sql" >"$tmp/shell.log" 2>&1 ||
		fail "sqlite3: $(tail -n 3 "$tmp/shell.log")"
	n=$(sqlite3 "$tmp/shell.db" 'SELECT count(*) FROM event')
	[ "$n" -eq "$events" ] || fail "the shell holds $n events"
	cat "$tmp/took" >>"$tmp/shell.$1.runs"
}

# import_with_usaged SHAPE: a line "MS KIB CPU_MS" of $tmp/usaged.SHAPE.runs
import_with_usaged() {
	new_ledger
	add_accounts "$1"
	import_file "$events" >"$tmp/imported"
	cat "$tmp/took" >>"$tmp/usaged.$1.runs"
}

# bytes_stored: of the ledger, everything
bytes_stored() {
	cat "$tmp"/usage.db* | wc -c
}

# import_shape SHAPE RATE BYTES: a line of $tmp/import. The goals: the least rate against the shell, and the most bytes an event ("": none).
import_shape() {
	"$build/tests/bench/events" "$1" 0 "$events" "$events" >"$tmp/events.csv"
	shell_sql "$1" >"$tmp/shell.sql"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_with_shell "$1"
		import_with_usaged "$1"
		i=$((i + 1))
	done
	faster=$(against "shell.$1" "usaged.$1" 1)
	bytes=$(ratio "$(bytes_stored)" "$events")
	echo "$1 $events $(median_of "shell.$1" 1) $(median_of "usaged.$1" 1) $faster $(median_of "shell.$1" 2) $(median_of "usaged.$1" 2) $bytes" >>"$tmp/import"
	goal "import of $events events against the sqlite3 shell, $1" "$faster" "at least" "$2"
	goal "peak memory of import (MiB), $1" "$(ratio "$(median_of "usaged.$1" 2)" 1024)" "at most" 128
	[ -z "$3" ] || goal "bytes on disk an event, $1" "$bytes" "at most" "$3"
}

# measure_imports MOST: of several shapes (shapes.c); at most so many events of all but the narrow one
measure_imports() {
	rm -f "$tmp/import"
	import_shape narrow 1.8 65
	[ "$events" -le "$1" ] || events=$1
	import_shape wide 1.5 110
	import_shape skewed 1.4 110
	import_shape sim 1.6 80
	import_shape uuid 2 ""
	echo "## Importing events"
	echo
	machine
	echo "CSV, both with synchronous=FULL in WAL mode; the shell: .import and GROUP BY. Median of $rounds alternating rounds."
	echo
	echo "| shape | events | shell: events/s | usaged: events/s | ratio | of the rounds | shell: MiB | usaged: MiB | bytes an event |"
	echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
	sort -k5 -n "$tmp/import" | awk '{
		printf "| %s | %d | %d | %d | %.2f | %.2f to %.2f | %d | %d | %.1f |\n", $1, $2, $2 / $3 * 1000, $2 / $4 * 1000, $5, $6, $7,
			$8 / 1024, $9 / 1024, $10
	}'
	echo
}

bench_import() {
	need sqlite3
	sizes 2 1 2000000
	configure
	measure_imports 1000000
}

# ledger_row SHAPE EVENTS BATCH BEFORE: a line of the table of ledger_bench
ledger_row() {
	rm -f "$tmp"/bench.db*
	"$build/tests/bench/ledger_bench" "$tmp/bench.db" "$@" >"$tmp/row" || fail "ledger_bench: $*"
	sed 's/^\(.*\): \(.*\) events after \(.*\), \(.*\) a batch: \(.*\) us of.* \(.*\) events\/s.*/| \1 | \3 | \4 | \5 | \6 |/' "$tmp/row"
}

# Batches of all sizes from memory, without reading a file and without HTTP.
bench_ledger() {
	echo "## Batches from memory, durable"
	echo
	machine
	echo
	echo "| shape | stored before | events a batch | CPU us an event | events/s |"
	echo "|---|---:|---:|---:|---:|"
	# 200 bytes of attributes, without dimensions from them, with three, and with one of a million values
	for shape in narrow attributes declared million; do
		ledger_row "$shape" 200000 50000 100000
	done
	for shape in narrow wide; do
		ledger_row "$shape" 5000 1 200000
		ledger_row "$shape" 32000 16 200000
		ledger_row "$shape" 64000 64 200000
		ledger_row "$shape" 100000 1000 200000
	done
	echo
}
