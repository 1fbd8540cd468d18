#!/bin/bash
# move.sh - `usaged move` killed at any moment and begun again, there and back, while others write. With USAGED_TEST_STORE (see
# tests/postgresql.sh) from SQLite to PostgreSQL and back, else from file to file.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
usaged=$(realpath "${USAGED:-$here/../../usaged}")
rounds=${ROUNDS:-12}
events=${EVENTS:-200000}
tmp=$(mktemp -d)
unset USAGED_CONFIG
schema=usaged_move_$$
writer=
cleanup() {
	[ ! "$writer" ] || kill "$writer" 2>/dev/null
	wait
	cd / && rm -rf "$tmp"
	[ ! "${USAGED_TEST_STORE:-}" ] || psql -qXd "$USAGED_TEST_STORE" -c "SET client_min_messages = error; DROP SCHEMA $schema CASCADE"
}
trap cleanup EXIT

cd "$tmp" || exit
account=AC00000000000000000000000000000001
there=$tmp/there.db
if [ "${USAGED_TEST_STORE:-}" ]; then
	psql -qXd "$USAGED_TEST_STORE" -c "CREATE SCHEMA $schema" || exit
	there="$USAGED_TEST_STORE&options=-csearch_path%3D$schema"
fi

# config NAME PLACE
config() {
	printf '[ledger]\ndatabase = %s\nsecret_file = %s/secret\nbusy_timeout_ms = 20000\n' "$2" "$tmp" >"$1.conf"
}
config here "$tmp/here.db"
config there "$there"
config back "$tmp/back.db"

# at CONFIG ARGUMENT...
at() {
	"$usaged" --config "$1.conf" "${@:2}"
}

# events NAME FIRST NUMBER: lines of NDJSON
events() {
	awk -v name="$1" -v first="$2" -v n="$3" -v account=$account 'BEGIN {
		for (i = first; i < first + n; i++)
			printf "{\"specversion\":\"1.0\",\"type\":\"usage\",\"source\":\"%s\",\"id\":\"%d\",\"subject\":\"%s\",\"time\":\"2026-10-%02dT%02d:%02d:00Z\",\"data\":{\"category\":\"calls-outbound\",\"customer\":\"c%d\"}}\n",
				name, i, account, i % 28 + 1, i / 60 % 24, i % 60, i % 7
	}'
}

# try COMMAND...: $out, $err and $code are what came of it
try() {
	out=$("$@" 2>err)
	code=$?
	err=$(cat err)
}

# Moves from CONFIG to PLACE, killed after a while that gets longer until it gets through.
kill_and_go_on() {
	killed=0
	for ((i = 1; i <= rounds; i++)); do
		"$usaged" --config "$1.conf" move --to "$2" "${@:3}" >move.log 2>&1 &
		mover=$!
		sleep "$(awk -v i=$i -v r="$RANDOM" 'BEGIN { print i * 0.06 + r / 32768 * 0.2 }')"
		kill -9 $mover 2>/dev/null && killed=$((killed + 1))
		wait $mover 2>/dev/null && return 0
	done
	# one that was killed may have been through
	at "$1" move --to "$2" "${@:3}" >move.log 2>&1 || grep -q 'has moved already' move.log
}

at here init --categories "$here/../../conf/categories.csv" >log || exit
at here account add --name One --sid $account --created 2026-01-01 >log
at here key add --account $account >key.log 2>&1
events first 0 "$events" >first.ndjson
events second 0 20000 >second.ndjson
at here import first.ndjson >log || exit

# ---- there, while others write ----

at here import second.ndjson >import.log &
writer=$!
kill_and_go_on here "$there"
is "a move that is killed goes on" "$? $(tail -n 1 move.log | grep -c 'run this again with --final')" "0 1"
echo "# killed $killed times"
wait $writer
writer=
has "an import beside it is not disturbed" "$(cat import.log)" "total: 20000 created, 0 duplicate, 0 conflict, 0 rejected"
try at there account add --name Two
has "nobody writes to the target meanwhile" "$code $err" "1 usaged account: a move into this ledger is not finished: run \"usaged move --final\""
try at there verify
has "a check of the target says why it may find something" "$err" "usaged verify: a move into this ledger is not finished: run "
try at here move --to "$there" --check
has "a comparison, too" "$err" "usaged move: a move into this ledger is not finished: run "
kill_and_go_on here "$there" --final
is "the end of a move that is killed goes on" "$?" 0
echo "# killed $killed times"
is "both are equal, and the target is true" "$(at here move --to "$there" --check 2>>log)" "$((events + 20000)) events, 0 differences"
try at here move --to 'host=db dbname=usaged'
has "no file is called like an address" "$code $err" "1 usaged move: database: "
try at here account add --name Two
has "nobody writes to the old ledger" "$code $err" "1 usaged account: the ledger has moved: set ledger.database to $there"
try at here serve </dev/null
has "a server says so at its start" "$err" "the ledger has moved: set ledger.database to $there; this one only answers reports"
try at here doctor
has "doctor says where it is" "$out" "the ledger has moved: set ledger.database to $there"
try at here import second.ndjson
is "no import either" "$code" 1
is "which can still be read" "$(at here account list | grep -c $account)" 1
try at here move --to "$there" --final
has "it moves once" "$code $err" "1 usaged move: the ledger has moved already"
try at here move --to "$tmp/elsewhere.db"
has "and not elsewhere" "$code $err" "1 usaged move: the ledger has moved already"
is "nor is a file made there" "$(ls "$tmp"/elsewhere.db* 2>/dev/null)" ""
if [ "${USAGED_TEST_STORE:-}" ]; then
	head -c 32 /dev/urandom >wrong
	chmod 600 wrong
	sed 's|/secret$|/wrong|' there.conf >wrong.conf
	try at wrong serve </dev/null
	has "no server begins there with another secret" "$code $err" "1 usaged serve: this secret file is not the one of the ledger"
fi
try at there import second.ndjson
has "events that are sent again are known" "$out" "20000 duplicate"
at there account add --name Two >log
is "new ids are larger" "$?" 0
sums=$(at there sums 2>/dev/null | cksum)
is "sums are those of before" "$(at here sums 2>/dev/null | cksum)" "$sums"

# ---- and back ----

kill_and_go_on there "$tmp/back.db"
is "the way back goes on, too" "$?" 0
echo "# killed $killed times"
kill_and_go_on there "$tmp/back.db" --final
is "to its end" "$?" 0
is "the ledger is true" "$(at back verify 2>>log)" "$((events + 20000)) events, 0 differences"
is "with all accounts" "$(at back account list | grep -c ^AC)" "$(at there account list | grep -c ^AC)"
is "and sums" "$(at back sums 2>/dev/null | cksum)" "$sums"

finish
