#!/bin/bash
# completions.sh - bash and zsh offer the commands, the parts and the options that the program has, as its source lists them.
# shellcheck disable=SC2016,SC2031  # zsh expands $ in single quotes; a completion has variables of its own
set -u

program=$PWD/usaged
cd "${srcdir:-.}" || exit 99
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
bad=0

same() {
	diff "$2" "$3" >"$tmp/diff" && return
	echo "$1 (< only in the program, > only offered):"
	cat "$tmp/diff"
	bad=1
}

# WORD...: what is offered for the last one
in_bash() {
	(
		# shellcheck source=conf/completions/usaged
		. conf/completions/usaged
		COMP_WORDS=("$program" "$@")
		COMP_CWORD=$#
		_usaged "$program"
		[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	) | sort
}

in_zsh() {
	zsh -f -c 'compadd() { [[ $1 = -a ]] && print -l -- ${(P)2} }
		_describe() { print -l -- ${${(P)2}%%:*} }
		_files() { }
		words=("$@") CURRENT=$# PREFIX=
		eval "_begin() { $(cat conf/completions/_usaged) }"
		_begin 2>/dev/null || true' zsh "$program" "$@" | sort
}

flat() {
	cat "$@" | tr -s '\\\n\t ' ' '
}

commands=$(flat src/cli/*.c | grep -o 'struct command command_[a-z_]* = { \.name = "[a-z-]*"' | cut -d'"' -f2 | sort)
printf '%s\n' --config --help --version "$commands" | sort >"$tmp/want"
in_bash '' >"$tmp/got"
same commands "$tmp/want" "$tmp/got"

# SOURCE COMMAND: its parts, and its options, none of which any part lacks
check_command() {
	local parts part
	parts=$(flat "$1" | grep -o '{ "[a-z]*", run_' | cut -d'"' -f2)
	in_bash "$2" '' >"$tmp/got"
	if [ "$parts" ]; then
		sort <<<"$parts" >"$tmp/want"
		same "$2: parts" "$tmp/want" "$tmp/got"
		for part in $parts; do in_bash "$2" "$part" ''; done | sort -u >"$tmp/got"
	fi
	{ echo --help; flat "$1" | grep -oE '\{ (\.name = )?"[a-z-]+", \.(text|flag|number|list)' | cut -d'"' -f2 | sed 's/^/--/'; } | sort -u >"$tmp/want"
	grep '^--' "$tmp/got" >"$tmp/options"
	same "$2: options" "$tmp/want" "$tmp/options"
}

for command in $commands; do
	file=$(grep -lE "\.name = \"$command\"" src/cli/*.c)
	[ "$command" = report ] || check_command "$file" "$command"
done

if command -v zsh >/dev/null; then
	for words in '' 'user ' 'user add ' 'import ' 'backup ' 'closing reopen ' 'report '; do
		IFS=' ' read -ra list <<<"$words"
		in_bash "${list[@]}" '' >"$tmp/want"
		in_zsh "${list[@]}" '' >"$tmp/got"
		same "in zsh, usaged $words" "$tmp/want" "$tmp/got"
	done
else
	echo "skipped: there is no zsh here"
fi
exit $bad
