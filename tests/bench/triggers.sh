# shellcheck shell=sh disable=SC2154,SC2034 # the variables are those of run.sh
# triggers.sh - the part "triggers" of run.sh, which reads this file: what triggers cost an import, and how late their callbacks are.

# add_triggers NUMBER: on the accounts of the shape "narrow", in turn, of all amounts and periods; far from firing
add_triggers() {
	usaged account list | cut -f1 >"$tmp/sids"
	i=0
	while [ "$i" -lt "$1" ]; do
		for category in calls calls-inbound totalprice sms; do
			for period in daily monthly yearly alltime; do
				[ "$i" -lt "$1" ] || return 0
				i=$((i + 1))
				usaged trigger add --account "$(sed -n "$((i % $(wc -l <"$tmp/sids") + 1))p" "$tmp/sids")" --category "$category" --by price \
					--recurring "$period" --value 900000000 --url https://usage.invalid/ >>"$tmp/triggers"
			done
		done
	done
}

# An import without triggers, with none on its accounts and with 1,000; callbacks against the requests that cause them.
bench_triggers() {
	need sqlite3
	sizes 5 1 2000000
	configure
	some=$((events / 4))
	"$build/tests/bench/events" narrow 0 "$some" "$some" >"$tmp/events.csv"
	new_ledger
	add_accounts narrow
	usaged account add --name elsewhere >"$tmp/elsewhere"
	cp "$tmp/usage.db" "$tmp/none.db"
	usaged trigger add --account "$(sed -n 's/^SID=//p' "$tmp/elsewhere")" --category calls --value 1 --url https://usage.invalid/ >"$tmp/triggers"
	cp "$tmp/usage.db" "$tmp/elsewhere.db"
	cp "$tmp/none.db" "$tmp/usage.db"
	add_triggers 1000
	cp "$tmp/usage.db" "$tmp/many.db"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		for target in none elsewhere many; do
			rm -f "$tmp"/usage.db*
			cp "$tmp/$target.db" "$tmp/usage.db"
			import_file "$some" >>"$tmp/$target.runs"
		done
		i=$((i + 1))
	done
	elsewhere=$(against elsewhere none 3)
	many=$(against many none 3)
	echo "## Triggers"
	echo
	machine
	echo "$some events imported; processor time, median of $rounds alternating rounds."
	echo
	echo "| Triggers | ms | against none |"
	echo "|---|---:|---:|"
	echo "| none | $(median_of none 3) | |"
	echo "| one, on another account | $(median_of elsewhere 3) | ${elsewhere%% *} |"
	echo "| 1,000 on the accounts of the events | $(median_of many 3) | ${many%% *} |"
	goal "processor time of an import with 1,000 triggers on its accounts, against none" "$many" "at most" 1.1
	if command -v node >/dev/null; then
		USAGED="$build/usaged" node "$srcdir/tests/bench/trigger_latency.mjs" >"$tmp/latency" || fail "no callbacks came"
		read -r post callback late <"$tmp/latency"
		echo
		echo "A callback comes $callback ms after the answer to the request that causes it, 1 of 100 after $late ms or more; the request takes" \
			"$post ms (medians, one at a time)."
		goal "callback after its event was acknowledged, against that request" "$(ratio "$callback" "$post")" "at most" 2
		goal "callback after its event was acknowledged, ms" "$callback" "at most" 100
		goal "the same, p99, ms" "$late" "at most" 1000
	fi
	echo
}

