#!/bin/bash
# backup.sh - `usaged backup` while others write, and `usaged restore`, on a ledger of their own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
usaged=$(realpath "${USAGED:-$here/../../usaged}")
tmp=$(mktemp -d)
unset USAGED_CONFIG
worker=
cleanup() {
	[ ! "$worker" ] || kill -TERM "$worker"
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT

cd "$tmp" || exit
mkdir copy
for folder in . copy; do
	printf '[ledger]\ndatabase = usage.db\nsecret_file = %s/secret\nbusy_timeout_ms = 300\n[server]\nsocket = usaged.sock\ntemplates = %s\n' "$tmp" "$here/../../templates" >$folder/usaged.conf
done
account=AC00000000000000000000000000000001

run() {
	"$usaged" --config usaged.conf "$@"
}

# Runs a command: $out, $err and $code are what came of it.
try() {
	out=$(run "$@" 2>err)
	code=$?
	err=$(cat err)
}

# events NAME FIRST NUMBER: lines of NDJSON
events() {
	awk -v name="$1" -v first="$2" -v n="$3" -v account=$account 'BEGIN {
		for (i = first; i < first + n; i++)
			printf "{\"specversion\":\"1.0\",\"type\":\"usage\",\"source\":\"%s\",\"id\":\"%d\",\"subject\":\"%s\",\"time\":\"2026-10-%02dT10:%02d:00Z\",\"data\":{\"category\":\"calls-outbound\"}}\n",
				name, i, account, i % 28 + 1, i % 60
	}'
}

# How many events the ledger in FOLDER holds of SOURCE
count() {
	sqlite3 -cmd '.timeout 10000' "file:$1/usage.db?mode=ro" "SELECT count(*) FROM event e JOIN source s ON s.id = e.source WHERE s.text = '$2'"
}

# The last of its events, by number
last() {
	sqlite3 -cmd '.timeout 10000' "file:$1/usage.db?mode=ro" "SELECT max(CAST(e.id AS INTEGER)) FROM event e JOIN source s ON s.id = e.source WHERE s.text = '$2'"
}

# What there is by the name of the ledger, whether or not its log is there
ledgers() {
	find . -maxdepth 1 -name 'usage.db*' ! -name 'usage.db-*' -printf '%f\n' | sort | paste -sd ' '
}

serve() {
	"$usaged" --config usaged.conf serve 2>>serve.log &
	worker=$!
	for _ in $(seq 100); do
		[ ! -S usaged.sock ] || break
		sleep 0.1
	done
}

stop() {
	kill -TERM "$worker"
	wait "$worker"
	worker=
}

run init --categories "$here/../../conf/categories.csv" >log || exit
run account add --name One --sid $account --created 2026-01-01 >log

# ---- while others write ----

events before 0 60000 >before.ndjson
events while 0 400000 >while.ndjson
run import before.ndjson >log || exit
serve
run import while.ndjson >import.log &
import=$!
until [ "$(count . while)" -gt 0 ]; do sleep 0.05; done
first=$(count . while)
try backup copy/usage.db
is "a backup is made while others write" "$code $err" "0 "
has "it says that the secret belongs to it" "$out" "keep $tmp/secret with it"
is "the import still ran when it was made" "$(kill -0 $import 2>>log && echo runs)" runs
wait $import
has "which was not disturbed" "$(cat import.log)" "total: 400000 created, 0 duplicate, 0 conflict, 0 rejected"
is "only its owner may read it" "$(stat -c %a copy/usage.db)" 600
is "it is one file" "$(ls -x copy)" "usage.db  usaged.conf"
is "without a log to look for" "$(od -An -tu1 -j18 -N2 copy/usage.db | tr -s ' ')" " 1 1"
is "every event that was acknowledged before is in it" "$(count copy before) $(($(count copy while) >= first))" "60000 1"
is "and the first of the others, without a gap" "$(last copy while)" "$(($(count copy while) - 1))"
is "it is a ledger, and true" "$(cd copy && run verify)" "$((60000 + $(count copy while))) events, 0 differences"
echo "# of 400000 events that came meanwhile, $(count copy while) are in the copy"

# ---- what it refuses ----

sum=$(cksum <copy/usage.db)
try backup copy/usage.db
is "nothing is overwritten unasked" "$code $err" "1 usaged backup: there is a file copy/usage.db already"
is "it is as it was" "$(cksum <copy/usage.db)" "$sum"
try backup --overwrite copy/usage.db
is "asked, it is" "$code $(count copy while)" "0 400000"
sqlite3 copy/usage.db "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; DELETE FROM event" ".shell cp copy/usage.db-wal left" >log
cp left copy/usage.db-wal
mkdir gone
run backup copy/whole.db >log
sed "s,^database.*,database = $PWD/gone/usage.db," usaged.conf >gone/usaged.conf
cp left gone/usage.db-wal
is "the log of a ledger that is gone is not taken for that of a restored one" "$("$usaged" --config gone/usaged.conf restore copy/whole.db >log && "$usaged" --config gone/usaged.conf verify)" \
	"460000 events, 0 differences"
rm copy/whole.db*
try backup --overwrite copy/usage.db
is "nor that of an earlier copy for this one's" "$code $(cd copy && run verify)" "0 460000 events, 0 differences"
ln -s usage.db link.db
for file in usage.db link.db; do
	try backup --overwrite $file
	is "the ledger itself is no place for it: $file" "$code $err" "1 usaged backup: $file is the ledger itself"
done
try backup nowhere/usage.db
has "a folder must be there" "$code $err" "1 usaged backup: nowhere/usage.db.part: No such file"
try backup
is "a file must be named" "$code" 2
exec 5>copy/other.db.part
flock 5
try backup copy/other.db
has "one backup of a name at a time" "$code $err" "1 usaged backup: another process is writing copy/other.db.part"
exec 5>&-
try backup copy/other.db
is "what one that died has left is taken over" "$code $(ls -x copy)" "0 other.db  usage.db  usaged.conf"
(
	ulimit -f 2000
	run backup copy/full.db >out 2>err
	echo $? >code
)
has "a copy that doesn't fit is an error" "$(cat code err)" "1
usaged backup: "
is "of which nothing is left" "$(ls -x copy)" "other.db  usage.db  usaged.conf"
rm copy/other.db

# ---- and back ----

events after 0 10 >after.ndjson
run import after.ndjson >log
try restore copy/usage.db
has "not while a server has it open" "$code $err" "1 usaged restore: usage.db is in use: first stop the server"
is "which goes on" "$(count . after)" 10
stop
sqlite3 usage.db >held <<-END &
	BEGIN; SELECT count(*) FROM account;
	.shell touch holds; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do test ! -e let_go || break; sleep 0.2; done
END
until [ -e holds ]; do sleep 0.05; done
try restore copy/usage.db
has "nor while anyone else has" "$code $err" "1 usaged restore: usage.db is in use"
touch let_go
wait $!
is "nothing has changed" "$(count . after) $(ledgers)" "10 usage.db"

for what in "SQLite format 3" "another file"; do
	{ printf '%s' "$what"; head -c 100000 /dev/urandom; } >damaged.db
	try restore damaged.db
	is "not what is no ledger: $what" "$code $(ledgers)" "1 usage.db"
done
cp copy/usage.db damaged.db
size=$(stat -c %s damaged.db)
dd if=/dev/urandom of=damaged.db bs=4096 seek=$((size / 8192)) count=8 conv=notrunc 2>>log
try restore damaged.db
has "nor a damaged one" "$code $err" "1 usaged restore: the "
has "which is said" "$err" "damaged"
head -c $((size / 2)) copy/usage.db >damaged.db
try restore damaged.db
has "nor half of one" "$code $err" "1 usaged restore: the "
sqlite3 foreign.db 'CREATE TABLE t (x)'
try restore foreign.db
has "nor another program's" "$code $err" "1 usaged restore: foreign.db is a database of another program"
try restore usage.db
has "nor itself" "$code $err" "is the ledger itself"
try restore nowhere.db
has "nor nothing" "$code $err" "nowhere.db: No such file"
is "all is as it was" "$(count . after) $(ledgers)" "10 usage.db"

chmod 640 usage.db
USAGED_CLOCK=2026-11-21T12:00:00Z try restore copy/usage.db
is "a copy becomes the ledger" "$code $out" "0 usage.db is what copy/usage.db holds
the ledger that was there is now usage.db.20261121T120000Z"
is "with its mode" "$(stat -c %a usage.db)" 640
is "the old one is kept" "$(ledgers)" "usage.db usage.db.20261121T120000Z"
is "it holds what the copy holds" "$(count . before) $(count . while) $(count . after)" "60000 400000 0"
serve
try import after.ndjson
has "it is served and written" "$out" "total: 10 created"
is "and true" "$(run verify)" "460010 events, 0 differences"
stop

# A log that can't be brought into its ledger any more goes with it, and is used again if that is
mkdir small
sed 's|^secret_file.*|secret_file = secret|' usaged.conf >small/usaged.conf
(
	cd small || exit
	run init --categories "$here/../../conf/categories.csv"
	run account add --name One --sid $account --created 2026-01-01
	run backup ../small.db
	sqlite3 usage.db "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE big (x);
		INSERT INTO big SELECT randomblob(1000) FROM generate_series(1, 4000)" ".shell kill -9 \$PPID"
	ulimit -f 2000
	USAGED_CLOCK=2026-11-21T13:00:00Z run restore ../small.db
	echo $? >../code
) >log 2>&1
is "a ledger that can't be closed properly can be replaced" "$(cat code) $(cd small && run verify)" "0 0 events, 0 differences"
is "and keeps its log" "$(sqlite3 small/usage.db.20261121T130000Z 'SELECT count(*) FROM big')" 4000
head -c 5000 /dev/urandom >usage.db
rm -f usage.db-*
try restore copy/usage.db
is "so can a damaged one" "$code $(run verify)" "0 460000 events, 0 differences"
rm usage.db usage.db.*
try restore copy/usage.db
is "or one that is gone" "$code $out $(run verify)" "0 usage.db is what copy/usage.db holds 460000 events, 0 differences"

finish
