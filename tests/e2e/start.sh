#!/bin/sh
# start.sh - ./start on state folders of its own: first run, interrupted first run, second run, accidents.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
VAR=$tmp/var
free_port() {
	node -e 's = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}
PORT=$(free_port)
export VAR PORT
server=

# Until COMMAND succeeds, at most 60 s.
wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

ready_or_gone() {
	grep -q '^usaged runs at' "$tmp/log" || ! kill -0 "$server"
}

# begin [COMMAND...]: starts it, by the command
begin() {
	: >"$tmp/log"
	"$@" "$top/start" >"$tmp/log" 2>&1 &
	server=$!
	wait_for ready_or_gone
	grep -q '^usaged runs at' "$tmp/log" && return
	cat "$tmp/log"
	return 1
}

ended() {
	! kill -0 "$server"
}

# Ends it with INT, which shells let their background jobs ignore; its exit code.
end() {
	kill -INT "$server"
	wait_for ended || return
	wait "$server"
}

cleanup() {
	[ ! "$server" ] || kill -TERM "$server" 2>/dev/null
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fetch() {
	curl -s --noproxy '*' --cacert "$VAR/tls/cert.pem" -o "$tmp/body" -w '%{http_code}' "$@"
}

answers() {
	[ "$(fetch -u "$ACCOUNT_SID:$AUTH_TOKEN" "$BASE_URL/2010-04-01/Accounts/$ACCOUNT_SID/Usage/Records.json")" = 200 ]
}

# ---- the first run, after one that was interrupted ----

mkdir "$VAR"
: >"$VAR/making"
echo "half a ledger" >"$VAR/usage.db"
echo "half a secret" >"$VAR/secret"
begin
is "an interrupted first run is made good" $? 0
is "the credentials" "$(sed 's/=..*/=/' "$VAR/credentials" | tr -d '\n')" \
	"BASE_URL=ACCOUNT_SID=AUTH_TOKEN=SUBACCOUNT_SID=SUBACCOUNT_AUTH_TOKEN=OTHER_ACCOUNT_SID=OTHER_AUTH_TOKEN=ADMIN_USER=ADMIN_PASSWORD=ADMIN_TOKEN=MANAGER_USER=MANAGER_PASSWORD=MANAGER_TOKEN=USER_TOKEN=INGEST_TOKEN=CA_CERT="
is "are their owner's alone" "$(stat -c %a "$VAR/credentials")" 600
is "as is the folder" "$(stat -c %a "$VAR/usage.db")" 600
is "no mark of the first run is left" "$(ls "$VAR/making" 2>/dev/null)" ""
# shellcheck disable=SC1091  # made by ./start
. "$VAR/credentials"
for file in usage.db usaged.sock usaged.pid nginx.pid usaged.conf usaged.log; do
	is "VAR/$file is there" "$(ls "$VAR/$file")" "$VAR/$file"
done
answers
is "it answers" $? 0
first=$(cat "$VAR/credentials")

# ---- accidents ----

is "a second one in the same folder is refused" "$("$top/start" 2>&1 | tail -n 1)" "start: usaged already runs in $VAR"
answers
is "and does not disturb the first" $? 0
worker=$(cat "$VAR/usaged.pid")
kill -KILL "$worker"
is "without the worker nginx answers" "$(fetch "$BASE_URL/v1/UsageRecords")" 502
wait_for answers
is "the worker is started again" $? 0
is "as another process" "$([ "$(cat "$VAR/usaged.pid")" != "$worker" ] && echo yes)" yes
VAR=$tmp/other "$top/start" >"$tmp/busy" 2>&1
is "a port in use is an error" $? 1
has "that names it" "$(cat "$tmp/busy")" "$PORT"
answers
is "and does not disturb its user" $? 0

worker=$(cat "$VAR/usaged.pid")
web=$(cat "$VAR/nginx.pid")
end
is "INT stops it well" $? 0
is "the worker has ended" "$(kill -0 "$worker" 2>&1 | grep -c 'No such')" 1
is "nginx has ended" "$(kill -0 "$web" 2>&1 | grep -c 'No such')" 1
is "the ledger is closed" "$(ls "$VAR/usage.db-wal" 2>/dev/null)" ""

# ---- the second run, with a rate limit ----

RATE=1 begin
is "it starts again" $? 0
is "with the same keys" "$(cat "$VAR/credentials")" "$first"
tries=0
while [ $tries -lt 20 ] && [ "$(fetch "$BASE_URL/2010-04-01/Accounts/x/Usage/Records.json")" != 429 ]; do
	tries=$((tries + 1))
done
has "too many requests: in the caller's words" "$(cat "$tmp/body")" '"code":20429'
sleep 2
answers
is "and a moment later it answers" $? 0
kill -KILL "$server"
wait "$server" 2>/dev/null
gone() { ! kill -0 "$(cat "$VAR/nginx.pid")" && ! fetch "$BASE_URL/"; }
wait_for gone
is "killed, it takes its children along" $? 0
server=

# ---- in a network that has only IPv4 ----

# Brings up lo, without IPv6, and becomes its arguments.
ipv4_only="import fcntl, os, socket, struct, sys
open('/proc/sys/net/ipv6/conf/all/disable_ipv6', 'w').write('1')
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack('16sH14x', b'lo', 1))
os.execvp(sys.argv[1], sys.argv[1:])"
if unshare -n test -e /proc/sys/net/ipv6 2>/dev/null; then
	begin unshare -n python3 -c "$ipv4_only"
	is "it starts without ::1" $? 0
	end
	is "and stops" $? 0
	server=
else
	echo "# skipped: a network without IPv6 takes root to make"
fi

# ---- with PostgreSQL ----

if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
	has "a ledger in a file stays one" "$(DATABASE=postgresql "$top/start" 2>&1)" "is a file; choose another VAR"
	without_postgresql() { [ ! -e "$VAR/postgresql/data/postmaster.pid" ]; }
	chmod 711 "$tmp"
	VAR=$tmp/pg
	DATABASE=postgresql begin env
	is "it makes a ledger in a PostgreSQL of its own" $? 0
	# shellcheck source=/dev/null
	. "$VAR/credentials"
	answers
	is "which answers" $? 0
	postmaster=$(head -n 1 "$VAR/postgresql/data/postmaster.pid")
	is "nobody else may connect to it" "$(stat -c %a "$VAR/postgresql")" 700
	kill -KILL "$postmaster"
	again() { [ "$(head -n 1 "$VAR/postgresql/data/postmaster.pid")" != "$postmaster" ] && answers; }
	wait_for again
	is "a PostgreSQL that dies is started again" $? 0
	address="postgresql:///other?host=$VAR/postgresql&user=usaged"
	psql -qX -h "$VAR/postgresql" -U postgres -d postgres -c 'CREATE DATABASE other OWNER usaged'
	first=$server VAR=$tmp/there
	DATABASE=$address PORT=$(free_port) begin env
	is "it makes a ledger in a database of another server" $? 0
	# shellcheck source=/dev/null
	. "$VAR/credentials"
	answers
	is "which answers" $? 0
	end
	is "it stops alone" $? 0
	has "the ledger stays there" "$(DATABASE=postgresql://elsewhere/other "$top/start" 2>&1)" "choose another VAR"
	server=$first VAR=$tmp/pg
	# shellcheck source=/dev/null
	. "$VAR/credentials"
	answers
	is "the first one answers as before" $? 0
	end
	is "it stops" $? 0
	without_postgresql
	is "with PostgreSQL" $? 0
	begin env
	is "the second run finds it again" $? 0
	answers
	is "with the same keys" $? 0
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	wait_for without_postgresql
	is "killed, it takes PostgreSQL along" $? 0
	server=
else
	echo "# skipped: PostgreSQL's server is not installed"
fi

# ---- mistakes ----

VAR=$tmp/$(printf '%090d' 0)
is "a VAR too long for a socket is an error" "$("$top/start" 2>&1 | grep -c 'too long')" 1
PORT=none
is "a port is a number" "$(VAR=$tmp/other "$top/start" 2>&1 | tail -n 1)" "start: PORT=none is no number"

finish
