#!/bin/sh
# doctor.sh - `usaged doctor` on a server of its own: all is right; then each thing is broken once, and doctor says what to do.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
usaged=$(realpath "${USAGED:-$here/../../usaged}")
tmp=$(mktemp -d)
unset USAGED_CONFIG
worker=
cleanup() {
	[ ! "$worker" ] || kill "$worker"
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT
cd "$tmp" || exit

write_settings() {
	cat >usaged.conf <<-END
		[ledger]
		database = ledger/usage.db
		secret_file = ledger/secret
		[server]
		socket = usaged.sock
		templates = ${1:-$here/../../templates}
		${2-}
	END
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
	kill "$worker"
	wait "$worker"
	worker=
}

run() {
	"$usaged" --config usaged.conf "$@"
}

# Runs doctor: $out and $code are what came of it.
look() {
	out=$(run doctor --certificate cert.pem --nginx-user "$(id -un)" 2>&1)
	code=$?
}

# well: nothing is to do
well() {
	look
	is "$1" "$code $(echo "$out" | grep 'TO DO')" "0 "
}

# sick SENTENCE NAME PART: the line NAME says PART, and doctor fails
sick() {
	is "$1: exit code" "$code" 1
	has "$1: what to do" "$(echo "$out" | grep "^TO DO  $2 ")" "$3"
}

write_settings
mkdir -m 700 ledger
run init --categories "$here/../../conf/categories.csv" >init.log
openssl req -x509 -newkey ed25519 -nodes -keyout key.pem -out cert.pem -days 90 -subj /CN=localhost 2>/dev/null
serve
well "a new ledger"
has "which the server will verify" "$out" "note   verification  not yet"
out=$(USAGED_CLOCK=$(date -u -d '+2 days' +%Y-%m-%dT12:00:00Z) run doctor)
code=$?
sick "an older ledger" verification "was never verified; run: usaged verify"
run verify >/dev/null
well "a running server with a verified ledger"
is "there is a line for each check" "$(echo "$out" | wc -l)" 13
has "it has no backup, which is only a note" "$out" "note   backup"

# ---- settings ----

write_settings "$tmp/nowhere"
look
sick "no templates" settings "nowhere"
printf '[webhooks]\nca_file = %s\n' "$tmp/usaged.conf" >ca.part
write_settings
cat ca.part >>usaged.conf
look
sick "receivers' certificates that are none" settings "webhooks.ca_file"
write_settings
printf '[feeds]\nfreeswitch = %s\n' "$tmp/nowhere" >>usaged.conf
look
sick "no mapping" settings "nowhere"
write_settings "" "colour = red"
look
is "a wrong setting: exit code" "$code" 1
has "a wrong setting: where" "$out" "server.colour"
write_settings

for folder in "$tmp/usaged.conf" "$tmp/nowhere/deep" "$tmp/usaged.conf/deep"; do
	printf '[backup]\nfolder = %s\n' "$folder" >>usaged.conf
	look
	sick "backups into ${folder#"$tmp/"}" settings "backup.folder"
	is "the server says the same" "$(run serve 2>&1 | grep -c backup.folder)" 1
	write_settings
done

# ---- files ----

for file in /dev/null "$tmp"; do
	sed "s|^database = .*|database = $file|; s|^secret_file = .*|secret_file = $file|" usaged.conf >odd.conf
	out=$("$usaged" --config odd.conf doctor 2>&1)
	code=$?
	sick "$file as the ledger" "ledger file" "$file is not a regular file; correct the setting ledger.database"
	sick "$file as the secret" "secret file" "$file is not a regular file; correct the setting ledger.secret_file"
	has_not "no command for $file" "$out" "run: ch"
done

chmod 644 ledger/usage.db
look
sick "a ledger that others may read" "ledger file" "chmod 640"
chmod 600 ledger/usage.db
chmod 640 ledger/secret
look
sick "a secret that others may read" "secret file" "chmod 600"
chmod 600 ledger/secret
mv ledger/secret kept
look
sick "no secret" "secret file" "put back the copy"
head -c 31 kept >ledger/secret
chmod 600 ledger/secret
look
sick "a short secret" "secret file" "put back the copy"
cp -p kept ledger/secret
if [ "$(id -u)" = 0 ]; then
	chown 1 ledger/usage.db
	look
	sick "a ledger of another user" "ledger file" "chown root"
	chown 0 ledger/usage.db
	: >>ledger/usage.db-wal
	chown 1 ledger/usage.db-wal
	look
	sick "a log of another user" "log files" "chown root"
	chown 0 ledger/usage.db-wal
else
	echo "# skipped: files of another user need root"
fi
well "all is as before"

# ---- the certificate ----

# the last verification is of today, so only what the certificate says counts here
later=$(date -u -d '+80 days' +%Y-%m-%dT12:00:00Z)
out=$(USAGED_CLOCK=$later run doctor --certificate cert.pem)
code=$?
sick "a certificate that ends soon" certificate "renew it"
out=$(USAGED_CLOCK=$(date -u -d '+100 days' +%Y-%m-%dT12:00:00Z) run doctor --certificate cert.pem)
code=$?
sick "a certificate that has ended" certificate "cert.pem ended on"
out=$(run doctor --certificate key.pem)
code=$?
sick "a file that is no certificate" certificate "there is no certificate in PEM"

# ---- receivers' certificates ----

printf '[webhooks]\nca_file = %s\n' "$tmp/cert.pem" >>usaged.conf
well "a file of certificates"
has "its line" "$out" "ok     receivers     those of callbacks are verified by $tmp/cert.pem"
write_settings
if unshare --mount true 2>/dev/null; then
	# shellcheck disable=SC2016  # $ is for the inner shell
	out=$(unshare --mount sh -c 'mount -t tmpfs tmpfs /etc/ssl/certs && "$1" --config usaged.conf doctor' sh "$usaged")
	has "the system has none" "$out" "note   receivers     /etc/ssl/certs/ca-certificates.crt is not there"
else
	echo "# skipped: no file system can be mounted here"
fi
printf '[webhooks]\nsend = no\n' >>usaged.conf
well "no callbacks"
has "their line" "$out" "note   receivers     webhooks.send = no"
write_settings

# ---- clock, zones, disk ----

out=$(USAGED_CLOCK=2020-01-01T00:00:00Z run doctor)
code=$?
sick "a clock that is wrong" clock "set the clock"
mkdir zones
out=$(TZDIR=$tmp/zones run doctor)
code=$?
sick "no time zones" "time zones" "install the package tzdata"
mkdir small
if mount -t tmpfs -o size=20m tmpfs small 2>/dev/null; then
	cp -p ledger/usage.db ledger/secret small
	sed 's/ledger\//small\//' usaged.conf >small.conf
	small=$("$usaged" --config small.conf doctor)
	code=$?
	printf '[backup]\nfolder = %s/small\n' "$tmp" >>usaged.conf
	look
	write_settings
	umount small
	has "a small disk for backups" "$(echo "$out" | grep "^TO DO  backup ")" "the disk of $tmp/small has too little room"
	out=$small
	sick "a small disk" disk "make room"
else
	echo "# skipped: no file system can be mounted here"
fi

# ---- the ledger ----

later=$(date -u -d '+10 days' +%Y-%m-%dT12:00:00Z)
out=$(USAGED_CLOCK=$later run doctor)
code=$?
sick "a verification of ten days ago" verification "usaged verify"
now=$(date +%s)
sqlite3 ledger/usage.db "UPDATE meta SET value = $now WHERE name = 'verified'; UPDATE meta SET value = $now - 1 WHERE name = 'verified_whole'"
out=$(USAGED_CLOCK=$later run doctor)
sick "a daily verification without the weekly one" verification "the whole ledger was last verified"
look
has "the daily verification" "$out" "no differences in what had changed at"
run account add --name Test >/dev/null
sqlite3 ledger/usage.db "UPDATE meta SET value = 3 WHERE name = 'differences'"
look
sick "differences" verification "3 differences; run: usaged verify, then: usaged rebuild"
run verify >/dev/null
version=$(sqlite3 ledger/usage.db 'PRAGMA user_version')
sqlite3 ledger/usage.db 'PRAGMA user_version = 99'
look
sick "a ledger of another version" ledger "99"
sqlite3 ledger/usage.db "PRAGMA user_version = $version"
well "all is as before"

# ---- backups ----

printf '[backup]\nfolder = backups\n' >>usaged.conf
well "a new ledger that has no backup yet"
has "which the server will make" "$out" "note   backup        there is none in"
out=$(USAGED_CLOCK=$(date -u -d '+2 days' +%Y-%m-%dT12:00:00Z) run doctor --certificate cert.pem)
code=$?
sick "an older ledger that has no backup" backup "there is none in"
now=$(date +%s)
sqlite3 ledger/usage.db "INSERT INTO meta (name, value) VALUES ('backup', $now - 60)"
well "a backup of a minute ago"
has "its line" "$out" "ok     backup"
sqlite3 ledger/usage.db "INSERT INTO meta (name, value) VALUES ('backup_failed', $now - 30)"
look
sick "a failed backup" backup "failed; the server's log says why"
sqlite3 ledger/usage.db "DELETE FROM meta WHERE name = 'backup_failed'"
mkdir -m 755 backups
well "a folder for backups"
if [ "$(id -u)" = 0 ]; then
	chown 1 ledger ledger/* .
	look
	sick "a folder of another user" backup "may not write into backups; run: chown"
	chown 0 ledger ledger/* .
fi

# ---- the socket ----

chmod 000 usaged.sock
if [ "$(id -u)" = 0 ]; then
	out=$(run doctor --certificate cert.pem --nginx-user nobody)
	code=$?
	sick "a socket that nginx may not use" socket "nginx's user nobody may not use"
fi
chmod 660 usaged.sock
out=$(run doctor --nginx-user no-such-user)
code=$?
sick "a user that is not there" socket "there is no user no-such-user"
stop
look
sick "no server" socket "start the server"
: >usaged.sock
look
sick "a file in its place" socket "is not a socket; correct the setting server.socket"
rm usaged.sock
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("usaged.sock")'
look
sick "a socket that a dead server left" socket "no server answers"
rm usaged.sock
rm ledger/usage.db*
look
sick "no ledger" "ledger file" "usaged init"

finish
