#!/bin/sh
# guard.sh - counts instructions of pages and of an imported event under valgrind, and compares them with tests/bench/ratios.
#
#   guard.sh PAGE_BENCH [renew]
#
# Each count is divided by that of a routine that is counted in the same run. A ratio of more than 5 % above the recorded one fails.
# Renew the file when a change is worth its cost, or has made something cheaper: make bench-guard-renew. The file names the compiler
# and the libraries with which it was made; with others there is nothing to compare, so the guard is skipped.
set -eu

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
ratios=$srcdir/tests/bench/ratios
bench=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

skip() {
	echo "$*"
	exit 77
}

command -v valgrind >/dev/null || skip "valgrind is missing"
valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file="$tmp/count" "$bench" "$srcdir" guard >"$tmp/said" 2>"$tmp/log" || {
	cat "$tmp/log" >&2
	exit 1
}
with="$(sed -n 's/^built with //p' "$tmp/said"), $(for lib in sqlite3 glib-2.0 json-c libsodium; do
	printf '%s %s, ' "$lib" "$(pkg-config --modversion "$lib")"
done)$(getconf GNU_LIBC_VERSION)"

# "Ratio Name" of each count; the first one is the routine's
i=1
while [ -f "$tmp/count.$i" ]; do
	sed -n 's/^desc: Trigger: Client Request: //p; s/^totals: //p' "$tmp/count.$i" | tr '\n' ' '
	echo
	i=$((i + 1))
done | awk '
	{ each = $NF / $1; name = $2; for (i = 3; i < NF; i++) name = name " " $i }
	NR == 1 { reference = each; next }
	{ printf "%.6f %s\n", each / reference, name }' >"$tmp/ratios"

if [ "${2:-}" = renew ]; then
	{ echo "# $with"; cat "$tmp/ratios"; } >"$ratios"
	cat "$ratios"
	exit 0
fi
[ "$(sed -n '1s/^# //p' "$ratios")" = "$with" ] || skip "$ratios was made with other tools: it has$(sed -n '1s/^#//p' "$ratios"); here is $with"
awk -v limit=1.05 '
	FNR == 1 && NR == 1 { next }
	NR == FNR { name = substr($0, index($0, " ") + 1); was[name] = $1; next }
	{
		name = substr($0, index($0, " ") + 1)
		bad = !(name in was) || $1 > was[name] * limit
		failed += bad
		printf "%sok %d - instructions of %s: %.3f of those recorded\n", bad ? "not " : "", ++n, name, name in was ? $1 / was[name] : 0
	}
	END { printf "1..%d\n", n; exit failed > 0 }' "$ratios" "$tmp/ratios"
