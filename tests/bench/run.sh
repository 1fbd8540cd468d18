#!/bin/sh
# run.sh - what usaged is measured against, in one run on one machine: ratios are what counts.
#
#   run.sh [http] [import]
#
# BUILD is the build folder (default: the current one). ROUNDS, SECONDS_EACH, CLIENTS, THREADS and EVENTS change the sizes.
set -eu

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-.}" && pwd)
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-4}
clients=${CLIENTS:-32}
threads=${THREADS:-64}
events=${EVENTS:-2000000}
accounts=8

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
		database = $tmp/usage.db
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
	port=$(free_port)
	configure_nginx

	"$build/usaged" --config "$tmp/usaged.conf" serve 2>"$tmp/usaged.log" &
	pids="$pids $!"
	nginx -c "$tmp/nginx.conf" -g 'daemon off;' 2>"$tmp/nginx.start" &
	pids="$pids $!"
	wait_for curl -sf -u "$login" "http://127.0.0.1:$port$page" ||
		fail "no page: $(tail -n 5 "$tmp/usaged.log" "$tmp/nginx.log" "$tmp/nginx.start")"
	mkdir "$tmp/static"
	curl -sf -u "$login" "http://127.0.0.1:$port$page" >"$tmp/static/page.json"
	records=$(grep -o '"as_of"' "$tmp/static/page.json" | wc -l)
	[ "$records" -eq 50 ] || fail "the page has $records records instead of 50"
	"$build/tests/bench/hello" "$tmp/hello.sock" "$tmp/static/page.json" "$threads" &
	pids="$pids $!"
	wait_for curl -sf "http://127.0.0.1:$port/hello/"
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

# The shell's way: a table with the same identity (with a rowid, which is faster here), then the quarter hours in one
# statement; as durable as usaged.
shell_sql() {
	cat <<-END
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		CREATE TABLE event (source TEXT, id TEXT, subject TEXT, time TEXT, category TEXT, count INTEGER, usage NUMERIC,
			price NUMERIC, PRIMARY KEY (source, id));
		CREATE TABLE rollup (subject TEXT, category TEXT, slot INTEGER, count INTEGER, usage NUMERIC, price NUMERIC,
			PRIMARY KEY (subject, category, slot)) WITHOUT ROWID;
		.import --csv --skip 1 $tmp/events.csv event
		INSERT INTO rollup SELECT subject, category, unixepoch(time) / 900, sum(count), sum(usage), sum(price)
			FROM event GROUP BY 1, 2, 3;
	END
}

import_with_shell() {
	rm -f "$tmp"/shell.db*
	"$build/tests/bench/measure" "$tmp/took" sqlite3 "$tmp/shell.db" <"$tmp/shell.sql" >"$tmp/shell.log" 2>&1 ||
		fail "sqlite3: $(tail -n 3 "$tmp/shell.log")"
	n=$(sqlite3 "$tmp/shell.db" 'SELECT count(*) FROM event')
	[ "$n" -eq "$events" ] || fail "the shell holds $n events"
	cat "$tmp/took" >>"$tmp/shell.runs"
}

import_with_usaged() {
	new_ledger
	for sid in $sids; do
		usaged account add --sid "$sid" --name "bench $sid" >"$tmp/account.log"
	done
	"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv" \
		>"$tmp/import.log" 2>&1 || fail "import: $(tail -n 3 "$tmp/import.log")"
	grep -Eq "(^|[^0-9])$events created" "$tmp/import.log" || fail "import: $(tail -n 3 "$tmp/import.log")"
	cat "$tmp/took" >>"$tmp/usaged.runs"
}

bench_import() {
	need sqlite3
	rounds=${ROUNDS:-3}
	configure
	sids=$(i=0; while [ "$i" -lt "$accounts" ]; do printf 'AC%032x ' $((i + 1)); i=$((i + 1)); done)
	# shellcheck disable=SC2086
	"$build/tests/bench/events" "$events" $sids >"$tmp/events.csv"
	shell_sql >"$tmp/shell.sql"
	rm -f "$tmp"/*.runs
	i=0
	while [ "$i" -lt "$rounds" ]; do
		import_with_shell
		import_with_usaged
		i=$((i + 1))
	done
	for target in shell usaged; do
		echo "$target $(cut -d' ' -f1 "$tmp/$target.runs" | median) $(cut -d' ' -f2 "$tmp/$target.runs" | median)"
	done >"$tmp/import"
	echo "## Importing $events events"
	echo
	machine
	echo "CSV of $(($(wc -c <"$tmp/events.csv") / 1000000)) MB, both with synchronous=FULL in WAL mode; median of $rounds alternating rounds."
	echo
	awk -v events="$events" '
		{ name[NR] = $1; ms[$1] = $2; kib[$1] = $3 }
		END {
			label["shell"] = "sqlite3 shell: .import, GROUP BY"; label["usaged"] = "usaged import"
			print "| Duplicates found, quarter hours added up | events/s | against the shell | peak memory (MiB) | memory against the shell |"
			print "|---|---:|---:|---:|---:|"
			for (i = 1; i <= NR; i++) {
				n = name[i]
				printf "| %s | %d | %.2f | %d | %.2f |\n", label[n], events / ms[n] * 1000, ms["shell"] / ms[n],
					kib[n] / 1024, kib[n] / kib["shell"]
			}
		}' "$tmp/import"
	echo
}

[ $# -gt 0 ] || set -- http import
for part; do
	case $part in
	http) bench_http ;;
	import) bench_import ;;
	*) fail "no part $part; there are http and import" ;;
	esac
done
