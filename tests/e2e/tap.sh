# tap.sh - sourced by the shell tests: each check prints "ok" or "not ok" with its sentence.
# shellcheck shell=sh

checks=0
broken=0

# is SENTENCE GOT WANTED
is() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $checks $1"
	else
		broken=$((broken + 1))
		printf 'not ok %d %s\n' "$checks" "$1"
		printf 'got:    %s\nwanted: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# has SENTENCE TEXT PART
has() {
	case $2 in
	*"$3"*) is "$1" "$3" "$3" ;;
	*) is "$1" "$2" "... $3 ..." ;;
	esac
}

# has_not SENTENCE TEXT PART
has_not() {
	case $2 in
	*"$3"*) is "$1" "$2" "nothing with $3" ;;
	*) is "$1" "" "" ;;
	esac
}

# To be the last line: the script fails if a check did, or none was made.
finish() {
	echo "1..$checks"
	[ "$broken" = 0 ] && [ "$checks" -gt 0 ]
}
