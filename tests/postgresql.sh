#!/bin/bash
# postgresql.sh COMMAND... - runs the command with USAGED_TEST_STORE set to the address of a private PostgreSQL server, in a folder of
# its own, which is gone afterwards. The server syncs nothing: it is as quick as it can be, and forgets all when the machine stops. With
# FSYNC=on it syncs. USAGED_TEST_SERVER is the pid of the server.
# PLACES=N: ledgers are made as if they were distributed by Citus over N places, so that each question is asked as there.
# As root, the server runs as the user nobody.
set -u

bin=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || { echo "postgresql.sh: PostgreSQL's server is missing (Debian: postgresql)" >&2; exit 77; }
folder=$(mktemp -d /tmp/usaged-pg.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	chown nobody:nogroup "$folder"
fi

stop() {
	"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
	rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

server() {
	cd / && "${as[@]}" env HOME="$folder" "$@"
}

(server "$bin/initdb" -D "$folder/data" -U usaged -A trust -E UTF8 --no-sync --locale=C.UTF-8 &&
	server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start -o "-k $folder -c listen_addresses= -c fsync=${FSYNC:-off} -c max_connections=200 \
		-c shared_buffers=64MB -c max_prepared_transactions=0 -c min_wal_size=512MB" &&
	server "$bin/createdb" -h "$folder" -U usaged usaged &&
	server psql -h "$folder" -U usaged -c "ALTER DATABASE usaged SET usaged.places = '${PLACES:-}'" usaged) >"$folder/start" 2>&1 || { cat "$folder/start" "$folder/log" >&2; exit 1; }

USAGED_TEST_SERVER=$(head -n 1 "$folder/data/postmaster.pid")
export USAGED_TEST_SERVER
[ -z "${PLACES:-}" ] || export USAGED_TEST_PLACES=$PLACES
export USAGED_TEST_STORE="postgresql:///usaged?host=$folder&user=usaged"
"$@"
