#!/bin/sh
# arrows.sh - the folders of src/ use each other in one direction only, and each library has one home.
# Prints every line that breaks a rule.
set -u

cd "${srcdir:-.}/src" || exit 99

# Every #include below src, as "FILE NAME", and each file's last one as "FILE NAME last".
# shellcheck disable=SC2016  # awk's own variables
includes() {
	find . -name '*.[ch]' | sort | sed 's|^\./||' | xargs awk '
		function flush() { if (line != "") print line " last"; line = "" }
		FNR == 1 { flush(); line = FILENAME " nothing" }
		/^[ \t]*#[ \t]*include/ {
			print line
			name = $0
			sub(/^[^"<]*["<]/, "", name)
			sub(/[">].*/, "", name)
			line = FILENAME " " name
		}
		END { flush() }'
}

includes | awk '
	function wrong(why) { print "src/" $1 ": " why; bad++ }

	BEGIN {
		# folder: what it may use beside itself and base
		uses["main.c"] = "cli http notify meta api ingest mapping usage store model format base"
		uses["cli"] = "http notify meta api ingest mapping usage store model format base"
		uses["http"] = "notify meta api ingest mapping usage store model format base"
		uses["notify"] = "usage store model base"
		uses["meta"] = "api usage model format base"
		uses["api"] = "ingest mapping usage store model format base"
		uses["ingest"] = "mapping usage store model base"
		uses["mapping"] = "usage store model base"
		uses["usage"] = "store model base"
		uses["store"] = "model base"
		uses["model"] = "base"
		uses["format"] = "base"
		uses["base"] = ""

		# library header: where it may be seen
		home["sqlite3.h"] = "^store/sqlite/"
		home["libpq-fe.h"] = "^store/pgsql/"
		home["fcgiapp.h"] = home["fcgi_stdio.h"] = home["fcgios.h"] = "^http/"
		home["libxml/"] = "^(http|format)/"
		home["json-c/"] = home["json.h"] = "^(format|http|ingest|meta)/"
		home["curl/"] = "^notify/"
		home["csv.h"] = "^(cli|http|ingest|usage)/"
		home["sodium.h"] = "^(base|usage)/"
		home["seccomp.h"] = home["linux/"] = "^base/sandbox_[a-z]*\\.c$"
		home["ini.h"] = "^(base|ingest)/"
		home["zlib.h"] = home["zstd.h"] = "^base/"
	}

	{
		split($1, from, "/")
		split($2, to, "/")
		files[$1] = 1
	}
	to[1] in uses && to[1] != from[1] && index(" " uses[from[1]] " ", " " to[1] " ") == 0 {
		wrong("includes " $2 ", but " from[1] " may use only: " (uses[from[1]] == "" ? "nothing" : uses[from[1]]))
	}
	{
		for (header in home) {
			length_ = length(header)
			same = header ~ /\/$/ ? substr($2, 1, length_) == header : $2 == header
			if (same && $1 !~ home[header])
				wrong("includes " $2 ", which belongs to " home[header])
		}
	}
	$1 ~ /\.c$/ && $3 == "last" && $2 != "base/banned.h" { wrong("base/banned.h must be the last include, not " $2) }
	$1 ~ /\.h$/ && $2 == "base/banned.h" { wrong("a header must not include base/banned.h") }

	END {
		for (f in files) n++
		print n " files, " bad + 0 " broken rules"
		exit bad > 0 || n == 0
	}'
