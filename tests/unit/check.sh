#!/bin/bash
# check.sh - what ./check works on: the copy of the source, with and without git, and the suites that a change concerns.
# Each line that it prints is a mistake.
set -u

top=$(cd "${srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
bad=0

is() {
	[ "$2" = "$3" ] && return
	printf '%s\n  got:    %s\n  wanted: %s\n' "$1" "$2" "$3"
	bad=1
}

# A machine without git: everything else that there is, as links.
mkdir "$tmp/bin"
for folder in /usr/local/bin /usr/bin /bin; do
	find "$folder/" -mindepth 1 ! -name git ! -name 'git-*' -print0 | xargs -0 ln -sf -t "$tmp/bin"
done
PATH=$tmp/bin command -v git >/dev/null && { echo "git is still found"; exit 1; }

# ---- a small project, in every state of .git ----

files='./Makefile.am ./README with spaces ./check ./configure.ac ./link ./src/main.c ./start ./tests/fuzz/body.c ./tools/copy-source'

make_project() {
	mkdir -p "$1"/{src,tools,tests/fuzz,build,var,node_modules,.deps}
	for file in Makefile.am configure.ac check start src/main.c "README with spaces" tests/fuzz/body.c; do
		echo "$file" >"$1/$file"
	done
	cp "$top/tools/copy-source" "$1/tools"
	ln -s check "$1/link"
	# what building and running leave behind
	for file in build/usaged var/usage.db node_modules/x configure config.status config.h Makefile src/main.o .deps/main.Po usaged; do
		echo left >"$1/$file"
	done
	cp "$top/.gitignore" "$1" 2>/dev/null || printf '%s\n' /build/ /var/ node_modules /configure '/config.*' /Makefile '*.o' .deps/ /usaged >"$1/.gitignore"
}

copied() {
	(cd "$1" && find . \( -type f -o -type l \) ! -name .gitignore | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')
}

# NAME: the copy of the project there, by the git that PATH has
check_copy() {
	"$tmp/$1/tools/copy-source" "$tmp/$1" "$tmp/copy-$1" >"$tmp/out" 2>&1
	is "$1: it is copied" "$? $(cat "$tmp/out")" "0 "
	is "$1: the project's files are" "$(copied "$tmp/copy-$1")" "$files"
}

make_project "$tmp/none"
check_copy none
make_project "$tmp/broken"
echo "gitdir: /nowhere/at/all" >"$tmp/broken/.git"
check_copy broken
if command -v git >/dev/null; then
	make_project "$tmp/real"
	git -C "$tmp/real" init -q && git -C "$tmp/real" add -A
	check_copy real
	rm "$tmp/real/README with spaces"
	"$tmp/real/tools/copy-source" "$tmp/real" "$tmp/copy-real" >"$tmp/out" 2>&1
	is "a file that was deleted but not committed is left out" "$? $(cat "$tmp/out") $(ls "$tmp/copy-real/README with spaces" 2>/dev/null)" "0  "
	cp "$tmp/none/README with spaces" "$tmp/real"
	(PATH=$tmp/bin check_copy real; exit "$bad") || bad=1
else
	echo "skipped: there is no git to compare with"
fi

# ---- a copy that failed ends the run ----

make_project "$tmp/torn"
rm "$tmp/torn/configure.ac"
cp "$top/check" "$tmp/torn/check"
printf '#!/bin/sh\n' >"$tmp/torn/tools/install-packages"
chmod +x "$tmp/torn/tools/install-packages" "$tmp/torn/check"
(cd "$tmp/torn" && timeout 60 ./check >"$tmp/out" 2>&1)
is "a copy that is not whole ends the run" "$?" 1
is "at once, with the reason" "$(cat "$tmp/out")" \
	"copy-source: the copy of the source is not whole: $tmp/torn/build/check/src/configure.ac is missing"
is "an unknown form is refused" "$("$top/check" fast 2>&1)" "check: there is no form fast; use ./check, ./check quick [BASE] or ./check long"

# ---- the suites that a change concerns ----

if command -v git >/dev/null; then
	git=(git -c user.name=x -c user.email=x@example.com -C "$tmp/changed")
	make_project "$tmp/changed"
	mkdir -p "$tmp/changed"/{tests/e2e,conf/nginx,src/http}
	for suite in start.sh nginx.sh auth.test.mjs fastcgi.test.mjs formats.test.mjs bad_input.test.mjs new.test.mjs; do
		echo x >"$tmp/changed/tests/e2e/$suite"
		chmod +x "$tmp/changed/tests/e2e/$suite"
	done
	echo x >"$tmp/changed/tests/e2e/harness.mjs"
	echo x >"$tmp/changed/src/http/fcgi.c"
	"${git[@]}" init -q -b main && "${git[@]}" add -A && "${git[@]}" commit -qm x
	changed() { "$top/tools/changed-suites" "$tmp/changed" | tr '\n' ' '; }
	is "nothing changed, nothing to run" "$(changed)" ""
	echo y >"$tmp/changed/src/http/fcgi.c"
	is "a source file has its suites, without those that aren't there" "$(changed)" "fastcgi.test.mjs formats.test.mjs bad_input.test.mjs "
	echo y >"$tmp/changed/tests/e2e/new.test.mjs"
	echo y >"$tmp/changed/conf/nginx/site.conf.in"
	is "new files and suites count, each suite once" "$(changed)" \
		"nginx.sh start.sh fastcgi.test.mjs formats.test.mjs bad_input.test.mjs new.test.mjs "
fi
is "without git it says so" "$(PATH=$tmp/bin "$top/tools/changed-suites" "$tmp/none" 2>&1)" "no git here to say what changed: unit tests only"
exit "$bad"
