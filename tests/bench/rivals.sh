# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# rivals.sh - the part "rivals" of run.sh, which reads this file: a report against the same one by small programs (rivals/) that read plain tables, from
# PHP-FPM and from Node, behind the same nginx. A rival that can't run here is left out, and the reason printed.

# rival NAME DIRECTIVES: nginx passes what comes to a port of its own to the server in $tmp/NAME.sock. A line "NAME PORT" of $tmp/rivals.
rival() {
	rival_port=$(free_port $((rival_port + 1)))
	mkdir -p "$tmp/nginx.d"
	cat >"$tmp/nginx.d/$1.conf" <<-END
		upstream $1 { server unix:$tmp/$1.sock; keepalive $((threads / 2)); }
		server { listen 127.0.0.1:$rival_port; location / { $2 } }
	END
	wait_for test -S "$tmp/$1.sock" || fail "no $1: $(tail -n 5 "$tmp/$1.log")"
	echo "$1 $rival_port" >>"$tmp/rivals"
}

left_out() {
	echo "| $1 | left out: $2 | | | |" >>"$tmp/left_out"
}

# Each of its processes serves one connection, and nginx keeps as many as there are clients.
start_php() {
	program=$(command -v php-fpm8.2 || command -v /usr/sbin/php-fpm8.2 || true)
	[ "$program" ] || { left_out php "there is no php-fpm8.2 (Debian: php8.2-fpm)"; return 0; }
	"$program" -m 2>/dev/null | grep -qx pdo_sqlite || { left_out php "its pdo_sqlite is missing (Debian: php8.2-sqlite3)"; return 0; }
	root=
	as_root=
	[ "$(id -u)" -ne 0 ] || { as_root=-R; root="user = root"; }
	cat >"$tmp/php.conf" <<-END
		[global]
		error_log = $tmp/php.log
		[report]
		$root
		listen = $tmp/php.sock
		listen.backlog = 1024
		pm = static
		pm.max_children = $((clients + 4))
		php_admin_value[precision] = -1
		php_admin_value[serialize_precision] = -1
	END
	"$program" $as_root -F -y "$tmp/php.conf" -d opcache.enable=1 -d opcache.validate_timestamps=0 -d opcache.jit_buffer_size=64M \
		-d opcache.jit=tracing 2>"$tmp/php.start" &
	pids="$pids $!"
	rival php "include /etc/nginx/fastcgi_params; fastcgi_param PATH_INFO \$uri; fastcgi_param SCRIPT_FILENAME $srcdir/tests/bench/rivals/report.php;
		fastcgi_param RIVAL_DATABASE $tmp/rivals.db; fastcgi_pass php;"
}

module_loads() {
	(cd "$modules" && node -e 'new (require("better-sqlite3"))(":memory:")') >>"$tmp/module.log" 2>&1
}

# build_module: better-sqlite3, in $modules. Its binaries are somewhere else than npm's packages, so it is built from its source.
build_module() {
	headers=${NODE_HEADERS:-/usr} # with include/node below it
	if [ ! -f "$headers/include/node/node.h" ]; then
		echo "Node's headers are missing (Debian: libnode-dev)"
		return 1
	fi
	mkdir -p "$modules"
	cp "$srcdir"/tests/bench/rivals/package*.json "$srcdir/tests/bench/rivals/report.mjs" "$modules"
	: >"$tmp/module.log"
	! module_loads || return 0
	(cd "$modules" && npm_config_build_from_source=true npm_config_nodedir=$headers npm ci --no-audit --no-fund) >"$tmp/module.log" 2>&1 || true
	module_loads || {
		echo "better-sqlite3 could not be built: $(grep -i error "$tmp/module.log" | head -n 1 | cut -c1-120)"
		return 1
	}
}

start_node() {
	modules=$build/tests/bench/modules
	command -v npm >/dev/null || { left_out node "there is no npm (Debian: npm)"; return 0; }
	reason=$(build_module) || { left_out node "$reason"; return 0; }
	node "$modules/report.mjs" "$tmp/rivals.db" "$tmp/node.sock" 2 2>"$tmp/node.log" &
	pids="$pids $!"
	rival node "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://node;"
}

# fill_plain_tables: of $tmp/rivals.db, from the ledger, and with the key of $basic
fill_plain_tables() {
	usaged sums --by day >"$tmp/daily.tsv"
	secret=$(echo "$basic" | base64 -d | cut -d: -f2)
	rm -f "$tmp"/rivals.db*
	sqlite3 "$tmp/rivals.db" >"$tmp/tables.log" 2>&1 <<-END || fail "tables: $(cat "$tmp/tables.log")"
		ATTACH '$tmp/usage.db' AS ledger;
		.mode tabs
		.import --schema temp $tmp/daily.tsv daily
		.read $srcdir/tests/bench/rivals/tables.sql
		INSERT INTO key SELECT '$(printf '%s' "$secret" | sha256sum | cut -d' ' -f1)', id FROM account WHERE sid = '$sid';
	END
}

# comparable URL: the body without what differs from one request to the next, and without the tokens of pages
comparable() {
	fetch "$1" | sed -E 's/"as_of":"[^"]*"//g; s/&PageToken=[^"]*//g'
}

# milliseconds NAME: of the p99 in microseconds, the second column
milliseconds() {
	median_of "$1" 2 | awk '{ printf "%.1f", $1 / 1000 }'
}

bench_rivals() {
	need wrk curl nginx sqlite3
	sizes 5 3
	sample_ledger
	basic=$(cat "$tmp/account.basic")
	fill_plain_tables
	port=$(free_port "${PORT:-18080}")
	rival_port=$port
	rm -f "$tmp/rivals" "$tmp/left_out"
	: >"$tmp/rivals"
	: >"$tmp/left_out"
	start_php
	start_node
	start_servers
	path=/2010-04-01/Accounts/$sid/Usage/Records/Daily.json
	set -- "usaged=http://127.0.0.1:$port$path"
	fetch "http://127.0.0.1:$port$path" >"$tmp/page"
	comparable "http://127.0.0.1:$port$path" >"$tmp/usaged.body"
	warm_up "http://127.0.0.1:$port$path"
	while read -r name at; do
		comparable "http://127.0.0.1:$at$path" >"$tmp/$name.body"
		cmp "$tmp/usaged.body" "$tmp/$name.body" || fail "the report of $name is another one"
		warm_up "http://127.0.0.1:$at$path"
		set -- "$@" "$name=http://127.0.0.1:$at$path"
	done <"$tmp/rivals"
	by_turns "$@"
	stop
	echo "## The same report by other programs"
	echo
	machine
	echo "The Daily page of 50 categories, $(wc -c <"$tmp/page") bytes; $clients clients, median of $rounds alternating rounds of $seconds s."
	echo
	echo "| Program | requests/s | of the rounds | p99 (ms) | usaged against it |"
	echo "|---|---:|---:|---:|---:|"
	echo "| usaged | $(rate_of usaged) | $(range_of usaged 1) | $(milliseconds usaged) | |"
	while read -r name at; do
		faster=$(against usaged "$name" 1)
		case $name in
		php) title="PHP-FPM 8.2 with SQLite" ;;
		node) title="Node $(node --version) with better-sqlite3" ;;
		esac
		echo "| $title | $(rate_of "$name") | $(range_of "$name" 1) | $(milliseconds "$name") | ${faster%% *} |"
		goal "the same report, rate against $title" "$faster" "at least" 2
	done <"$tmp/rivals"
	cat "$tmp/left_out"
	echo
}
