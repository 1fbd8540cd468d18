#!/bin/sh
# nginx.sh - what nginx answers by itself, against the server that USAGED_CREDENTIALS describes.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
# shellcheck disable=SC1090  # made by ./start
. "${USAGED_CREDENTIALS:?must name the credentials of a running server}"
var=$(dirname "$USAGED_CREDENTIALS")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Body in $tmp/body, headers in $tmp/head; prints "STATUS TYPE".
get() {
	: >"$tmp/body"
	curl -s --noproxy '*' --cacert "$CA_CERT" -D "$tmp/head" -o "$tmp/body" -w '%{http_code} %{content_type}' "$@"
}
body() {
	cat "$tmp/body"
}
header() {
	tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //Ip"
}

twilio=$BASE_URL/2010-04-01/Accounts/$ACCOUNT_SID/Usage/Records
supersim=$BASE_URL/v1/UsageRecords
evo=$BASE_URL/ai/usage
billing=$BASE_URL/billing/usage
head -c 8500000 /dev/zero >"$tmp/big"
long=$(head -c 9000 /dev/zero | tr '\0' a)

# ---- errors in the caller's words ----

is "413 in Twilio's XML" "$(get --data-binary "@$tmp/big" "$twilio")" "413 application/xml"
has "with its element" "$(body)" "<Status>413</Status></RestException></TwilioResponse>"
is "and a request id" "$(header Twilio-Request-Id | sed 's/^RQ[0-9a-f]\{32\}$/RQ/')" RQ
is "413 in Twilio's JSON by suffix" "$(get --data-binary "@$tmp/big" "$twilio.json")" "413 application/json; charset=utf-8"
has "with its member" "$(body)" '"status":413'
is "413 in Super SIM's JSON" "$(get --data-binary "@$tmp/big" "$supersim")" "413 application/json; charset=utf-8"
is "413 in ServiceStack's JSON" "$(get --data-binary "@$tmp/big" "$evo")" "413 application/json; charset=utf-8"
is "with its word" "$(body)" '{"responseStatus":{"errorCode":"RequestEntityTooLarge","message":"The body is larger than this server takes; send it in parts.","errors":[]}}'
for path in $(curl -s --noproxy '*' --cacert "$CA_CERT" -u "$ADMIN_USER:$ADMIN_PASSWORD" "$BASE_URL/operations.json" | tr '{' '\n' |
	sed -n 's/.*"path":"\(\/[a-z0-9]*\).*"dialect":"usaged".*/\1/p' | sort -u); do
	is "413 in the ledger's JSON: $path" "$(get --data-binary "@$tmp/big" "$BASE_URL$path")" "413 application/json; charset=utf-8"
	is "with its members: $path" "$(body)" '{"message":"The body is larger than this server takes; send it in parts.","status":413}'
done
is "413 in CSV by ?format=" "$(get --data-binary "@$tmp/big" "$evo?format=csv")" "413 text/csv"
is "413 in XML by Accept" "$(get --data-binary "@$tmp/big" -H 'Accept: application/xml' "$evo")" "413 application/xml"
is "a type without q comes before one with" "$(get --data-binary "@$tmp/big" -H 'Accept: text/csv;q=0.2, application/xml' "$evo")" "413 application/xml"
is "q=0 is a refusal" "$(get --data-binary "@$tmp/big" -H 'Accept: text/csv;q=0, application/xml;q=0.1' "$evo")" "413 application/xml"
is "a browser gets a page" "$(get --data-binary "@$tmp/big" -H 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' "$evo")" "413 text/html; charset=utf-8"
has "of our own" "$(body)" "/static/style.css"
is "413 over HTTP/1.1" "$(get --http1.1 --data-binary "@$tmp/big" "$evo")" "413 application/json; charset=utf-8"
is "414 in Twilio's words" "$(get --http1.1 "$twilio.json?x=$long")" "414 application/json; charset=utf-8"
has "with the status" "$(body)" '"status":414'
is "431 when headers are too large" "$(get --http1.1 -H "X-Long: $long" "$supersim")" "431 application/json; charset=utf-8"
is "404 of a file" "$(get "$BASE_URL/static/nothing.css")" "404 application/json; charset=utf-8"
is "405 of a file" "$(get -X DELETE "$BASE_URL/static/style.css")" "405 application/json; charset=utf-8"
is "the folder of errors is not for callers" "$(get "$BASE_URL/_error/twilio/404.json")" "404 application/json; charset=utf-8"
is "plain HTTP on the TLS port is 400" "$(get "http${BASE_URL#https}/v1/UsageRecords")" "400 application/json; charset=utf-8"
has "in the caller's words" "$(body)" '"code":83600'
is "a NUL in the path is 400" "$(get --http1.1 "$twilio%00.json")" "400 application/json; charset=utf-8"
has "and says where to look" "$(body)" "its address or a header is malformed"
is "errors are not kept" "$(header Cache-Control)" no-store

# ---- headers, files, TLS ----

is "a file is served" "$(get "$BASE_URL/static/style.css")" "200 text/css"
for page in "$BASE_URL/static/style.css" "$BASE_URL/static/nothing" "$twilio.json"; do
	get "$page" >/dev/null
	has "$page: policy" "$(header Content-Security-Policy)" "default-src 'none'; style-src 'self';"
	has "$page: HSTS" "$(header Strict-Transport-Security)" "max-age="
	is "$page: nosniff, once" "$(header X-Content-Type-Options)" nosniff
	is "$page: referrer" "$(header Referrer-Policy)" same-origin
	is "$page: no version" "$(header Server)" nginx
done
get --compressed -u "$ADMIN_USER:$ADMIN_PASSWORD" "$billing.json" >/dev/null
is "answers are compressed" "$(header Content-Encoding)" gzip
is "HTTP/2" "$(get -w '%{http_version}' -o /dev/null "$evo")" 2
is "TLS 1.1 is refused" "$(get --tls-max 1.1 "$evo")" "000 "
is "TLS 1.2 is good" "$(get --tls-max 1.2 -u "$ADMIN_USER:$ADMIN_PASSWORD" "$billing.json")" "200 application/json; charset=utf-8"
is "a Proxy: header does no harm" "$(get -H 'Proxy: http://127.0.0.1:1' -u "$ADMIN_USER:$ADMIN_PASSWORD" "$billing.json")" "200 application/json; charset=utf-8"

# ---- limits by network, behind another proxy ----

# A second nginx with the same site, which lets each network make two requests, and believes the proxy at 127.0.0.1.
limited=$tmp/limited
port=$(node -e 's = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
mkdir -p "$limited"
sed -e "s/:${BASE_URL##*:} /:$port /g" -e 's|rate=[0-9]*r/s|rate=1r/m|' -e 's/burst=[0-9]*/burst=1/' -e "s|$var/access.log|$limited/access.log|" \
	"$var/nginx/site.conf" >"$limited/site.conf"
sed -e "s|$var/nginx.pid|$limited/pid|" -e "s|$var/nginx-error.log|$limited/error.log|" -e "s|$var/nginx|$limited|" -e 's/^daemon off/daemon on/' \
	-e 's/^http {/&\nset_real_ip_from 127.0.0.1;\nset_real_ip_from ::1;\nreal_ip_header X-Forwarded-For;/' "$var/nginx/nginx.conf" >"$limited/nginx.conf"
PATH=$PATH:/usr/sbin:/sbin
# ADDRESS...: the statuses of a request from each
from() {
	for address; do
		get -o /dev/null -w '%{http_code} ' -H "X-Forwarded-For: $address" "https://localhost:$port/v1/UsageRecords"
	done
}
if nginx -e "$limited/error.log" -c "$limited/nginx.conf"; then
	is "a client has its share" "$(from 198.51.100.1 198.51.100.1 198.51.100.1)" "401 401 429 "
	is "another IPv4 address has one of its own" "$(from 198.51.100.2 198.51.100.3)" "401 401 "
	is "all addresses of an IPv6 network share one" "$(from 2001:db8:1:2::1 2001:db8:1:2:ffff::7 2001:db8:1:2:a:b:c:d)" "401 401 429 "
	is "the network beside it has its own" "$(from 2001:db8:1:3::1 2001:db8:2:2::1)" "401 401 "
	is "whatever bytes are in it" "$(from 2001:a0a:a0a:a0a::1 2001:a0a:a0a:a0a:a0a:a0a:a0a:a0a 2001:a0a:a0a:a0a::2 2001:a0a:a0a:a0b::1)" "401 401 429 401 "
	is "IPv4 addresses in IPv6 form are no network" "$(from ::ffff:203.0.113.1 ::ffff:203.0.113.2 ::ffff:203.0.113.3)" "401 401 401 "
	kill "$(cat "$limited/pid")"
else
	is "a second nginx starts" "$(cat "$limited/error.log")" ""
fi

# ---- the log ----

get -H "Authorization: Bearer not-for-the-log-1" "$evo?secret=not-for-the-log-2" >/dev/null
has "requests are logged" "$(tail -n 5 "$var/access.log")" "\"GET /ai/usage HTTP/2.0\" 401"
is "without queries and credentials" "$(grep -c not-for-the-log "$var/access.log")" 0
is "not by the worker either" "$(grep -c not-for-the-log "$var/usaged.log")" 0

finish
