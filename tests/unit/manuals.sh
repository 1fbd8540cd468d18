#!/bin/sh
# manuals.sh - every command, setting, operation and parameter is in its manual page, and the other way round.
set -u

cd "${srcdir:-.}" || exit 99
bad=0

# same WHAT FILE FILE: two sorted lists are one
same() {
	diff "$2" "$3" >"$tmp/diff" && return
	echo "$1 (< only in the program, > only in the manual):"
	cat "$tmp/diff"
	bad=1
}

# The source of these files with single spaces, however its lines are broken.
flat() {
	cat "$@" | tr -s '\\\n\t ' ' '
}

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

sed -n 's/^\([a-z_]*\) =.*/\1/p' conf/usaged.conf | sort >"$tmp/settings"
sed -n 's/^\.It Li \([a-z_]*\) No = .*/\1/p' man/usaged.conf.5 | sort >"$tmp/settings.manual"
same "settings" "$tmp/settings" "$tmp/settings.manual"

{
	flat src/usage/event.c | grep -o '\[EV_[A-Z_]*\] = { "[a-z_]*"' | cut -d'"' -f2
	flat src/model/dimension.h | grep -o 'ROW([A-Z]*, "[a-z_]*", "[a-z_]*"' | cut -d'"' -f4
} | grep -vx -e specversion -e type -e subject | sort >"$tmp/fields"
sed -n '/^\.Ss \[event\]/,/^\.Pp/s/^\.It Li //p' man/usaged-mapping.5 | tr -d ' ' | tr ',' '\n' |
	grep -vx -e account -e time_format -e time_zone | sort >"$tmp/fields.manual"
same "fields of an event" "$tmp/fields" "$tmp/fields.manual"

flat src/mapping/expr.c | grep -o '{ "[a-z]*", TAKES_' | cut -d'"' -f2 | sort >"$tmp/filters"
sed -n '/^\.Ss Filters/,/^\.El/s/^\.It Li //p' man/usaged-mapping.5 | sed 's/ Op Ar [a-z]*//; s/ Ar [a-z]*//g; s/ Li / /g; s/ Op to//' | tr -d ' ' | tr ',' '\n' |
	sort >"$tmp/filters.manual"
same "filters" "$tmp/filters" "$tmp/filters.manual"

flat src/cli/*.c | grep -o 'struct command command_[a-z_]* = { \.name = "[a-z-]*"' | cut -d'"' -f2 | sort >"$tmp/commands"
sed -n 's/^\.It Ic \([a-z-]*\).*/\1/p' man/usaged.8 | sort -u >"$tmp/commands.manual"
same "commands" "$tmp/commands" "$tmp/commands.manual"

flat src/usage/principal.c | grep -o '{ ROLE_[A-Z]*, "[A-Za-z]*"' | cut -d'"' -f2 | sort >"$tmp/roles"
sed -n '/^\.Sh ROLES/,/^\.Sh ENV/s/^\.It Li //p' man/usaged.8 | sort >"$tmp/roles.manual"
same "roles" "$tmp/roles" "$tmp/roles.manual"

grep -o 'OP([A-Z][A-Za-z]*)' src/api/ops.h | sed 's/OP(//; s/)//' | sort >"$tmp/operations"
sed -n '/^\.Sh OPERATIONS/,/^\.Sh REQUESTS/s/^\.It \([A-Z][A-Za-z]*\) Ta .*/\1/p' man/usaged-api.7 | sort >"$tmp/operations.manual"
same "operations" "$tmp/operations" "$tmp/operations.manual"

# a parameter stands in a list of names: ".It Li StartDate , EndDate"
flat src/api/*.[ch] src/meta/types.c | grep -oE '\{ "[A-Z][A-Za-z]*", (PT|OP)' | cut -d'"' -f2 | sort -u >"$tmp/parameters"
sed -n '/ Ta /!s/^\.It Li \([A-Z].*\)/\1/p' man/usaged-*.7 | tr -d ' ' | tr ',' '\n' | sort -u >"$tmp/parameters.manual"
echo AccountSid >>"$tmp/parameters.manual"      # in the paths
sort -u -o "$tmp/parameters.manual" "$tmp/parameters.manual"
same "parameters" "$tmp/parameters" "$tmp/parameters.manual"

for list in settings fields filters commands roles operations parameters; do
	[ -s "$tmp/$list" ] || { echo "no $list were found in the source"; bad=1; }
done
exit $bad
