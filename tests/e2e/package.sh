#!/bin/bash
# package.sh - Debian's package: built, read by lintian, installed in a new Debian 12, used there through nginx as a new user would, upgraded,
# removed and purged. As no systemd runs in that Debian, the test runs the commands of the unit under its filter.
#
# Building needs debhelper, and the rest needs root and debootstrap; without these the test says what it skips. The new Debian comes from
# the mirror that apt uses here, or is a copy of the folder DEBIAN, which debootstrap made before.
# shellcheck disable=SC2016  # $ in single quotes is for others
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

if ! { command -v dh && command -v lintian; } >/dev/null; then
	echo "debhelper and lintian are not installed here"
	exit 77
fi

# Mounts and processes of the test end with it.
alone=(unshare --mount --pid --fork --kill-child --mount-proc)
if [ ! "${PACKAGE_ALONE:-}" ] && [ "$(id -u)" = 0 ] && "${alone[@]}" unshare --net true 2>/dev/null; then
	PACKAGE_ALONE=1 exec "${alone[@]}" "$0" "$@"
fi

# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/usaged-package.XXXXXX")
root=$tmp/debian
trap 'umount -l "$root/proc" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$tmp"

# ---- the new Debian, made while the package is built ----

# The mirror that apt uses here for Debian 12
mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' 'Label: Debian' 2>/dev/null | head -n 1
}

make_debian() {
	if [ "${DEBIAN:-}" ]; then
		cp -a "$DEBIAN" "$root"
	else
		debootstrap --variant=minbase bookworm "$root" "$(mirror)"
	fi || return
	apt-config dump | grep -i '^Acquire::[a-z]*::Proxy' >"$root/etc/apt/apt.conf.d/90proxy"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fast"
	# programs do not start by themselves in a folder
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	inside apt-get -qq update
}

inside() {
	env -u USAGED_CONFIG -u TMPDIR PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

reason=
[ "${PACKAGE_ALONE:-}" ] || reason="it takes root that may mount"
command -v debootstrap >/dev/null || reason="there is no debootstrap here"
[ "$(mirror)" ] || reason="apt has no mirror of Debian 12 here"
debian=
if [ ! "$reason" ]; then
	make_debian >"$tmp/debootstrap.log" 2>&1 &
	debian=$!
fi

# ---- building ----

"$top/tools/copy-source" "$top" "$tmp/source/usaged" || exit
(cd "$tmp/source/usaged" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc) >"$tmp/build.log" 2>&1
built=$?
is "dpkg-buildpackage builds the package" "$built" 0
[ "$built" = 0 ] || { tail -n 30 "$tmp/build.log"; finish; exit 1; }
version=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)
is "its version is the program's" "$version" "$(sed -n 's/^AC_INIT(\[usaged\], \[\(.*\)\])/\1/p' "$top/configure.ac")"
is "lintian has no errors or warnings" "$(lintian --fail-on error,warning --allow-root "$tmp"/source/*.changes 2>&1)" ""

if [ ! "$reason" ] && ! wait "$debian"; then
	reason="Debian 12 could not be made: $(tail -n 1 "$tmp/debootstrap.log")"
fi
if [ "$reason" ]; then
	echo "# skipped: installing, using, upgrading, removing and purging the package: $reason"
	finish
	exit
fi

# ---- the commands of the unit, and nginx, in a network of their own ----

unit=$root/lib/systemd/system/usaged.service
first=$root/var/lib/usaged/first-password

unit_lines() {
	sed -n "s/^$1=//p" "$unit"
}

# Brings up lo, and stays.
network="import fcntl, signal, socket, struct
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack('16sH14x', b'lo', 1))
print('up', flush=True)
signal.pause()"
coproc NETWORK { exec unshare --net python3 -c "$network"; }
read -r _ <&"${NETWORK[0]}"
# shellcheck disable=SC2153  # bash sets NETWORK_PID
holder=$NETWORK_PID

# In front of a command; arrays, so that a command in the background is one process.
in_network=(nsenter --net="/proc/$holder/ns/net")
under=("${in_network[@]}" python3 "$here/under_unit.py" --root "$root" "$unit")

service=
start_service() {
	local line i
	inside install -d -m "$(unit_lines RuntimeDirectoryMode)" -o usaged -g www-data "/run/$(unit_lines RuntimeDirectory)"
	while read -r line; do
		# shellcheck disable=SC2086  # a command line
		"${under[@]}" $line || return
	done < <(unit_lines ExecStartPre)
	# shellcheck disable=SC2046
	"${under[@]}" $(unit_lines ExecStart) >>"$tmp/service.log" 2>&1 &
	service=$!
	for ((i = 0; i < 600; i++)); do
		[ ! -S "$root/run/usaged/usaged.sock" ] || return 0
		kill -0 "$service" 2>/dev/null || return
		sleep 0.1
	done
	return 1
}

stop_service() {
	kill "$service" && wait "$service"
}

# Answers in $tmp/body; prints the status. Passwords and keys are in files, as on any machine with other users.
ask() {
	"${in_network[@]}" curl -s --noproxy '*' --cacert "$root/etc/usaged/tls/cert.pem" -o "$tmp/body" -w '%{http_code}' "$@"
}

# NAME: its value in the JSON of the last answer
member() {
	grep -o "\"$1\":\"[^\"]*\"" "$tmp/body" | head -n 1 | cut -d'"' -f4
}

as_admin() {
	printf 'user = "admin:%s"\n' "$(cat "$1")" >"$tmp/admin"
	shift
	ask -K "$tmp/admin" "$@"
}

reports() {
	is "$1" "$(ask -K "$tmp/account" "https://localhost/2010-04-01/Accounts/$account/Usage/Records/AllTime.json?Category=calls-inbound")" 200
	has "$1, with the event" "$(cat "$tmp/body")" '"usage":"2.5"'
}

install_package() {
	cp "$1" "$root/tmp/"
	inside apt-get install -y --no-install-recommends "/tmp/${1##*/}" logrotate >"$tmp/apt.log" 2>&1
}

# ---- installing ----

mount -t proc proc "$root/proc"
install_package "$tmp/source/usaged_${version}_$(dpkg --print-architecture).deb"
installed=$?
is "apt installs it in a new Debian 12" "$installed" 0
[ "$installed" = 0 ] || { tail -n 30 "$tmp/apt.log"; finish; exit 1; }
has "and says where the first password is" "$(cat "$tmp/apt.log")" "with the password in /var/lib/usaged/first-password"
is "which only root can read" "$(stat -c '%a %U' "$first")" "600 root"
is "even if another takes over the server" "$(inside setpriv --reuid=usaged --regid=www-data --clear-groups cat /var/lib/usaged/first-password 2>&1)" \
	"cat: /var/lib/usaged/first-password: Permission denied"
has_not "nginx takes the site" "$(cat "$tmp/apt.log")" "has errors"
has_not "the password is nowhere in what apt said" "$(cat "$tmp/apt.log")" "$(cat "$first")"
is "the ledger has one user" "$(inside usaged user list | cut -f1,2)" "admin	SystemAdministrator"
is "and no account" "$(inside usaged account list)" ""
is "it belongs to the server" "$(inside stat -c '%a %U %G' /var/lib/usaged)" "700 usaged www-data"
is "the key of the certificate is root's" "$(inside stat -c '%a %U' /etc/usaged/tls/key.pem)" "600 root"
is "systemd will start it" "$(inside systemctl is-enabled usaged)" enabled
for file in share/man/man8/usaged.8.gz share/bash-completion/completions/usaged share/zsh/vendor-completions/_usaged \
	share/usaged/mappings/freeswitch.ini share/usaged/monitoring/usaged-alerts.yml lib/systemd/system/usaged-follow@.service share/doc/usaged/README.gz; do
	is "/usr/$file is there" "$(ls "$root/usr/$file")" "$root/usr/$file"
done

# ---- a new user ----

start_service
is "the unit's commands start the server under its filter" $? 0
if [ ! -e /proc/net/if_inet6 ]; then
	sed -i 's/listen \[::\][^;]*;//' "$root"/etc/nginx/sites-available/*
	echo "# there is no IPv6 here: nginx listens to IPv4 alone"
fi
"${in_network[@]}" chroot "$root" nginx
is "nginx starts with the package's site" $? 0
is "the certificate is good for the host" "$(ask https://localhost/readyz)" 200
is "doctor finds nothing to do" "$(inside usaged doctor | grep 'TO DO')" ""
is "the page to sign in is there" "$(ask https://localhost/login -H 'Accept: text/html')" 200
cp "$first" "$tmp/old"
printf 'data-urlencode = "UserName=admin"\ndata-urlencode = "Password=%s"\n' "$(cat "$first")" >"$tmp/signin"
is "admin signs in with the first password" "$(ask -K "$tmp/signin" https://localhost/auth/credentials)" 200
is "makes an account" "$(as_admin "$first" -d name=Northwind -d currency=usd -d created=2026-01-01 https://localhost/accounts)" 201
account=$(member sid)
is "a key to read it" "$(as_admin "$first" -d role=Account -d "account=$account" https://localhost/keys)" 201
printf 'user = "%s:%s"\n' "$account" "$(member secret)" >"$tmp/account"
is "and one to send events" "$(as_admin "$first" -d role=Ingest https://localhost/keys)" 201
printf 'header = "Authorization: Bearer %s"\n' "$(member secret)" >"$tmp/ingest"
event='{"specversion":"1.0","type":"usage","source":"/test","id":"1","subject":"'$account'","time":"2026-02-03T10:00:00Z","data":{"category":"calls-inbound","usage":"2.5","price":"0.017"}}'
is "an event is stored" "$(ask -K "$tmp/ingest" -H 'Content-Type: application/cloudevents+json' -d "$event" https://localhost/events)" 200
has "once" "$(cat "$tmp/body")" '"created":1'
reports "the account reads its usage"
is "the file stays until the password is changed" "$(ls "$first")" "$first"
new=$tmp/new
head -c 12 /dev/urandom | base64 >"$new"
printf 'data-urlencode = "current_password=%s"\ndata-urlencode = "password=%s"\n' "$(cat "$first")" "$(cat "$new")" >"$tmp/change"
is "admin changes it" "$(as_admin "$first" -K "$tmp/change" https://localhost/profile/password)" 200
is "then the file is gone" "$(ls "$first" 2>/dev/null)" ""
is "the new one works" "$(as_admin "$new" https://localhost/accounts.json)" 200
is "the old one does not" "$(as_admin "$tmp/old" https://localhost/accounts.json)" 401
inside logrotate -f /etc/logrotate.d/usaged
ask https://localhost/rotated >/dev/null
is "the log is rotated" "$(ls "$root"/var/log/usaged)" "$(printf 'access.log\naccess.log.1')"
has "and nginx writes to the new one" "$(sleep 1; cat "$root/var/log/usaged/access.log")" "/rotated"
is "no log has a password" "$(grep -rlFf "$tmp/old" -e "$(cat "$new")" "$root/var/log" "$tmp/service.log" "$tmp/apt.log")" ""

# ---- a higher version: the same files, with another number ----

repack() {
	dpkg-deb -R "$1" "$tmp/repack" && sed -i "s/^Version: .*/Version: $2/" "$tmp/repack/DEBIAN/control" &&
		dpkg-deb --root-owner-group -b "$tmp/repack" "$3"
}

is "the server has made a folder for its backups" "$(stat -c '%u %a' "$root/var/lib/usaged/backup")" "$(stat -c '%u' "$root/var/lib/usaged/secret") 700"
stop_service
is "SIGTERM stops the server" $? 0
inside usaged backup /var/lib/usaged/backup.db
sed -i 's/^name = .*/name = ours/' "$root/etc/usaged/usaged.conf"
before=$(sha256sum "$root/etc/usaged/tls/cert.pem" "$root/etc/usaged/usaged.conf" "$root/var/lib/usaged/secret")
repack "$tmp"/source/usaged_"${version}"_*.deb "$version+1" "$tmp/usaged_$version+1.deb" >/dev/null
install_package "$tmp/usaged_$version+1.deb"
is "apt upgrades it" "$? $(inside dpkg-query -W -f '${Version}' usaged)" "0 $version+1"
is "settings, certificate and secret stay" "$(sha256sum "$root/etc/usaged/tls/cert.pem" "$root/etc/usaged/usaged.conf" "$root/var/lib/usaged/secret")" "$before"
is "no other password is made" "$(ls "$first" 2>/dev/null)" ""
start_service
is "the server starts" $? 0
reports "after the upgrade"
stop_service

# ---- a ledger of the first version ----

# Its statements stand first in the list of what brings a ledger forward.
old_ledger() {
	gcc -E -P -D_GNU_SOURCE -I"$top/src" "$top/src/store/sqlite/schema.c" | python3 -c '
import ast, re, sys
text = sys.stdin.read()
sql = re.search(r"schema_sqlite\[\]\s*=.*?\.sql\s*=\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)", text, re.S).group(1)
print(ast.literal_eval("(" + sql + ")"), "PRAGMA application_id = 0x75736764; PRAGMA user_version = 1;")'
}

mv "$root/var/lib/usaged/usage.db" "$tmp/usage.db"
old_ledger | sqlite3 "$root/var/lib/usaged/usage.db"
inside chown usaged:www-data /var/lib/usaged/usage.db
is "a reader refuses the ledger of an older version" "$(inside usaged account list 2>&1 | grep -c version)" 1
start_service
is "the server brings it forward" "$? $(inside usaged account list 2>&1)" "0 "
stop_service
is "and it is whole" "$(inside usaged verify | cut -d, -f1)" "0 events"
rm -f "$root"/var/lib/usaged/usage.db*
mv "$tmp/usage.db" "$root/var/lib/usaged/usage.db"

# ---- removing and purging ----

inside apt-get remove -y usaged >"$tmp/apt.log" 2>&1
is "apt removes it" "$? $(ls "$root/usr/bin/usaged" 2>/dev/null)" "0 "
is "the ledger stays" "$(ls "$root/var/lib/usaged")" "$(printf 'backup\nbackup.db\nsecret\nusage.db')"
is "so do the settings" "$(grep '^name' "$root/etc/usaged/usaged.conf")" "name = ours"
is "nginx is without the site" "$(inside nginx -t 2>&1 | tail -n 1; ls "$root/etc/nginx/sites-enabled")" \
	"$(printf 'nginx: configuration file /etc/nginx/nginx.conf test is successful\ndefault')"
install_package "$tmp/usaged_$version+1.deb"
is "installed again, it has the site" "$? $(ls "$root/etc/nginx/sites-enabled/usaged")" "0 $root/etc/nginx/sites-enabled/usaged"
start_service
reports "and the ledger"
stop_service
sed -i 's|^database = .*|database = /srv/ledger/usage.db|; s|^folder = .*|folder = /srv/backups|' "$root/etc/usaged/usaged.conf"
inside apt-get purge -y usaged >"$tmp/apt.log" 2>&1
is "apt purges it" $? 0
is "settings, certificate and logs are gone" "$(ls -d "$root"/etc/usaged "$root"/var/log/usaged "$root"/etc/nginx/sites-*/usaged "$root"/etc/logrotate.d/usaged 2>/dev/null)" ""
is "ledger and backups are kept" "$(ls "$root/var/lib/usaged")" "$(printf 'backup\nbackup.db\nsecret\nusage.db')"
has "it prints where the ledger is" "$(cat "$tmp/apt.log")" /srv/ledger/usage.db
has "and its secret file" "$(cat "$tmp/apt.log")" /var/lib/usaged/secret
has "and its backups" "$(cat "$tmp/apt.log")" /srv/backups

"${in_network[@]}" chroot "$root" nginx -s stop 2>/dev/null
kill "$holder"
finish
