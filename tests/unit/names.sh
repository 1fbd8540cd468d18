#!/bin/sh
# names.sh - one name for one thing: no two files of src/ have the same name, and no tag of a struct, an enum or a union is defined twice.
# Prints every name that is there twice and isn't listed with its reason.
set -u

cd "${srcdir:-.}/src" || exit 99

# shellcheck disable=SC2016  # awk's own variables
find . -name '*.[ch]' | sort | sed 's|^\./||' | xargs awk '
	function found(name, place) {
		count[name]++
		places[name] = places[name] " " place
	}

	function twice(names, why,   list, i) {
		for (i = split(names, list, "|"); i > 0; i--)
			reason[list[i]] = why
	}

	BEGIN {
		layers = "store/ has the rows, usage/ the rules"
		twice("account.c|closing.c|event.c|sim.c|trigger.c", layers)
		twice("account.h|closing.h|event.h|sim.h|trigger.h", layers)
		kinds = "each kind of database has its own, and store/ calls them"
		twice("db.c|event.c|find.c|schema.c|sums.c|verify.c", kinds)
		twice("layout.c|layout.h", "format/ has that of a page, store/ that of tables")
		twice("types.h", "meta/ describes types of fields, store/pgsql/ numbers of types of PostgreSQL")
		twice("page.h", "format/ has what a page shows, http/ makes it from a request")
		twice("struct reading|struct search", "store/sqlite/ and store/pgsql/ do the same, each in its own way")
	}

	FNR == 1 {
		name = FILENAME
		sub(/.*\//, "", name)
		found(name, FILENAME)
	}
	/^[ \t]*((static|const|typedef) )*(struct|enum|union) [a-z_0-9]+ \{/ {
		sub(/^[ \t]*((static|const|typedef) )*/, "")
		found($1 " " $2, FILENAME ":" FNR)
	}

	END {
		for (name in count) {
			n++
			if (count[name] > 1 && !(name in reason)) {
				print name ":" places[name]
				bad++
			}
		}
		print n + 0 " names, " bad + 0 " twice without a reason"
		exit bad > 0 || n == 0
	}'
