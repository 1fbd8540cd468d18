#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the parts, in files of their own, use the variables, and set others
# run.sh - what usaged is measured against, in one run on one machine: ratios are what counts.
#
#   run.sh [PART...]
#
# Without a part, all that `make bench` has. Each part stands in a file of its name or of its kind, beside this one (README has a list).
#
# BUILD is the build folder (default: the current one), PORT the first port that is tried, NODE_HEADERS the folder with Node's include/node (/usr).
# ROUNDS, SECONDS_EACH, CLIENTS, THREADS, EVENTS, GROWN, LARGE and WIDE (how many events a large ledger, and one of wide data, has) change the sizes;
# each part has its own defaults.
# Ends with a table of what is aimed at, the worst first.
set -eu

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-.}" && pwd)
threads=${THREADS:-96}

tmp=$(mktemp -d)
goals=${BENCH_GOALS:-$tmp/goals} # a run inside another one adds to the same table
pids=

stop() {
	while [ "$pids" ]; do
		stop_last
	done
}

# Stops the server that was started last.
stop_last() {
	kill "${pids##* }" 2>/dev/null || true
	wait "${pids##* }" 2>/dev/null || true
	pids=${pids% *}
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
	waited=0
	until "$@" >/dev/null 2>&1; do
		waited=$((waited + 1))
		[ "$waited" -lt 100 ] || return 1
		sleep 0.1
	done
}

# ---- numbers ----

# sizes ROUNDS SECONDS [EVENTS]: the defaults of a part
sizes() {
	rounds=${ROUNDS:-$1}
	seconds=${SECONDS_EACH:-$2}
	events=${EVENTS:-${3:-0}}
	clients=${CLIENTS:-32}
	database=$tmp/usage.db
	rm -f "$tmp"/*.runs
	rm -rf "$tmp/nginx.d"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# median_of NAME COLUMN: of the lines of $tmp/NAME.runs, one a round
median_of() {
	cut -d' ' -f"$2" "$tmp/$1.runs" | median
}

# rate_of NAME: the median of the first column, which is a number a second
rate_of() {
	median_of "$1" 1 | awk '{ printf "%.0f", $1 }'
}

# range_of NAME COLUMN: the least and the most of all rounds
range_of() {
	cut -d' ' -f"$2" "$tmp/$1.runs" | sort -n | awk 'NR == 1 { least = $1 } END { printf "%.0f to %.0f", least, $1 }'
}

# ratio A B
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'
}

# against A B COLUMN: "RATIO LEAST MOST": of the medians of $tmp/A.runs and $tmp/B.runs, and of their rounds one by one
against() {
	cut -d' ' -f"$3" "$tmp/$1.runs" >"$tmp/over"
	cut -d' ' -f"$3" "$tmp/$2.runs" >"$tmp/under"
	echo "$(ratio "$(median_of "$1" "$3")" "$(median_of "$2" "$3")")" \
		"$(paste "$tmp/over" "$tmp/under" | awk '{ printf "%.3f\n", $1 / $2 }' | sort -n | sed -n '1p;$p' | paste -s -d ' ')"
}

# goal NAME RATIO RELATION WANTED: a line of the table at the end. RATIO may have the least and the most of all rounds behind it.
goal() {
	echo "$1|$2|$3|$4" >>"$goals"
}

# NAME|RATIO|LEAST to MOST|GOAL|met, the worst first: those that miss their goal by most
print_goals() {
	[ -f "$goals" ] || return 0
	echo "## What is aimed at"
	echo
	machine
	echo
	echo "| What | ratio | of the rounds | goal | met |"
	echo "|---|---:|---:|---:|---|"
	awk -F '|' '{
		split($2, n, " ")
		rounds = n[2] == "" ? "" : sprintf("%.2f to %.2f", n[2], n[3])
		met = $3 == "at least" ? n[1] / $4 : n[1] > 0 ? $4 / n[1] : 1
		printf "%.4f\t| %s | %.2f | %s | %s %s | %s |\n", met, $1, n[1], rounds, $3, $4, (met >= 1 ? "yes" : "no")
	}' "$goals" | sort -n | cut -f2-
	echo
}

machine() {
	awk -F ': *' '/^model name/ { name = $2; n++ } END { printf "Machine: %d cores, %s.\n", n, name }' /proc/cpuinfo
}

# ---- ledgers ----

usaged() {
	"$build/usaged" --config "$tmp/usaged.conf" "$@"
}

# configure [NAME]: the settings of a server, and of all commands for the ledger $database. All clients of a part are one account, of which a server
# by default handles 16 requests at once, lets 64 wait and refuses the others.
configure() {
	cat >"$tmp/${1:-usaged}.conf" <<-END
		[ledger]
		database = $database
		secret_file = $tmp/secret

		[server]
		socket = $tmp/${1:-usaged}.sock
		threads = $threads
		account_requests = $threads
		templates = $srcdir/templates
	END
}

new_ledger() {
	rm -f "$tmp"/usage.db* "$tmp/secret"
	usaged init --categories "$srcdir/conf/categories.csv" >"$tmp/init.log"
}

# add_accounts SHAPE [PARENT]: the ones that its events are for, into a new ledger
add_accounts() {
	"$build/tests/bench/events" "$1" accounts >"$tmp/accounts.csv"
	add_accounts_of "$tmp/accounts.csv" "${2:-}"
}

# add_accounts_of FILE [PARENT]: with SQL, because a command for each would take minutes. The file has lines of sid and name.
add_accounts_of() {
	sqlite3 "$tmp/usage.db" >"$tmp/account.log" <<-END || fail "accounts: $(cat "$tmp/account.log")"
		.import --csv --schema temp $1 bench
		BEGIN;
		INSERT INTO account (sid, name, parent, currency, created)
			SELECT sid, name, (SELECT id FROM account WHERE sid = '${2:-}'), 'usd', 0 FROM temp.bench;
		UPDATE meta SET value = value + 1 WHERE name = 'version';
		COMMIT;
	END
}

# import_file NUMBER: $tmp/events.csv, which has so many new events; "EVENTS/S KIB CPU_MS" on standard output
import_file() {
	"$build/tests/bench/measure" "$tmp/took" "$build/usaged" --config "$tmp/usaged.conf" import "$tmp/events.csv" >"$tmp/import.log" 2>&1 ||
		fail "import: $(tail -n 3 "$tmp/import.log")"
	grep -Eq "(^|[^0-9])$1 created" "$tmp/import.log" || fail "import: $(tail -n 3 "$tmp/import.log")"
	awk -v n="$1" '{ printf "%d %s %s\n", n / $1 * 1000, $2, $3 }' "$tmp/took"
}

# basic KEY...: the credentials of a new key, as HTTP's basic authentication has them
basic() {
	usaged key add "$@" >"$tmp/key"
	sid_of_key=$(sed -n 's/^SID=//p' "$tmp/key")
	printf '%s:%s' "$sid_of_key" "$(sed -n 's/^SECRET=//p' "$tmp/key")" | base64 -w 0
}

# ---- servers ----

# free_port FROM: one that nothing listens on, this or a later one
free_port() {
	candidate=$1
	until nothing=0; curl -s -o "$tmp/ready" "http://127.0.0.1:$candidate/" || nothing=$?; [ "$nothing" -eq 7 ]; do
		candidate=$((candidate + 1))
	done
	echo "$candidate"
}

# One nginx for all: the same listener, buffers and kept connections, no log. Parts may have put other servers into $tmp/nginx.d.
configure_nginx() {
	user=
	[ "$(id -u)" -ne 0 ] || user="user root;"
	mkdir -p "$tmp/nginx.d"
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
			include $tmp/nginx.d/*.conf;
		}
	END
}

# start_worker [NAME]: usaged with the settings of that name; its pid is $worker
start_worker() {
	"$build/usaged" --config "$tmp/${1:-usaged}.conf" serve 2>"$tmp/${1:-usaged}.log" &
	worker=$!
	pids="$pids $worker"
	wait_for test -S "$tmp/${1:-usaged}.sock" || fail "no server: $(tail -n 5 "$tmp/${1:-usaged}.log")"
}

# A server of $tmp/usage.db behind nginx, at $port
start_servers() {
	port=$(free_port "${PORT:-18080}")
	start_worker
	start_nginx
}

start_nginx() {
	configure_nginx
	nginx -c "$tmp/nginx.conf" -g 'daemon off;' 2>"$tmp/nginx.start" &
	pids="$pids $!"
	wait_for curl -s -o "$tmp/ready" "http://127.0.0.1:$port/accounts" || fail "no nginx: $(tail -n 5 "$tmp/nginx.log" "$tmp/nginx.start")"
}

# start_second LEDGER: a server of another ledger with the same secret, which nginx will have at $second_port
start_second() {
	database=$1
	configure second
	database=$tmp/usage.db
	second_port=$(free_port $((port + 1)))
	mkdir -p "$tmp/nginx.d"
	cat >"$tmp/nginx.d/second.conf" <<-END
		upstream second { server unix:$tmp/second.sock; keepalive $((threads / 2)); }
		server { listen 127.0.0.1:$second_port; location / { fastcgi_pass second; } }
	END
	start_worker second
}

# start_hello FILE
start_hello() {
	rm -f "$tmp/hello.sock"
	"$build/tests/bench/hello" "$tmp/hello.sock" "$1" "$threads" &
	pids="$pids $!"
	wait_for curl -sf "http://127.0.0.1:$port/hello/"
}

# fetch URL: the answer to $basic
fetch() {
	curl -sf -H "Authorization: Basic $basic" "$1" || fail "no page: $1"
}

# load URL [SECONDS]: prints requests a second, the 99th percentile in microseconds and the number of requests; any answer but 2xx fails the run.
# If no answer comes in this time, it tries for ten times as long.
load() {
	load_for "$1" "${2:-$seconds}" >"$tmp/loaded"
	case $(cat "$tmp/loaded") in
	*" 0") load_for "$1" $((${2:-$seconds} * 10)) >"$tmp/loaded" ;;
	esac
	case $(cat "$tmp/loaded") in
	*" 0") fail "no answer in time: $1" ;;
	esac
	cat "$tmp/loaded"
}

load_for() {
	wrk -t 2 -c "$clients" -d "${2}s" --latency -H "Authorization: Basic $basic" "$1" >"$tmp/wrk" || fail "wrk: $(cat "$tmp/wrk")"
	awk '
		function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
		$1 == "99%" { p99 = us($2) }
		$1 == "Requests/sec:" { rate = $2 }
		$2 == "requests" && $3 == "in" { n = $1 }
		/Non-2xx/ || (/Socket errors/ && !/connect 0, read 0, write 0/) { bad = $0 }
		END { if (bad) { print bad > "/dev/stderr"; exit 1 } print rate, p99, n }' "$tmp/wrk"
}

# warm_up URL...
warm_up() {
	for cold; do
		load "$cold" 1 >"$tmp/warm"
	done
}

# by_turns NAME=URL...: loads each, in rounds; a line a round into $tmp/NAME.runs
by_turns() {
	for pair; do
		rm -f "$tmp/${pair%%=*}.runs"
	done
	i=0
	while [ "$i" -lt "$rounds" ]; do
		for pair; do
			load "${pair#*=}" >>"$tmp/${pair%%=*}.runs"
		done
		i=$((i + 1))
	done
}

# ---- parts ----

event_sid=$(printf 'AC%032x' 1) # an account of most shapes

for kind in pages ledgers lists import post large triggers rivals postgresql; do
	# shellcheck source=/dev/null
	. "$srcdir/tests/bench/$kind.sh"
done

parts="http shapes families dimensions many import ledger post reports triggers rivals postgresql"
apart="grow large" # what takes longer
[ $# -gt 0 ] || eval "set -- $parts"
for part; do
	case " $parts $apart " in
	*" $part "*) ;;
	*) fail "no part $part; there are $parts $apart" ;;
	esac
	began=$(date +%s)
	"bench_$part"
	echo "$part: $(($(date +%s) - began)) s" >>"$tmp/times"
done
[ -z "${BENCH_GOALS:-}" ] || exit 0
print_goals
echo "Time of each part: $(paste -s -d ',' "$tmp/times" | sed 's/,/, /g')."
