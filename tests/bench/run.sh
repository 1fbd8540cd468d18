#!/bin/sh
# run.sh - what usaged is measured against, in one run on one machine: ratios are what counts.
#
#   run.sh [http] [shapes] [many] [import] [ledger] [post] [reports] [grow] [triggers] [postgresql]
#
# BUILD is the build folder (default: the current one). ROUNDS, SECONDS_EACH, CLIENTS, THREADS, EVENTS and GROWN (how many events are stored
# when it is measured how that slows the import of more) change the sizes. Ends with a table of what is aimed at.
set -eu

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-.}" && pwd)
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-4}
clients=${CLIENTS:-32}
threads=${THREADS:-96}
events=${EVENTS:-2000000}
grown=${GROWN:-10000000}

tmp=$(mktemp -d)
pids=

stop() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	pids=
}

trap 'stop; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

fail() {
	echo "bench: $*" >&2
	exit 1
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || fail "$tool is missing"
	done
}

# Waits until the command succeeds; what was started just now needs a moment.
wait_for() {
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ "$i" -lt 100 ] || return 1
		sleep 0.1
	done
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# goal NAME RATIO RELATION WANTED: a line of the table at the end
goal() {
	echo "$1|$2|$3|$4" >>"$tmp/goals"
}

print_goals() {
	[ -f "$tmp/goals" ] || return 0
	echo "## What is aimed at"
	echo
	machine
	echo
	awk -F '|' '
		BEGIN { print "| What | ratio | goal | met |"; print "|---|---:|---:|---|" }
		{ printf "| %s | %.2f | %s %s | %s |\n", $1, $2, $3, $4, ($3 == "at least" ? $2 >= $4 : $2 <= $4) ? "yes" : "no" }' "$tmp/goals"
}

# ratio A B
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f", a / b }'
}

machine() {
	awk -F ': *' '/^model name/ { name = $2; n++ } END { printf "Machine: %d cores, %s.\n", n, name }' /proc/cpuinfo
}

usaged() {
	"$build/usaged" --config "$tmp/usaged.conf" "$@"
}

new_ledger() {
	rm -f "$tmp"/usage.db* "$tmp/secret"
	usaged init --categories "$srcdir/conf/categories.csv" >"$tmp/init.log"
}

configure() {
	cat >"$tmp/usaged.conf" <<-END
		[ledger]
		database = ${database:-$tmp/usage.db}
		secret_file = $tmp/secret

		[server]
		socket = $tmp/usaged.sock
		threads = $threads
		templates = $srcdir/templates
	END
}

# One nginx for all three: the same listener, buffers and kept connections, no log.
configure_nginx() {
	user=
	[ "$(id -u)" -ne 0 ] || user="user root;"
	cat >"$tmp/nginx.conf" <<-END
		$user
		worker_processes auto;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.log warn;
		events { worker_connections 1024; }
		http {
			access_log off;
			client_body_temp_path $tmp/nginx-body;
			fastcgi_temp_path $tmp/nginx-fastcgi;
			proxy_temp_path $tmp/nginx-proxy;
			uwsgi_temp_path $tmp/nginx-uwsgi;
			scgi_temp_path $tmp/nginx-scgi;
			types { application/json json; }
			sendfile on;
			keepalive_requests 1000000;
			client_max_body_size 8m;
			client_body_buffer_size 512k;
			include /etc/nginx/fastcgi_params;
			fastcgi_param HTTP_PROXY "";
			fastcgi_param PATH_INFO \$uri;
			fastcgi_buffers 16 16k;
			fastcgi_keep_conn on;
			upstream hello { server unix:$tmp/hello.sock; keepalive $((threads / 2)); }
			upstream usaged { server unix:$tmp/usaged.sock; keepalive $((threads / 2)); }
			server {
				listen 127.0.0.1:$port;
				location /static/ { root $tmp; }
				location /hello/ { fastcgi_pass hello; }
				location / { fastcgi_pass usaged; }
			}
		}
	END
}

# free_port: one that nothing listens on.
free_port() {
	port=18080
	while curl -s -o /dev/null "http://127.0.0.1:$port/"; do
		port=$((port + 1))
	done
	echo "$port"
}

# load URL: prints requests a second and the 99th percentile in microseconds; any answer but 2xx fails the run.
load() {
	wrk -t 2 -c "$clients" -d "${2:-$seconds}s" --latency -H "Authorization: Basic $basic" "$1" >"$tmp/wrk" ||
		fail "wrk: $(cat "$tmp/wrk")"
	awk '
		function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
		$1 == "99%" { p99 = us($2) }
		$1 == "Requests/sec:" { rate = $2 }
		/Non-2xx/ || /Socket errors/ { bad = $0 }
		END { if (bad) { print bad > "/dev/stderr"; exit 1 } print rate, p99 }' "$tmp/wrk"
}

start_servers() {
	port=$(free_port)
	configure_nginx
	"$build/usaged" --config "$tmp/usaged.conf" serve 2>"$tmp/usaged.log" &
	pids="$pids $!"
	nginx -c "$tmp/nginx.conf" -g 'daemon off;' 2>"$tmp/nginx.start" &
	pids="$pids $!"
}

# start_hello FILE
start_hello() {
	rm -f "$tmp/hello.sock"
	"$build/tests/bench/hello" "$tmp/hello.sock" "$1" "$threads" &
	pids="$pids $!"
	wait_for curl -sf "http://127.0.0.1:$port/hello/"
}

bench_http() {
	need wrk curl nginx
	configure
	new_ledger
	usaged sample >"$tmp/sample.log"
	# an account with subaccounts, and a key to it
	sid=$(usaged account list | awk -F '\t' '$3 != "-" { print $3; exit }')
	login=$sid:$(usaged key add --role Account --account "$sid" | sed -n 's/^SECRET=//p')
	basic=$(printf '%s' "$login" | base64 -w 0)
	page="/2010-04-01/Accounts/$sid/Usage/Records/Daily.json"
	start_servers
	wait_for curl -sf -u "$login" "http://127.0.0.1:$port$page" ||
		fail "no page: $(tail -n 5 "$tmp/usaged.log" "$tmp/nginx.log" "$tmp/nginx.start")"
	mkdir -p "$tmp/static"
	curl -sf -u "$login" "http://127.0.0.1:$port$page" >"$tmp/static/page.json"
	records=$(grep -o '"as_of"' "$tmp/static/page.json" | wc -l)
	[ "$records" -eq 50 ] || fail "the page has $records records instead of 50"
	start_hello "$tmp/static/page.json"
	curl -sf "http://127.0.0.1:$port/hello/" | cmp - "$tmp/static/page.json"

	for target in static hello usaged; do
		case $target in
		static) url=/static/page.json ;;
		hello) url=/hello/ ;;
		usaged) url=$page ;;
		esac
		echo "http://127.0.0.1:$port$url" >"$tmp/$target.url"
		load "$(cat "$tmp/$target.url")" 1 >/dev/null
	done
	i=0
	while [ "$i" -lt "$rounds" ]; do
		for target in static hello usaged; do
			load "$(cat "$tmp/$target.url")" >>"$tmp/$target.runs"
		done
		i=$((i + 1))
	done
	stop

	for target in static hello usaged; do
		echo "$target $(cut -d' ' -f1 "$tmp/$target.runs" | median) $(cut -d' ' -f2 "$tmp/$target.runs" | median)"
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

# NAME|KEY|PATH of the pages that are measured; KEY is the caller: account or admin.
page_shapes() {
	records=/2010-04-01/Accounts/$sid/Usage/Records
	days="StartDate=$(date -u -d '-20 days' +%F)&EndDate=$(date -u +%F)"
	since="StartTime=$(date -u -d '-20 days' +%FT00:00:00Z)&EndTime=$(date -u +%FT00:00:00Z)"
	hours="StartTime=$(date -u -d '-50 hours' +%FT%H:00:00Z)&EndTime=$(date -u +%FT%H:00:00Z)"
	cat <<-END
		Daily, 50 categories|account|$records/Daily.json
		Daily, 50 days of a category|account|$records/Daily.json?Category=$category
		Daily, 50 days of a parent|account|$records/Daily.json?Category=calls
		Daily, 50 days of totalprice|account|$records/Daily.json?Category=totalprice
		Daily, own account alone|account|$records/Daily.json?IncludeSubaccounts=false
		Daily, PageSize 1000|account|$records/Daily.json?PageSize=1000
		Report by day in Asia/Kathmandu|account|/reports/usage.json?By=day&Category=$category&TimeZone=Asia/Kathmandu&$days
		Daily as XML|account|$records/Daily.xml
		Daily as CSV|account|$records/Daily.csv
		Daily as HTML|account|$records/Daily.html
		Monthly|account|$records/Monthly.json?Category=$category
		AllTime|account|$records/AllTime.json
		ThisMonth|account|$records/ThisMonth.json
		Records over an odd range|account|$records.json?StartDate=$(date -u -d '-47 days' +%F)&EndDate=$(date -u -d '-3 days' +%F)
		/billing/usage|admin|/billing/usage?AccountSid=$sid&$days
		/ai/usage|admin|/ai/usage?$days
		Super SIM by day and SIM|admin|/v1/UsageRecords?AccountSid=$sims&Granularity=day&Group=sim&$since
		Super SIM by hour|admin|/v1/UsageRecords?AccountSid=$sims&Granularity=hour&$hours
		Super SIM, all|admin|/v1/UsageRecords?AccountSid=$sims&$since
		GET /events of 50|account|/events.json?AccountSid=$sid
	END
}

# measure_page NAME KEY PATH: a line "RATIO|NAME|BYTES|REQUESTS|HELLO" for the same bytes from usaged and from the hello server
measure_page() {
	basic=$(cat "$tmp/$2.basic")
	url="http://127.0.0.1:$port$3"
	curl -sf -H "Authorization: Basic $basic" "$url" >"$tmp/page" || fail "no page: $url"
	start_hello "$tmp/page"
	rm -f "$tmp"/*.runs
	load "$url" 1 >"$tmp/warm"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		load "http://127.0.0.1:$port/hello/" | cut -d' ' -f1 >>"$tmp/hello.runs"
		load "$url" | cut -d' ' -f1 >>"$tmp/usaged.runs"
		i=$((i + 1))
	done
	hello=$(median <"$tmp/hello.runs")
	rate=$(median <"$tmp/usaged.runs")
	echo "$(ratio "$rate" "$hello")|$1|$(wc -c <"$tmp/page")|$rate|$hello"
	# the server of these bytes is the last that was started
	kill "${pids##* }"
	wait "${pids##* }" 2>/dev/null || true
	pids=${pids% *}
}

# one_value SQL: of the ledger, while nobody writes to it
one_value() {
	sqlite3 "$tmp/usage.db" "$1 LIMIT 1"
}

# Each shape of a page against a libfcgi hello of the same bytes, worst first.
bench_shapes() {
	need wrk curl nginx sqlite3
	rounds=${ROUNDS:-2}
	configure
	new_ledger
	usaged sample >"$tmp/sample.log"
	sid=$(usaged account list | awk -F '\t' '$3 != "-" { print $3; exit }')
	sims=$(one_value "SELECT a.sid FROM series s JOIN account a ON a.id = s.account WHERE s.sim <> 0")
	category=$(one_value "SELECT c.name FROM category c JOIN series s ON s.category = c.id JOIN account a ON a.id = s.account
		WHERE a.sid = '$sid' AND c.name LIKE 'calls-%'")
	printf '%s:%s' "$sid" "$(usaged key add --role Account --account "$sid" | sed -n 's/^SECRET=//p')" | base64 -w 0 >"$tmp/account.basic"
	usaged key add --role SystemAdministrator --user bench >"$tmp/admin.key"
	printf '%s:%s' "$(sed -n 's/^SID=//p' "$tmp/admin.key")" "$(sed -n 's/^SECRET=//p' "$tmp/admin.key")" | base64 -w 0 >"$tmp/admin.basic"
	start_servers
	wait_for test -S "$tmp/usaged.sock"
	wait_for curl -s -o "$tmp/ready" "http://127.0.0.1:$port/accounts"
	page_shapes >"$tmp/shapes"
	while IFS='|' read -r name key path; do
		measure_page "$name" "$key" "$path"
	done <"$tmp/shapes" >"$tmp/pages"
	stop
	echo "## Pages through nginx, each against a libfcgi hello of the same bytes"
	echo
	machine
	echo "$clients clients, $threads worker threads; median of $rounds alternating rounds of $seconds s. Worst first."
	echo
	echo "| Page | bytes | requests/s | hello | against hello |"
	echo "|---|---:|---:|---:|---:|"
	sort -n "$tmp/pages" | awk -F '|' '{ printf "| %s | %d | %d | %d | %.2f |\n", $2, $3, $4, $5, $1 }'
	echo
}

# request_times URL: the milliseconds until the first byte and until the last, of one request
request_times() {
	curl -sf -H "Authorization: Basic $basic" -o "$tmp/answer" -w '%{time_starttransfer} %{time_total}\n' "$1" |
		awk '{ printf "%.1f %.1f\n", $1 * 1000, $2 * 1000 }'
}

# times_of NAME URL: the medians of some requests, into $first and $whole
times_of() {
	request_times "$2" >"$tmp/warm"
	rm -f "$tmp/$1.runs"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		request_times "$2" >>"$tmp/$1.runs"
		i=$((i + 1))
	done
	first=$(cut -d' ' -f1 "$tmp/$1.runs" | median)
	whole=$(cut -d' ' -f2 "$tmp/$1.runs" | median)
}

# list_row NAME PATH: a line of the table, into $tmp/lists; $first and $ratio are those of the answer
list_row() {
	times_of usaged "http://127.0.0.1:$port$2"
	list_first=$first list_whole=$whole
	cp "$tmp/answer" "$tmp/page"
	start_hello "$tmp/page"
	times_of hello "http://127.0.0.1:$port/hello/"
	kill "${pids##* }"
	wait "${pids##* }" 2>/dev/null || true
	pids=${pids% *}
	ratio=$(ratio "$whole" "$list_whole")
	echo "| $1 | $(wc -c <"$tmp/page") | $list_first | $list_whole | $whole | $ratio |" >>"$tmp/lists"
	first=$list_first
}

# What an administrator of many accounts asks for: one request at a time.
bench_many() {
	need curl nginx sqlite3
	rounds=${ROUNDS:-3}
	configure
	new_ledger
	add_accounts many
	"$build/tests/bench/events" many 0 $((events / 2)) $((events / 2)) "$(date +%s)" >"$tmp/events.csv"
	usaged import "$tmp/events.csv" >"$tmp/import.log" 2>&1 || fail "import: $(tail -n 3 "$tmp/import.log")"
	usaged key add --role SystemAdministrator --user bench >"$tmp/admin.key"
	basic=$(printf '%s:%s' "$(sed -n 's/^SID=//p' "$tmp/admin.key")" "$(sed -n 's/^SECRET=//p' "$tmp/admin.key")" | base64 -w 0)
	start_servers
	wait_for test -S "$tmp/usaged.sock"
	wait_for curl -s -o "$tmp/ready" "http://127.0.0.1:$port/accounts"
	days="StartDate=$(date -u -d '-20 days' +%F)&EndDate=$(date -u +%F)"
	rm -f "$tmp/lists"
	list_row "/billing/usage" "/billing/usage?$days"
	goal "first byte of /billing/usage of 10,000 accounts (ms)" "$first" "at most" 50
	goal "/billing/usage of 10,000 accounts, rate against a libfcgi hello" "$ratio" "at least" 0.3
	list_row "/ai/usage" "/ai/usage?$days"
	list_row "overview" "/overview"
	goal "first byte of the overview of 10,000 accounts (ms)" "$first" "at most" 250
	stop
	echo "## An administrator of 10,000 accounts"
	echo
	machine
	echo "$((events / 2)) events of two months. One request at a time; milliseconds, median of $rounds."
	echo
	echo "| Answer | bytes | first byte | whole | hello of the same bytes | rate against hello |"
	echo "|---|---:|---:|---:|---:|---:|"
	sort -t'|' -k7 -n "$tmp/lists"
	echo
}

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
	for seconds in 900 ${dimension:+86400}; do
		cat <<-END
			CREATE TABLE rollup_$seconds (subject TEXT, category TEXT, ${dimension:+$dimension TEXT,} slot INTEGER,
				count INTEGER, usage NUMERIC, price NUMERIC,
				PRIMARY KEY (subject, category, ${dimension:+$dimension,} slot)) WITHOUT ROWID;
			INSERT INTO rollup_$seconds SELECT subject, category, ${dimension:+$dimension,} unixepoch(time) / $seconds,
				sum(count), sum(usage), sum(price) FROM event GROUP BY 1, 2, 3${dimension:+, 4};
		END
	done
}

# import_with_shell SHAPE
import_with_shell() {
	rm -f "$tmp"/shell.db*
	"$build/tests/bench/measure" "$tmp/took" sqlite3 "$tmp/shell.db" <"$tmp/shell.sql" >"$tmp/shell.log" 2>&1 ||
		fail "sqlite3: $(tail -n 3 "$tmp/shell.log")"
	n=$(sqlite3 "$tmp/shell.db" 'SELECT count(*) FROM event')
	[ "$n" -eq "$events" ] || fail "the shell holds $n events"
	cat "$tmp/took" >>"$tmp/shell.$1.runs"
}

# import_with_usaged SHAPE
import_with_usaged() {
	new_ledger
	add_accounts "$1"
	"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv" \
		>"$tmp/import.log" 2>&1 || fail "import: $(tail -n 3 "$tmp/import.log")"
	grep -Eq "(^|[^0-9])$events created" "$tmp/import.log" || fail "import: $(tail -n 3 "$tmp/import.log")"
	cat "$tmp/took" >>"$tmp/usaged.$1.runs"
}

# import_shape SHAPE EVENTS ROUNDS: a line for the shell, and one for usaged, into $tmp/import
import_shape() {
	events=$2
	"$build/tests/bench/events" "$1" 0 "$2" "$2" >"$tmp/events.csv"
	shell_sql "$1" >"$tmp/shell.sql"
	i=0
	while [ "$i" -lt "$3" ]; do
		import_with_shell "$1"
		import_with_usaged "$1"
		i=$((i + 1))
	done
	set -- "$1" "$2"
	for target in shell usaged; do
		set -- "$@" "$(cut -d' ' -f1 "$tmp/$target.$1.runs" | median)" "$(cut -d' ' -f2 "$tmp/$target.$1.runs" | median)"
	done
	echo "$@" >>"$tmp/import"
	case $1 in
	narrow) least=1.8 ;;
	wide) least=1.5 ;;
	skewed) least=1.4 ;;
	sim) least=1.6 ;;
	uuid) least=2 ;;
	esac
	goal "import against the sqlite3 shell, $1" "$(ratio "$3" "$5")" "at least" "$least"
	goal "peak memory of import (MiB), $1" "$(ratio "$6" 1024)" "at most" 128
}

# Narrow data, the largest number of events; then other shapes (tests/bench/shapes.c).
bench_import() {
	need sqlite3
	rounds=${ROUNDS:-3}
	configure
	rm -f "$tmp"/*.runs "$tmp/import"
	all=$events
	import_shape narrow "$all" "$rounds"
	for shape in wide skewed sim uuid; do
		import_shape "$shape" $((all / 2)) 1
	done
	events=$all
	echo "## Importing events"
	echo
	machine
	echo "CSV, both with synchronous=FULL in WAL mode; the shell: .import and GROUP BY. The first: median of $rounds alternating rounds."
	echo
	awk '
		BEGIN {
			print "| shape | events | shell: events/s | usaged: events/s | ratio | shell: MiB | usaged: MiB |"
			print "|---|---:|---:|---:|---:|---:|---:|"
		}
		{
			printf "| %s | %d | %d | %d | %.2f | %d | %d |\n", $1, $2, $2 / $3 * 1000, $2 / $5 * 1000, $3 / $5,
				$4 / 1024, $6 / 1024
		}' "$tmp/import"
	echo
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
		ledger_row "$shape" 10000 1 200000
		ledger_row "$shape" 32000 16 200000
		ledger_row "$shape" 64000 64 200000
		ledger_row "$shape" 100000 1000 200000
	done
	echo
}

# add_accounts SHAPE: the ones that its events are for, into a new ledger. With SQL: a command for each would take minutes.
add_accounts() {
	"$build/tests/bench/events" "$1" accounts >"$tmp/accounts.csv"
	sqlite3 "$tmp/usage.db" >"$tmp/account.log" <<-END || fail "accounts: $(cat "$tmp/account.log")"
		.import --csv --schema temp $tmp/accounts.csv bench
		BEGIN;
		INSERT INTO account (sid, name, currency, created) SELECT sid, name, 'usd', 0 FROM temp.bench;
		UPDATE meta SET value = value + 1 WHERE name = 'version';
		COMMIT;
	END
}

# import_rate FIRST NUMBER TOTAL: imports these events, and prints how many a second that were
import_rate() {
	"$build/tests/bench/events" narrow "$@" >"$tmp/events.csv"
	"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv" >"$tmp/import.log" 2>&1 ||
		fail "import: $(tail -n 3 "$tmp/import.log")"
	grep -Eq "(^|[^0-9])$2 created" "$tmp/import.log" || fail "import: $(tail -n 3 "$tmp/import.log")"
	awk -v n="$2" '{ printf "%d\n", n / $1 * 1000 }' "$tmp/took"
}

# post PATH CONNECTIONS RECORDS SECONDS: requests and events a second into $tmp/posted. Each call has identities of its own.
post() {
	"$build/tests/bench/post" "$port" "$1" "$token" "$2" "$3" "$4" "run-$(date +%s%N)" "$event_sid" >"$tmp/posted" ||
		fail "post: $(tail -n 3 "$tmp/usaged.log")"
}

start_ingest() {
	configure
	new_ledger
	add_accounts narrow
	token=$(usaged key add --role Ingest | sed -n 's/^SECRET=//p')
	start_servers
	wait_for test -S "$tmp/usaged.sock"
	wait_for curl -s -o "$tmp/ready" "http://127.0.0.1:$port/accounts"
}

bench_post() {
	need curl nginx sqlite3
	start_ingest
	# as long as the answer to one event
	printf '%0112d' 0 >"$tmp/hello.json"
	start_hello "$tmp/hello.json"
	rm -f "$tmp"/*.runs
	some=$((events / 4))
	first=0
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_rate "$first" "$some" $((some * rounds)) >>"$tmp/import.runs"
		first=$((first + some))
		post /events 8 1000 "$seconds"
		cut -d' ' -f2 "$tmp/posted" >>"$tmp/batch.runs"
		post /hello/ 64 1 "$seconds"
		cut -d' ' -f1 "$tmp/posted" >>"$tmp/hello.runs"
		post /events 64 1 "$seconds"
		cut -d' ' -f1 "$tmp/posted" >>"$tmp/single.runs"
		i=$((i + 1))
	done
	stop
	usaged verify >"$tmp/verify.log" || fail "verify: $(tail -n 3 "$tmp/verify.log")"
	for target in import batch hello single; do
		median <"$tmp/$target.runs" >"$tmp/$target.median"
	done
	batch=$(ratio "$(cat "$tmp/batch.median")" "$(cat "$tmp/import.median")")
	single=$(ratio "$(cat "$tmp/single.median")" "$(cat "$tmp/hello.median")")
	echo "## Events over HTTP, each answered when it is on disk"
	echo
	machine
	echo "Through nginx, client on the same machine; median of $rounds alternating rounds of $seconds s. $(cat "$tmp/verify.log")."
	echo
	echo "| | a second | ratio |"
	echo "|---|---:|---:|"
	echo "| usaged import, events | $(cat "$tmp/import.median") | |"
	echo "| POST /events, 1,000 a request, 8 connections, events | $(cat "$tmp/batch.median") | $batch of import |"
	echo "| libfcgi hello, POST of one event, 64 connections, requests | $(cat "$tmp/hello.median") | |"
	echo "| POST /events, 1 a request, 64 connections, requests | $(cat "$tmp/single.median") | $single of hello |"
	echo
	goal "POST /events, 1,000 a request, against import" "$batch" "at least" 0.5
	goal "POST /events, 1 a request, against libfcgi hello" "$single" "at least" 0.55
}

# during_ingest CLIENTS NAME URL: a line of the table: the p99 of URL while nothing comes in, and while everything does. Into $tmp/quiet and $tmp/busy.
during_ingest() {
	clients=$1
	rm -f "$tmp"/*.runs
	load "$3" 1 >"$tmp/warm"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		load "$3" | cut -d' ' -f2 >>"$tmp/quiet.runs"
		post /events 8 1000 $((seconds + 2)) &
		posting=$!
		sleep 1
		load "$3" | cut -d' ' -f2 >>"$tmp/busy.runs"
		wait "$posting"
		cut -d' ' -f2 "$tmp/posted" >>"$tmp/during.runs"
		i=$((i + 1))
	done
	median <"$tmp/quiet.runs" >"$tmp/quiet"
	median <"$tmp/busy.runs" >"$tmp/busy"
	awk -v n="$1" -v what="$2" -v e="$(median <"$tmp/during.runs")" -v q="$(cat "$tmp/quiet")" -v b="$(cat "$tmp/busy")" \
		'BEGIN { printf "| %d | %s | %d | %.2f | %.2f | %.2f |\n", n, what, e, q / 1000, b / 1000, b / q }' >>"$tmp/reports"
}

# reports_with CLIENTS: a report, and for comparison a file that nginx alone serves: what the client, nginx and the system take
reports_with() {
	during_ingest "$1" "file" "http://127.0.0.1:$port/static/page.json"
	during_ingest "$1" "report" "$page"
	goal "p99 of reports to $1 clients during ingest, against a quiet server" "$(ratio "$(cat "$tmp/busy")" "$(cat "$tmp/quiet")")" "at most" 3
}

# Clients that ask for one report after the other, a few and as many as in the first part, while nothing or everything comes in.
bench_reports() {
	need wrk curl nginx sqlite3
	start_ingest
	basic=$(printf '%s' "$event_sid:$(usaged key add --role Account --account "$event_sid" | sed -n 's/^SECRET=//p')" | base64 -w 0)
	import_rate 0 $((events / 4)) $((events / 4)) >"$tmp/rate"
	page="http://127.0.0.1:$port/2010-04-01/Accounts/$event_sid/Usage/Records/Daily.json"
	mkdir -p "$tmp/static"
	curl -sf -H "Authorization: Basic $basic" "$page" >"$tmp/static/page.json"
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

# Into a ledger that has one million before, and into one that has many, by turns: the same events.
bench_grow() {
	rounds=${ROUNDS:-3}
	configure
	new_ledger
	add_accounts narrow
	step=1000000
	[ "$grown" -gt $((step * 4)) ] || step=$((grown / 5))
	all=$((grown + step * (rounds + 1)))
	rm -f "$tmp"/*.runs
	import_rate 0 "$step" "$all" >"$tmp/rate"
	cp "$tmp/usage.db" "$tmp/small.db"
	first=$step
	while [ "$first" -lt "$grown" ]; do
		import_rate "$first" "$step" "$all" >"$tmp/rate"
		first=$((first + step))
	done
	stored=$first
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_rate "$first" "$step" "$all" >>"$tmp/large.runs"
		mv "$tmp/usage.db" "$tmp/large.db"
		cp "$tmp/small.db" "$tmp/usage.db"
		import_rate "$first" "$step" "$all" >>"$tmp/small.runs"
		mv "$tmp/large.db" "$tmp/usage.db"
		first=$((first + step))
		i=$((i + 1))
	done
	small=$(median <"$tmp/small.runs")
	large=$(median <"$tmp/large.runs")
	large_ratio=$(ratio "$large" "$small")
	echo "## Importing into a ledger that has grown"
	echo
	machine
	echo "$step events imported, $(($(wc -c <"$tmp/usage.db") / 1000000)) MB in the end; median of $rounds alternating rounds."
	echo
	echo "| stored before | events/s | ratio |"
	echo "|---:|---:|---:|"
	echo "| $step | $small | |"
	echo "| $stored | $large | $large_ratio |"
	echo
	goal "import with $stored events stored, against $step" "$large_ratio" "at least" 0.7
}

# add_triggers NUMBER: on the accounts of the shape "narrow", in turn, of all amounts and periods; far from firing
add_triggers() {
	usaged account list | cut -f1 >"$tmp/sids"
	i=0
	while [ "$i" -lt "$1" ]; do
		for category in calls calls-inbound totalprice sms; do
			for period in daily monthly yearly alltime; do
				[ "$i" -lt "$1" ] || return 0
				i=$((i + 1))
				usaged trigger add --account "$(sed -n "$((i % $(wc -l <"$tmp/sids") + 1))p" "$tmp/sids")" --category "$category" --by price \
					--recurring "$period" --value 900000000 --url https://usage.invalid/ >>"$tmp/triggers"
			done
		done
	done
}

# An import without triggers, with none on its accounts and with 1,000; callbacks against the requests that cause them.
bench_triggers() {
	rounds=${ROUNDS:-5}
	configure
	rm -f "$tmp"/*.runs
	some=$((events / 4))
	"$build/tests/bench/events" narrow 0 "$some" "$some" >"$tmp/events.csv"
	new_ledger
	add_accounts narrow
	usaged account add --name elsewhere >"$tmp/elsewhere"
	cp "$tmp/usage.db" "$tmp/none.db"
	usaged trigger add --account "$(sed -n 's/^SID=//p' "$tmp/elsewhere")" --category calls --value 1 --url https://usage.invalid/ >"$tmp/triggers"
	cp "$tmp/usage.db" "$tmp/elsewhere.db"
	cp "$tmp/none.db" "$tmp/usage.db"
	add_triggers 1000
	cp "$tmp/usage.db" "$tmp/many.db"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		for target in none elsewhere many; do
			rm -f "$tmp"/usage.db*
			cp "$tmp/$target.db" "$tmp/usage.db"
			"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv" >"$tmp/import.log" 2>&1 ||
				fail "import: $(tail -n 3 "$tmp/import.log")"
			cut -d' ' -f3 "$tmp/took" >>"$tmp/$target.runs"
		done
		i=$((i + 1))
	done
	for target in none elsewhere many; do
		median <"$tmp/$target.runs" >"$tmp/$target.median"
	done
	elsewhere=$(ratio "$(cat "$tmp/elsewhere.median")" "$(cat "$tmp/none.median")")
	many=$(ratio "$(cat "$tmp/many.median")" "$(cat "$tmp/none.median")")
	echo "## Triggers"
	echo
	machine
	echo "$some events imported; processor time, median of $rounds alternating rounds."
	echo
	echo "| Triggers | ms | against none |"
	echo "|---|---:|---:|"
	echo "| none | $(cat "$tmp/none.median") | |"
	echo "| one, on another account | $(cat "$tmp/elsewhere.median") | $elsewhere |"
	echo "| 1,000 on the accounts of the events | $(cat "$tmp/many.median") | $many |"
	goal "processor time of an import with 1,000 triggers on its accounts, against none" "$many" "at most" 1.1
	if command -v node >/dev/null; then
		USAGED="$build/usaged" node "$srcdir/tests/bench/trigger_latency.mjs" >"$tmp/latency" || fail "no callbacks came"
		read -r post callback late <"$tmp/latency"
		echo
		echo "A callback comes $callback ms after the answer to the request that causes it, 1 of 100 after $late ms or more; the request takes $post ms (medians, one at a time)."
		goal "callback after its event was acknowledged, against that request" "$(ratio "$callback" "$post")" "at most" 2
		goal "callback after its event was acknowledged, ms" "$callback" "at most" 100
		goal "the same, p99, ms" "$late" "at most" 1000
	fi
	echo
}

. "$srcdir/tests/bench/postgresql.sh"

event_sid=$(printf 'AC%032x' 1) # an account of the shape "narrow"
[ $# -gt 0 ] || set -- http shapes many import ledger post reports grow triggers postgresql
for part; do
	case $part in
	http | shapes | many | import | ledger | post | reports | grow | triggers | postgresql) "bench_$part" ;;
	*) fail "no part $part; there are http, shapes, many, import, ledger, post, reports, grow, triggers and postgresql" ;;
	esac
done
print_goals
