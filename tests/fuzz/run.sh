#!/bin/bash
# run.sh TARGET... - builds the fuzz targets with clang in ./fuzz and runs them, two at a time; says how many inputs each has tried, and
# fails if one of them found something: the input is then in ./fuzz/findings.
#
#   FUZZ_SECONDS   how long each runs; 0: as long as wanted (60)
#   FUZZ_TARGETS   these only
#   FUZZ_CORPUS    a folder where inputs that reach something new are kept and found again; otherwise they are thrown away
set -u

source=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${FUZZ_SECONDS:-60}
read -ra targets <<<"${FUZZ_TARGETS:-$*}"
targets=("${targets[@]##*/}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export FUZZ_TEMPLATES=$source/templates UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1

build() {
	mkdir -p fuzz/findings
	cd fuzz || return
	[ -e Makefile ] || "$source/configure" -q CC="${FUZZ_CC:-clang}" CFLAGS="-g -O1" \
		--enable-werror --enable-sanitizers=fuzzer-no-link,address,undefined || return
	# first without LDFLAGS: a program of configure's, when it has to run again, has its own main
	make -s Makefile && make -s -j"$(nproc)" LDFLAGS=-fsanitize=fuzzer "${targets[@]/#/tests/fuzz/}" || return
	cd ..
}

# One target, over the corpus of the source and its own.
fuzz() {
	local name=$1 corpus=${FUZZ_CORPUS:-$tmp}/$1 words=$source/tests/fuzz/dictionaries/$1.dict status tried
	local dictionary=()
	[ ! -e "$words" ] || dictionary=("-dict=$words")
	mkdir -p "$corpus"
	(cd "$tmp" && exec "$top/fuzz/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 "${dictionary[@]}" \
		-artifact_prefix="$top/fuzz/findings/$name-" -seed="$RANDOM" "$corpus" "$source/tests/fuzz/corpus/$name") >"$tmp/$name.log" 2>&1 </dev/null
	status=$?
	tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/$name.log" | tail -n 1)
	if [ "$status" = 0 ]; then
		echo "ok $name: ${tried:-0} inputs tried"
	else
		echo "not ok $name: ${tried:-?} inputs tried"
		grep -vE '^#[0-9]+[[:space:]]' "$tmp/$name.log" | tail -n 60
	fi
	return "$status"
}

top=$PWD
build >&2 || { echo "not ok build"; exit 1; }
[ "${#targets[@]}" -gt 0 ] || exit 2
bad=0
running=0
for target in "${targets[@]}"; do
	if [ "$running" -ge 2 ]; then
		wait -n || bad=1
		((running -= 1))
	fi
	fuzz "$target" &
	((running += 1))
done
while [ "$running" -gt 0 ]; do
	wait -n || bad=1
	((running -= 1))
done
exit $bad
