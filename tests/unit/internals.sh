#!/bin/sh
# internals.sh - the files, functions and tables that docs/internals.md names exist.
# shellcheck disable=SC2016,SC1003  # backticks and backslashes are meant as they are
set -u

cd "${srcdir:-.}" || exit 99
bad=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# What stands in backticks, one a line.
grep -o '`[^`]*`' docs/internals.md | tr -d '`' | sort -u >"$tmp/names"
cat src/*.c src/*/*.[ch] src/*/*/*.[ch] tests/unit/*.h >"$tmp/source"

missing() {
	echo "docs/internals.md names $1, which is not there"
	bad=1
}

found=0
while read -r name; do
	case $name in
	*' '*) grep -q "^$name" "$tmp/source" || case $name in struct*) missing "$name" ;; esac ;;
	*'()') grep -q "\b${name%'()'}(" "$tmp/source" || missing "$name" ;;
	tests/* | docs/* | conf/* | templates/* | www/*) [ -e "${name%/}" ] || missing "$name" ;;
	*/) [ -d "src/$name" ] || [ -d "$name" ] || missing "$name" ;;
	*/*.[ch]) [ -e "src/$name" ] || missing "$name" ;;
	*) continue ;;
	esac
	found=$((found + 1))
done <"$tmp/names"
[ "$found" -ge 40 ] || { echo "only $found names were found in docs/internals.md"; bad=1; }

# The tables of the chapter on storage: those of the schema and no others.
sed -n '/^## Storage/,/^## /s/^| \(`.*`\) |.*/\1/p' docs/internals.md | grep -o '`[a-z_0-9]*`' | tr -d '`' | sort >"$tmp/told"
{
	tr -d '\n\t"\\' <src/store/sqlite/schema.c | grep -oE 'CREATE TABLE [a-z_0-9]+' | sed 's/.* //' |
		grep -vE '_$|_[0-9]+$|^source_(use|moved)$'
	tr -d '\n\t"\\' <src/store/pgsql/schema.c | grep -oE 'CREATE TABLE [a-z_0-9]+' | sed 's/.* //' | grep -vE '_$|_[0-9]+$'
	# shellcheck disable=SC2020
	grep -oE '\b(TOTAL|PART)\("[a-z]+"\)' src/store/pgsql/schema.c | tr 'A-Z("' 'a-z_ ' | tr -d ' )'
} | sort -u >"$tmp/tables"
diff "$tmp/tables" "$tmp/told" || { echo "(< only in the schema, > only in docs/internals.md)"; bad=1; }
exit $bad
