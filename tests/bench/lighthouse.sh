#!/bin/sh
# lighthouse.sh - what Lighthouse says of the overview, of a running server: performance (a matter of time, so no test), accessibility and best
# practices, for a desk and for a phone. Fails if one is below 95.
#
#   [USAGED_CREDENTIALS=var/credentials] lighthouse.sh
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=/dev/null
. "${USAGED_CREDENTIALS:-$top/var/credentials}"

printf '{"Authorization": "Bearer %s"}' "$ADMIN_TOKEN" >"$tmp/headers.json"
status=0
for form in desktop mobile; do
	preset=
	[ $form = mobile ] || preset=--preset=desktop
	# shellcheck disable=SC2086  # no preset is no argument
	CHROME_PATH=${CHROMIUM:-/usr/bin/chromium} npm exec --yes -- lighthouse@12.8.2 "$BASE_URL/overview.html" $preset --quiet \
		--only-categories=performance,accessibility,best-practices --extra-headers="$tmp/headers.json" --output=json --output-path="$tmp/$form.json" \
		--chrome-flags="--headless=new --no-sandbox --ignore-certificate-errors --disable-gpu --disable-quic" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
	node -e '
		const [form, file] = process.argv.slice(1), { categories, audits } = JSON.parse(require("fs").readFileSync(file))
		const scores = Object.entries(categories).map(([name, c]) => [name, Math.round(c.score * 100)])
		console.log(form + ": " + scores.map(([name, n]) => name + " " + n).join(", ") + "; nothing moves: " + audits["cumulative-layout-shift"].displayValue)
		process.exit(scores.every(([, n]) => n >= 95) ? 0 : 1)' $form "$tmp/$form.json" || status=1
done
exit $status
