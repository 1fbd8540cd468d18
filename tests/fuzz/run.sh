#!/bin/bash
# run.sh TARGET... - builds the fuzz targets with clang in ./fuzz and runs them, one for each processor at a time. Says how
# many inputs each has tried and how many lines of its parser they have reached (./fuzz/coverage has the lines). Fails if
# one of them found something: the input is then in ./fuzz/findings. The table "targets" has what each target reads.
#
#   FUZZ_HOURS     the processor time that they share on all processors: each target gets an equal part of it, so that a
#                  busy machine takes longer but tries as much. They go on from where the last such run ended: inputs
#                  that reach something new are kept in ./fuzz/corpus, and inputs and time of all runs are added up in
#                  ./fuzz/tried. Without it each tries the corpus of the source and then a fixed number of inputs,
#                  the same ones on every machine.
#   FUZZ_INPUTS    with FUZZ_HOURS: no target tries more inputs than these
#   FUZZ_TARGETS   these only
#   FUZZ_MERGE     1: runs nothing, but adds to the corpus of the source what ./fuzz/corpus reaches beyond it
set -u

source=$(cd "$(dirname "$0")/../.." && pwd)
top=$PWD
read -ra targets <<<"${FUZZ_TARGETS:-$*}"
targets=("${targets[@]##*/}")
jobs=$(nproc)
tmp=$(mktemp -d)
# for ledgers, which come and go with each input
memory=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$tmp" "$memory"' EXIT
trap 'exit 130' INT TERM
# Freed memory is kept back longer than for one input, but not for hundreds: memory that is new takes most of the time.
export FUZZ_TEMPLATES=$source/templates FUZZ_FOLDER=$memory UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16
LEAST_PERCENT=90
TIMEOUT_SECONDS=60       # for one input; usually some milliseconds

build() {
	mkdir -p fuzz/findings fuzz/coverage
	cd fuzz || return
	[ -e Makefile ] || "$source/configure" -q CC="${FUZZ_CC:-clang}" CFLAGS="-g -O1 -fprofile-instr-generate -fcoverage-mapping" \
		--enable-werror --enable-sanitizers=fuzzer-no-link,address,undefined || return
	# first without LDFLAGS: a program of configure's, when it has to run again, has its own main
	make -s Makefile && make -s -j"$jobs" LDFLAGS="-fsanitize=fuzzer" "${targets[@]/#/tests/fuzz/}" || return
	cd ..
}

# The seconds of processor time that each target gets.
share() {
	awk -v hours="$FUZZ_HOURS" -v jobs="$jobs" -v n="${#targets[@]}" \
		'BEGIN { if (jobs > n) jobs = n; s = int(hours * 3600 * jobs / n); print (s > 1 ? s : 1) }'
}

# What the profile of TARGET says of FILES below src: the percentage of their lines that were reached. The lines themselves, with
# how often each was, go into ./fuzz/coverage.
coverage() {
	local name=$1 profile=$tmp/$1.profdata program=$top/fuzz/tests/fuzz/$1
	shift
	llvm-profdata merge -sparse -o "$profile" "$tmp/$name.profraw" || return
	llvm-cov show -instr-profile="$profile" "$program" |
		awk -v files="$*" 'BEGIN { n = split(files, f, " ") }
			/^\/.*:$/ { mine = 0; for (i = 1; i <= n; i++) mine = mine || index($0, "/src/" f[i] ":") }
			mine' >"$top/fuzz/coverage/$name.txt"
	llvm-cov report -instr-profile="$profile" "$program" |
		awk -v files="$*" 'BEGIN { n = split(files, f, " ") }
			{ for (i = 1; i <= n; i++) if (index($1 "$", "src/" f[i] "$")) { lines += $8; missed += $9 } }
			END { printf "%.1f\n", lines ? 100 * (lines - missed) / lines : 0 }'
}

# Adds TRIED inputs and SECONDS of processor time to those that NAME has had, and prints the sums.
add_up() {
	local name=$1 tried=$2 seconds=$3 before_tried=0 before_seconds=0
	mkdir -p fuzz/tried
	[ ! -e "fuzz/tried/$name" ] || read -r before_tried before_seconds <"fuzz/tried/$name"
	echo "$((before_tried + tried)) $((before_seconds + seconds))" | tee "fuzz/tried/$name" |
		awk '{ printf "   %d inputs in %.1f minutes of processor time so far\n", $1, $2 / 60 }'
}

# Asks PROCESS to end after SECONDS of processor time; keeps in FILE how much it has used.
limit() {
	local process=$1 seconds=$2 file=$3 used
	echo 0 >"$file"
	while used=$(ps -o cputimes= -p "$process" | tr -d ' ') && [ "$used" ]; do
		echo "$used" >"$file"
		[ "$used" -lt "$seconds" ] || kill -USR1 "$process"
		sleep 1
	done
}

report() {
	local name=$1 percent
	shift
	tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/$name.log" | tail -n 1)
	[ "$tried" ] || { echo "not ok $name: ended by itself"; return 1; }
	percent=$(coverage "$name" "$@")
	echo "ok $name: $tried inputs tried, ${percent:-0} % of the lines of $*"
	awk -v p="${percent:-0}" -v least="$LEAST_PERCENT" 'BEGIN { exit p < least }' ||
		echo "   $name reaches less than $LEAST_PERCENT % of its parser"
}

# One target, as its row of the table says.
fuzz() {
	local name=$1 words runs longest files tried corpus=$tmp/$1 profile=$tmp/$1.profraw status
	local options=(-timeout="$TIMEOUT_SECONDS" -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$top/fuzz/findings/$name-")

	read -r _ words runs longest files < <(grep "^$name " "$source/tests/fuzz/targets")
	[ "${files:-}" ] || { echo "not ok $name: has no row in tests/fuzz/targets"; return 1; }
	options+=(-dict="$source/tests/fuzz/dictionaries/$words.dict" -max_len="$longest")
	if [ "${FUZZ_HOURS:-}" ]; then
		corpus=$top/fuzz/corpus/$name
		profile=/dev/null
		options+=(-seed="$RANDOM" -runs="${FUZZ_INPUTS:--1}")
	else
		options+=(-runs="$runs" -seed=1 -reload=0)
	fi
	mkdir -p "$corpus"
	(cd "$tmp" && LLVM_PROFILE_FILE="$profile" exec "$top/fuzz/tests/fuzz/$name" "${options[@]}" "$corpus" \
		"$source/tests/fuzz/corpus/$name") >"$tmp/$name.log" 2>&1 </dev/null &
	[ ! "${FUZZ_HOURS:-}" ] || limit $! "$(share)" "$tmp/$name.seconds"
	wait $!
	status=$?
	# asked to end, it leaves without its profile: the corpus that it leaves has it
	[ ! "${FUZZ_HOURS:-}" ] || LLVM_PROFILE_FILE=$tmp/$name.profraw "$top/fuzz/tests/fuzz/$name" -runs=0 "$corpus" \
		"$source/tests/fuzz/corpus/$name" >"$tmp/$name.corpus.log" 2>&1 </dev/null
	if [ "$status" = 0 ]; then
		# shellcheck disable=SC2086  # a list of files
		report "$name" $files
		[ ! "${FUZZ_HOURS:-}" ] || add_up "$name" "$tried" "$(cat "$tmp/$name.seconds")"
	else
		echo "not ok $name"
		grep -vE '^#[0-9]+[[:space:]]' "$tmp/$name.log" | tail -n 60
	fi
	return "$status"
}

# Inputs that were saved stay; of the others the smallest that reach further lines come to them. How often a line is reached doesn't
# count.
merge() {
	local name=$1 saved=$source/tests/fuzz/corpus/$1
	mkdir -p "$top/fuzz/corpus/$name" "$saved"
	LLVM_PROFILE_FILE=/dev/null "$top/fuzz/tests/fuzz/$name" -merge=1 -use_counters=0 "$saved" "$top/fuzz/corpus/$name" \
		>"$tmp/$name.log" 2>&1 </dev/null || { cat "$tmp/$name.log"; return 1; }
	echo "ok $name: $(find "$saved" -type f | wc -l) inputs, $(du -sb "$saved" | cut -f1) bytes"
}

build >&2 || { echo "not ok build"; exit 1; }
[ "${#targets[@]}" -gt 0 ] || exit 2
bad=0
running=0
for target in "${targets[@]}"; do
	if [ "$running" -ge "$jobs" ]; then
		wait -n || bad=1
		((running -= 1))
	fi
	if [ "${FUZZ_MERGE:-}" ]; then merge "$target"; else fuzz "$target"; fi &
	((running += 1))
done
while [ "$running" -gt 0 ]; do
	wait -n || bad=1
	((running -= 1))
done
exit $bad
