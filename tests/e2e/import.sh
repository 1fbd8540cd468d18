#!/bin/bash
# import.sh - `usaged import` and `usaged sample` from the outside, on a ledger of their own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
usaged=$(realpath "${USAGED:-$here/../../usaged}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset USAGED_CONFIG
export USAGED_CLOCK=2026-11-21T12:00:00Z

cd "$tmp" || exit
mkdir in
cat >usaged.conf <<-END
	[ledger]
	database = usage.db
	secret_file = secret
	busy_timeout_ms = 100
END
one=AC00000000000000000000000000000001
two=AC00000000000000000000000000000002

run() {
	"$usaged" --config usaged.conf "$@"
}

# Runs a command: $out, $err and $code are what came of it.
try() {
	out=$(run "$@" 2>err)
	code=$?
	err=$(cat err)
}

# event ID [SUBJECT [DATA]]: a line of NDJSON
event() {
	printf '{"specversion":"1.0","type":"usage","source":"t","id":"%s","subject":"%s","time":"2026-11-01T10:00:00Z","data":{%s}}\n' \
		"$1" "${2:-$one}" "${3:-\"category\":\"calls-outbound\",\"usage\":1}"
}

# How many calls the ledger counts
calls() {
	run report ListUsageRecordAllTime --AccountSid "$one" --Category calls-outbound --format json |
		sed -n 's/.*"count":"\([0-9]*\)".*/\1/p'
}

# used ACCOUNT CATEGORY: count and usage
used() {
	run report ListUsageRecordAllTime --AccountSid "$1" --Category "$2" --format json |
		sed -n 's/.*"count":"\([0-9]*\)".*"usage":"\([0-9.]*\)".*/\1 \2/p'
}

run init --categories "$here/../../conf/categories.csv" >log || exit
run account add --name One --sid $one --created 2026-01-01 >log
run account add --name Two --sid $two --created 2026-01-01 >log

# ---- forms ----

{ event a; event b; } >in/two.ndjson
try import in/two.ndjson
is "events are created" "$out" "in/two.ndjson: 2 created, 0 duplicate, 0 conflict, 0 rejected
total: 2 created, 0 duplicate, 0 conflict, 0 rejected"
is "that is success" "$code" 0
try import in/two.ndjson
has "again they are duplicates" "$out" "total: 0 created, 2 duplicate, 0 conflict, 0 rejected"
is "that is success too" "$code" 0
is "and count once" "$(calls)" 2
{ printf '[\n'; event c; printf ','; event d; printf ']'; } >in/array.json
event e | sed 's/{/{\n/' >in/one.json
printf 'source,id,subject,time,category,usage\r\nt,f,%s,2026-11-01T10:00:00Z,calls-outbound,1' $one >in/plain.csv
try import in/array.json in/one.json in/plain.csv
has "an array, an object and CSV, by their names" "$out" "total: 4 created, 0 duplicate, 0 conflict, 0 rejected"
for file in array.json one.json plain.csv two.ndjson; do
	try import - <in/$file
	has "$file by its content" "$out" "total: 0 created, $(run import in/$file | sed -n 's/^total: 0 created, \([0-9]*\) dup.*/\1/p') duplicate, 0"
done
printf 'source\tid\tsubject\ttime\tcategory\nt\t"tab\t%s\t2026-11-01T10:00:00Z\tcalls-outbound\nt\ttab2\t%s\t2026-11-01T10:00:00Z\tcalls-outbound\n' $one $one >in/tabs.tsv
try import in/tabs.tsv
has "tab-separated values have no quotes" "$code $out" "0 in/tabs.tsv: 2 created"
try import - <in/tabs.tsv
has "on standard input too" "$code $out" "total: 0 created, 2 duplicate"
cp in/array.json in/array.txt
try import --format json in/array.txt
has "or as it is told" "$out" "total: 0 created, 2 duplicate"
try import --format ndjson in/array.txt
is "which may be wrong" "$code" 1
is "no list of rejected records is left of what went well" "$(ls -- *.csv)" "array.txt.rejected.csv"
rm -- *.rejected.csv

{ event early | sed 's/"time":"[^"]*"/"time":"2026-11-21T12:05:00Z"/'; event future | sed 's/"time":"[^"]*"/"time":"2026-11-21T12:05:01Z"/'; } >in/future.ndjson
try import in/future.ndjson
has "times may lie ahead of the clock as far as the setting says" "$out" "total: 1 created, 0 duplicate, 0 conflict, 1 rejected"
has "and no further" "$(cat future.ndjson.rejected.csv)" "time lies in the future: it may be at most 300 seconds ahead"
rm -- *.rejected.csv

# ---- packed ----

gzip -k in/array.json
zstd -q in/two.ndjson in/plain.csv
{ event p1 | gzip -c; event p2 | gzip -c; } >in/members.ndjson.gz
{ event p3 | zstd -qc; event p4 | zstd -qc; } >in/frames
try import in/array.json.gz in/two.ndjson.zst in/plain.csv.zst
has "packed files are what is in them" "$out" "total: 0 created, 5 duplicate, 0 conflict, 0 rejected"
try import in/members.ndjson.gz in/frames
has "all of them" "$out" "total: 4 created, 0 duplicate, 0 conflict, 0 rejected"
try import - <in/members.ndjson.gz
has "on standard input too" "$out" "total: 0 created, 2 duplicate"
cp in/plain.csv.zst in/plain.gz
try import in/plain.gz
has "whatever the name says" "$out" "total: 0 created, 1 duplicate"
head -c -4 in/members.ndjson.gz >in/cut.ndjson.gz
try import in/cut.ndjson.gz
has "a file that is cut off is told" "$code $err" "1 usaged import: the gzip data ends too soon"
has "what came before counts" "$out" "total: 0 created, 2 duplicate"
{ event p5 | gzip -c; event p6; } >in/mixed.gz
try import in/mixed.gz
has "a damaged one too" "$code $err" "1 usaged import: the gzip data is damaged: incorrect header check"
zstd -q --ultra -22 --long=27 --no-content-size -c <(head -c 20000000 /dev/zero) >in/large.zst
try import in/large.zst
has "one that asks for much memory too" "$code $err" "1 usaged import: the zstd data needs a window of more than 8 MiB"

# ---- verdicts ----

{
	event g
	event a "$one" '"category":"calls-outbound","usage":2'
	event h "AC000000000000000000000000000000ff"
	event i "$one" '"category":"calls-outbound","usage":"1,5"'
	echo '{"id": '
	echo
	event j "$one" '"category":"telepathy"'
	event g
	event k "$two" '"category":"calls-outbound","price":0.000000001'
} >in/mixed.ndjson
try import in/mixed.ndjson
has "each record has its verdict" "$out" "total: 2 created, 1 duplicate, 1 conflict, 4 rejected"
has "what was not stored is in a file" "$out" "mixed.ndjson.rejected.csv"
is "that is a failure" "$code" 1
is "the file has a header" "$(head -n 1 mixed.ndjson.rejected.csv)" "file,line,field,reason,record"$'\r'
is "a line each, with line and field" "$(sed 's/\r$//' mixed.ndjson.rejected.csv | awk -F, 'NR > 1 { print $2, $3 }' | sort -n)" "2 id
3 subject
4 usage
5 
7 category"
has "the reason names what is unknown" "$(cat mixed.ndjson.rejected.csv)" 'there is no category ""telepathy""'
# what was rejected is there as it was, and is rejected again
sqlite3 :memory: '.import --csv mixed.ndjson.rejected.csv r' "SELECT record FROM r WHERE line = 7" >again 2>>log
is "and the record is as it was" "$(cat again)" "$(sed -n 7p in/mixed.ndjson)"
try import --rejects all.csv in/mixed.ndjson in/mixed.ndjson
is "one file for all" "$(wc -l <all.csv) $(ls -- *.csv)" "11 all.csv
mixed.ndjson.rejected.csv"
rm -- *.csv
sum=$(cksum <in/mixed.ndjson)
try import --rejects in/mixed.ndjson in/mixed.ndjson
is "a file that is read is not written over" "$code $(cksum <in/mixed.ndjson)" "2 $sum"
try import --rejects /dev/full in/mixed.ndjson
is "a list that can't be written is a failure" "$code" 1
has "and is named" "$err" "/dev/full"

# ---- damage ----

# big N BYTES: N objects one behind the other, the 11th with a member of so many bytes
big() {
	awk -v n="$1" -v bytes="$2" -v one=$one -v end="${3:-}" 'BEGIN {
		for (pad = "x"; length(pad) < bytes;) pad = pad pad
		for (i = 1; i <= n; i++)
			printf "{\"source\":\"big%s\",\"id\":\"%d\",\"subject\":\"%s\",\"time\":\"2026-10-01T10:00:00Z\",\"note\":\"%s\",\"data\":{\"category\":\"calls-outbound\"}}%s",
				end ? 2 : 1, i, one, i == 11 ? pad : "", end
	}'
}

printf '[file]\nformat = json\n[event]\nsource = m\nid = {id}\nsubject = {acct}\ncategory = calls-outbound\ntime = {t}\nusage = {n}\n' >in/m.ini
big 1000 2000000 >in/long.json
try import in/long.json
has "an overlong record costs itself alone" "$code $out" "1 in/long.json: 999 created, 0 duplicate, 0 conflict, 1 rejected"
big 1000 2000000 $'\n' | run import - >out 2>err
has "on standard input too" "$(cat out)" "standard input: 999 created, 0 duplicate, 0 conflict, 1 rejected"
big 20 70000 | sed 's/big1/medium/g' >in/medium.json
try import in/medium.json
has "one of 70 kB is read" "$code $out" "0 in/medium.json: 20 created"
printf '[ingest]\nrecord_bytes = 2000\n' | cat usaged.conf - >short.conf
out=$("$usaged" --config short.conf import in/medium.json)
has "unless a setting says otherwise" "$out" "0 created, 19 duplicate, 0 conflict, 1 rejected"
{ printf '{"id":"m0","acct":"%s","t":"2026-10-' $one; echo; for i in 1 2 3; do
	printf '{"id":"m%s","acct":"%s","t":"2026-10-01T10:00:00Z","n":"1"}\n' $i $one
done; } >in/cut.jsonl
try import --mapping in/m.ini in/cut.jsonl
has "a cut line costs itself alone, with a mapping" "$code $out" "1 in/cut.jsonl: 3 created, 0 duplicate, 0 conflict, 1 rejected"
try import --mapping in/m.ini - <in/cut.jsonl
has "and on standard input" "$out" "total: 0 created, 3 duplicate, 0 conflict, 1 rejected"
tail -c +30 in/cut.jsonl | run import --mapping in/m.ini - >out 2>err
has "also if its beginning is missing" "$(cat out)" "total: 0 created, 3 duplicate, 0 conflict, 1 rejected"
{ echo 'source,id,subject,time,category,customer'; for i in $(seq 30); do
	printf 't,q%s,%s,2026-11-01T10:00:00Z,calls-outbound,%sx%s\n' "$i" $one "$([ "$i" != 3 ] || echo '"')" "$([ "$i" != 20 ] || echo '"')"
done; } >in/stray.csv
try import in/stray.csv
has "records over several lines are told, and where the longest begins" "$out" \
	"in/stray.csv: 1 record went over several lines, by quotes; the longest begins at line 4 and has 18 lines"
sed 's/x"$/x/' in/stray.csv >in/open.csv
try import in/open.csv
has "a quote that isn't closed costs its line alone" "$code $out" "1 in/open.csv: 17 created, 12 duplicate, 0 conflict, 1 rejected"
{ event pad | gzip -c; head -c 1000 /dev/zero; } >in/padded.gz
try import in/padded.gz
has "NUL bytes behind packed data are ignored" "$code $out" "0 in/padded.gz: 1 created"
printf 'a,b,a\n1,2,3\n' >in/two.csv
printf '[file]\nheader = yes\n[event]\nsource = t\nid = {a}\nsubject = {b}\ncategory = calls-outbound\ntime = {b}\n' >in/two.ini
try import --mapping in/two.ini in/two.csv
has "two columns of one name are an error that names it" "$code $err" "there are two columns a"
printf '%s\n' '{"id": ' >in/listed.ndjson
event listed "$one" '"category":"telepathy"' >>in/listed.ndjson
try import in/listed.ndjson
run report ListRejections --format jsonl | grep listed.ndjson >listed
is "what an import rejects is in the ledger's list" "$(wc -l <listed)" 2
has "with file and line" "$(cat listed)" '"file":"in/listed.ndjson","line":2'
has "and code" "$(cat listed)" '"code":"unreadable"'
has "and whose it is" "$(cat listed)" '"account_sid":"'$one'","id":"listed","source":"t"'
closed=AC0000000000000000000000000000000c
printf '[ledger]\ndatabase = late.db\nsecret_file = late.secret\nlate_events = reject\n' >late.conf
run --config late.conf init --categories "$here/../../conf/categories.csv" >log
run --config late.conf account add --name closed --sid $closed --created 2020-01-01 >>log
run --config late.conf closing close --account $closed --through 2026-11-10 >>log
event late1 $closed >in/late.ndjson
try --config late.conf import in/late.ndjson
has "a late event is rejected where the setting says so" "$code $out" "1 in/late.ndjson: 0 created, 0 duplicate, 0 conflict, 1 rejected"
is "and is listed with its account and identity" "$(run --config late.conf event list --account $closed --state late)" \
	"$(printf '%s\tt\tlate1\t-\t-\t-\t-\t-\t-\trejected' $closed)"
printf '[file]\nheader = yes\n[event]\nsource = t\nid = {i}\naccount = closed\ncategory = calls-outbound\ntime = {t}\n' >in/late.ini
printf 'i,t\nlate2,2026-11-02T00:00:00Z\n' >in/late.csv
try --config late.conf import --mapping in/late.ini in/late.csv
has "by a mapping, too" "$(run --config late.conf event list --account $closed --state late)" "$(printf '%s\tt\tlate2' $closed)"
rm -- *.rejected.csv

# ---- attributes ----

event at1 "$one" '"category":"calls-outbound","team":"blue","n":[1,2.50]' >in/attributes.ndjson
event at2 "$one" '"category":"calls-outbound"' | sed 's/"data"/"useage":"beside","data"/' >>in/attributes.ndjson
event at3 "$one" '"category":"calls-outbound","useage":5' >>in/attributes.ndjson
try import in/attributes.ndjson
has "a misspelt member is rejected, an extension isn't" "$out" "2 created, 0 duplicate, 0 conflict, 1 rejected"
has "and the name that is meant is given" "$(cat attributes.ndjson.rejected.csv)" "which lacks usage"
sed 's/blue/red/' in/attributes.ndjson | run import - >out 2>err
has "attributes are no part of the content" "$(cat out)" "total: 0 created, 2 duplicate, 0 conflict, 1 rejected"
has "the first ones stay, and are shown" "$(run event show at1 --source t)" 'attributes	{"n":[1,2.50],"team":"blue"}'
has "by GET /events/{id} too" "$(run report GetEvent --EventId at1 --Source t --format json)" '{"name":"team","value":"blue"}'
run event amend at1 --source t --usage 9 --reason wrong >log
has "a correction keeps them" "$(run report GetEvent --EventId at1 --Source t --format json)" '{"name":"n","value":"[1,2.50]"}'
rm -- *.rejected.csv

# ---- what can't be read ----

try import
is "files must be named" "$code" 2
try import --format xml in/two.ndjson
has "a form must exist" "$code $err" "2 usaged import: --format must be ndjson, json, csv or tsv"
try import in/nowhere.ndjson in/two.ndjson
is "a file must exist" "$code" 1
has "it is named" "$err" "in/nowhere.ndjson"
has "the others are read" "$out" "total: 0 created, 2 duplicate"
try import in
is "a folder is no file" "$code" 1
printf 'id,when\n1,2\n' >in/bad.csv
try import in/bad.csv
has "a header must name the fields, and is told where it doesn't" "$code $err" "1 usaged import: the header has no column source"
has "with file and line" "$err" "in/bad.csv:1"
{ printf '['; event l; } >in/open.json
try import in/open.json
has "an array must end" "$code $err" "1 usaged import: malformed JSON: the array isn't closed (line 2)"
has "what came before is stored" "$out" "total: 1 created"
: >in/empty.ndjson
try import in/empty.ndjson
is "nothing is nothing" "$code $(tail -n 1 <<<"$out")" "0 total: 0 created, 0 duplicate, 0 conflict, 0 rejected"
printf '[file]\nheader = yes\n[event]\nid = {a\n' >in/bad.ini
try import --mapping in/bad.ini in/plain.csv
has "a mapping is checked" "$code $err" "1 usaged import: in/bad.ini:4: event.id"
try import --mapping "$here/../../conf/mappings/web-bytes.ini" --format json in/plain.csv
has "a mapping is for CSV" "$code $err" "2 usaged import: --mapping is for CSV"
try import --mapping "$here/../../conf/mappings/freeswitch.ini" --format csv in/plain.csv
has "or for JSON" "$code $err" "2 usaged import: --mapping is for JSON"

# ---- FreeSWITCH ----

# cdr UUID ACCOUNT CONTEXT ANSWERED BILLSEC [VARIABLES]: a leg of a call as mod_json_cdr writes it
cdr() {
	printf '{"core-uuid":"c0","switchname":"pbx","channel_data":{"state":"CS_REPORTING","direction":"inbound"},"variables":{'
	printf '"uuid":"%s","accountcode":"%s","start_stamp":"2026-11-01%%2009%%3A00%%3A00","start_epoch":"1793523600",' "$1" "$2"
	printf '"start_uepoch":"1793523600123456","answer_epoch":"%s","duration":"70","billsec":"%s"%s},' "$4" "$5" "${6:-}"
	printf '"app_log":{"applications":[{"app_name":"bridge","app_data":"user/1001"}]},"callflow":[{"dialplan":"XML",'
	printf '"caller_profile":{"username":"1000","context":"%s"},"times":{"created_time":"1793523600123456"}}]}' "$3"
}

run account add --name "Head Office" --created 2026-01-01 >log
office=$(sed -n 's/^SID=//p' log)
mkdir in/cdr
cdr 8f1b Nobody default 1793523610 61 >in/cdr/none.cdr.json
cdr 8f1a Head%20Office default 1793523610 61 >in/cdr/a.cdr.json
cdr 8f1c Head%20Office public 1793523610 60 >in/cdr/b.cdr.json
cdr 8f1d Head%20Office public 0 0 >in/cdr/unanswered.cdr.json
cdr 8f1e Head%20Office default 1793523610 61 ',"originating_leg_uuid":"8f1a"' >in/cdr/leg.cdr.json
try import --mapping "$here/../../conf/mappings/freeswitch.ini" in/cdr/[a-m]*.json in/cdr/unanswered.cdr.json
has "calls that were answered are usage" "$code $out" "total: 2 created, 0 duplicate, 0 conflict, 0 rejected; 2 skipped"
is "in both directions, by the minute" "$(used "$office" calls-inbound) $(used "$office" calls-outbound)" "1 1 1 2"
try import --mapping "$here/../../conf/mappings/freeswitch.ini" in/cdr/none.cdr.json
has "one of an account that isn't there is rejected" "$code $out" "1 rejected"
cat in/cdr/[a-m]*.json >in/cdr/all
{ cdr 8f1a Head%20Office default 1793523610 61; echo; echo '{"variables":'; cdr 8f1c Head%20Office public 1793523610 60; echo; } >in/cdr/lines
{ echo '['; cat in/cdr/a.cdr.json; echo ,; cat in/cdr/b.cdr.json; echo ']'; } | gzip >in/cdr/array.json.gz
try import --mapping "$here/../../conf/mappings/freeswitch.ini" in/cdr/all in/cdr/array.json.gz
has "several in a file are the same" "$out" "total: 0 created, 4 duplicate, 0 conflict, 0 rejected; 1 skipped"
try import --mapping "$here/../../conf/mappings/freeswitch.ini" in/cdr/lines
has "on lines of their own, one spoils no other" "$out" "total: 0 created, 2 duplicate, 0 conflict, 1 rejected"
rm -- *.rejected.csv

# ---- the manual's examples ----

# example N: the Nth one of usaged-mapping(5)
example() {
	awk -v n="$1" '/^\.Ed/ { in_it = 0 } in_it { print } /^\.Bd -literal/ { in_it = ++i == n }' "$here/../../man/usaged-mapping.5"
}

run account add --name Production --created 2026-01-01 >log
production=$(sed -n 's/^SID=//p' log)
run account add --name unknown --created 2026-01-01 >log
unknown=$(sed -n 's/^SID=//p' log)
example 1 >asterisk.ini
printf '"","100","200","Production","""A"" <100>","SIP/1-0","SIP/2-0","Dial","SIP/2","2026-11-01 10:00:00",,"2026-11-01 10:00:20",20,0,"NO ANSWER","DOCUMENTATION","1.1"
"Production","100","200","x","""A"" <100>","SIP/1-0","SIP/2-0","Dial","SIP/2","2026-11-01 10:00:00","2026-11-01 10:00:01","2026-11-01 10:01:02",62,61,"ANSWERED","DOCUMENTATION","1.1"
' >in/Master.csv
try import --mapping asterisk.ini in/Master.csv
has "a mapping may ask for the time zone" "$code $err" "1 usaged import: --zone: asterisk.ini asks for the time zone"
try import --mapping asterisk.ini --zone Europe//Vienna in/Master.csv
has "a zone is one of the list" "$code $err" "1 usaged import: --zone: must be a time zone"
try import --zone Europe/Vienna in/Master.csv
has "a zone is for the times of a mapping" "$code $err" "2 usaged import: --zone"
try import --mapping asterisk.ini --zone Europe/Vienna in/Master.csv
has "the manual's example of Asterisk" "$code $out" "0 in/Master.csv: 1 created, 0 duplicate, 0 conflict, 0 rejected; 1 skipped"
is "by its accountcode, in minutes" "$(used "$production" calls-outbound)" "1 2"
example 2 >switch.ini
printf 'call_id;trunk;direction;caller;callee;started;seconds;cents
1;17;out;+431;+432;01.07.2026 00:30:00;7;1.5
2;18;in;+431;+432;01.11.2026 00:30:00;61;0
3;4319;in;+431;+80012;29.03.2026 02:30:00;60;0
4;4319;out;+431;+432;25.10.2026 02:30:00;7200;250
5;99;out;+431;+432;25.10.2026 02:30:00;60;0
6;17;out;+431;+432;25.10.2026 02:30:00;-1;0
' >in/switch.csv
try import --mapping switch.ini in/switch.csv
has "the manual's example of a switch" "$code $out" "1 in/switch.csv: 4 created, 0 duplicate, 0 conflict, 1 rejected; 1 skipped"
has "what no table has is named" "$(cat switch.csv.rejected.csv)" ',6,trunk,"[table trunks] has nothing for ""99"""'
is "categories are chosen by rules" "$(used "$production" calls-inbound-tollfree) $(used "$production" calls-globalconference)" "1 1 1 120"
is "seconds become minutes, to six places" "$(used "$office" calls-inbound)" "2 2.016667"
example 3 >assistant.ini
echo '{"conversation":{"id":"c1","started":1793523600.25,"turns":[{"ms":30001}]}}' >in/assistant.jsonl
try import --mapping assistant.ini in/assistant.jsonl
has "the manual's example of JSON" "$code $out" "0 in/assistant.jsonl: 1 created"
is "in minutes" "$(used "$unknown" ai-minutes)" "1 0.500017"
example 4 >radius.ini
echo 'session;realm;start;end;in_octets;in_gigawords;out_octets;out_gigawords;rate
1;Unknown;20261101100000;20261101101530;1000;2;5;0;1.000,25
2;unknown;20261101100000;20261101095959;1000;2;5;0;1
3;unknown;2026110110000;20261101101530;1000;2;5;0;1' >in/radius.csv
try import --mapping radius.ini in/radius.csv
has "the manual's example of RADIUS" "$code $out" "1 in/radius.csv: 1 created, 0 duplicate, 0 conflict, 2 rejected"
is "in exact megabytes" "$(used "$unknown" sim-data)" "1 8589.935597"
has "an end before the start is rejected" "$(cat radius.csv.rejected.csv)" ',3,end,"end must not be negative'

# ---- Asterisk ----

# Master.csv as cdr_csv writes it without options: 16 columns, local times, doubled quotes, no answer time where nobody answered
run account add --name "4711" --created 2026-01-01 >log
by_name=$(sed -n 's/^SID=//p' log)
cat >in/Master.csv <<'END'
"4711","100","004312345678","from-internal","""Anna Alt"" <100>","PJSIP/100-00000001","PJSIP/trunk-00000002","Dial","PJSIP/004312345678@trunk,60","2026-07-01 00:10:00","2026-07-01 00:10:05","2026-07-01 00:11:06",66,61,"ANSWERED","DOCUMENTATION"
"4711","004312345678","100","from-trunk","""+43 1 2345678"" <004312345678>","PJSIP/trunk-00000003","PJSIP/100-00000004","Dial","PJSIP/100,20","2026-11-01 09:00:00","2026-11-01 09:00:09","2026-11-01 09:03:09",189,180,"ANSWERED","DOCUMENTATION"
"4711","100","004312345678","from-internal","""Anna Alt"" <100>","PJSIP/100-00000005","PJSIP/trunk-00000006","Dial","PJSIP/004312345678@trunk,60","2026-11-01 09:05:00",,"2026-11-01 09:05:30",30,0,"NO ANSWER","DOCUMENTATION"
"4711","100","004312345678","from-internal","""Anna Alt"" <100>","PJSIP/100-00000007","","Busy","","2026-11-01 09:06:00",,"2026-11-01 09:06:01",1,0,"BUSY","DOCUMENTATION"
"","101","*97","from-internal","""Bob"" <101>","PJSIP/101-00000008","","VoiceMailMain","101@default","2026-11-01 09:07:00","2026-11-01 09:07:00","2026-11-01 09:07:10",10,10,"ANSWERED","DOCUMENTATION"
END
# the same and one more with loguniqueid and loguserfield
cat >in/Master2.csv <<'END'
"4711","100","004312345678","from-internal","""Anna Alt"" <100>","PJSIP/100-00000009","PJSIP/trunk-0000000a","Dial","PJSIP/004312345678@trunk,60","2026-11-01 10:00:00","2026-11-01 10:00:05","2026-11-01 10:00:06",6,1,"ANSWERED","DOCUMENTATION","1793523600.9",""
"4711","100","004312345678","from-internal","""Anna Alt"" <100>","PJSIP/100-0000000b","PJSIP/trunk-0000000c","Dial","PJSIP/004312345678@trunk,60","2026-11-01 10:00:00","2026-11-01 10:00:05","2026-11-01 10:00:06",6,1,"ANSWERED","DOCUMENTATION","1793523600.11","","","1793523600.11",7
END
asterisk=$here/../../conf/mappings/asterisk-master-csv.ini
try import --mapping "$asterisk" --zone Europe/Vienna in/Master.csv
has "Master.csv as Asterisk writes it by default" "$code $out" "1 in/Master.csv: 2 created, 0 duplicate, 0 conflict, 1 rejected; 2 skipped"
has "a call without an accountcode is rejected" "$(cat Master.csv.rejected.csv)" ",5,subject,"
is "told apart by their context" "$(used "$by_name" calls-outbound) $(used "$by_name" calls-inbound)" "1 2 1 3"
try event show "PJSIP/100-00000001/004312345678/PJSIP/trunk-00000002/2026-07-01 00:10:00"
has "at their local times" "$out" "2026-06-30T22:10:00Z"
try import --mapping "$asterisk" --zone Europe/Vienna in/Master2.csv in/Master.csv
has "with uniqueid, userfield and newer columns too" "$out" "in/Master2.csv: 2 created, 0 duplicate, 0 conflict, 0 rejected"
has "a second import counts nothing twice" "$out" "in/Master.csv: 0 created, 2 duplicate, 0 conflict, 1 rejected"
rm -- *.rejected.csv

# ---- beside others, and interrupted ----

before=$(calls)
event busy >in/busy.ndjson
{ echo 'BEGIN IMMEDIATE;'; sleep 1; echo 'COMMIT;'; } | sqlite3 usage.db &
sleep 0.3
try import in/busy.ndjson
wait $!
is "an import waits while another one writes, longer than requests do" "$code $(calls)" "0 $((before + 1))"

# While somebody writes all the time: says what it waits for, and either signal ends it.
mkfifo hold
sqlite3 usage.db <hold &
holder=$!
exec 4>hold
printf 'BEGIN IMMEDIATE;\n.shell touch held\n' >&4
until [ -e held ]; do sleep 0.1; done
event held >in/held.ndjson
for signal in INT TERM; do
	rm -f err
	"$usaged" --config usaged.conf import in/held.ndjson >out 2>err 4>&- &
	import=$!
	for _ in $(seq 300); do
		! grep -qs waiting err || break
		sleep 0.1
	done
	is "an import that waits says so" "$(head -n 1 err)" "usaged import: waiting for another writer of the ledger"
	kill -$signal $import
	for _ in $(seq 300); do
		kill -0 $import 2>>log || break
		sleep 0.1
	done
	is "SIG$signal ends the wait" "$(kill -0 $import 2>>log && echo waits)" ""
	kill -KILL $import 2>>log
	wait $import
	is "as a failure" $? 1
	has "nothing is stored" "$(cat err)" "interrupted: in/held.ndjson is stored up to line 0"
done
exec 4>&-
wait $holder
try import in/held.ndjson
has "then it is brought in" "$out" "total: 1 created"

before=$(calls)
awk -v n=120000 -v one=$one 'BEGIN {
	for (i = 0; i < n; i++)
		printf "{\"source\":\"big\",\"id\":\"%d\",\"subject\":\"%s\",\"time\":\"2026-10-%02dT10:%02d:00Z\",\"data\":{\"category\":\"calls-outbound\"}}\n",
			i, one, i % 28 + 1, i % 60
}' >in/big.ndjson
mkfifo pipe
exec 3<>pipe
timeout --foreground 120 "$usaged" --config usaged.conf import - <pipe 3>&- >out 2>err &
import=$!
timeout 60 cat in/big.ndjson >&3
for _ in $(seq 300); do
	[ "$(calls)" -lt $((before + 100000)) ] || break
	sleep 0.1
done
kill -INT $import
wait $import
is "an interrupted import is a failure" $? 1
exec 3>&-
stored=$(sed -n 's/.*interrupted: standard input is stored up to line \([0-9]*\).*/\1/p' err)
is "it says how far it came: ${stored:=0}" $((stored >= 100000 && stored < 120000)) 1
is "whole batches are stored" "$(calls)" $((before + stored))
try import in/big.ndjson
has "running it again brings the rest" "$out" "total: $((120000 - stored)) created, $stored duplicate, 0 conflict, 0 rejected"
is "and all count once" "$(calls)" $((before + 120000))

# ---- killed, and run again ----

# A ledger for itself: what an import that nothing disturbed makes of the same file
sed 's/usage.db/whole.db/; s/= secret/= whole.secret/' usaged.conf >whole.conf
"$usaged" --config whole.conf init --categories "$here/../../conf/categories.csv" >log
"$usaged" --config whole.conf account add --name One --sid $one --created 2026-01-01 >log
sed 's/whole.db/killed.db/' whole.conf >killed.conf
cp whole.db whole.empty
cp whole.db killed.db
sed 's/"big"/"killed"/' in/big.ndjson >in/killed.ndjson
"$usaged" --config whole.conf import in/killed.ndjson >log
sums() {
	"$usaged" --config "$1" report ListUsageRecordDaily --AccountSid "$one" --Category calls-outbound --PageSize 1000 --format csv
}
exec 3<>pipe
"$usaged" --config killed.conf import - <pipe 3>&- >log 2>&1 &
import=$!
timeout 60 cat in/killed.ndjson >&3
for _ in $(seq 300); do
	[ "$(sqlite3 -cmd '.timeout 10000' killed.db 'SELECT count(*) FROM event')" -lt 100000 ] || break
	sleep 0.1
done
kill -KILL $import
wait $import 2>>log
exec 3>&-
stored=$(sqlite3 -cmd '.timeout 10000' killed.db 'SELECT count(*) FROM event')
is "an import that is killed leaves whole batches: $stored" $((stored >= 100000 && stored < 120000)) 1
rm -f killed.db*
cp whole.empty killed.db
kills=0
for pause in 0.05 0.1 0.2 0.3 0.4; do
	"$usaged" --config killed.conf import in/killed.ndjson >log 2>&1 &
	import=$!
	sleep $pause
	! kill -KILL $import 2>>log || kills=$((kills + 1))
	wait $import 2>>log
done
out=$("$usaged" --config killed.conf import in/killed.ndjson)
has "an import that was killed is run again" "$out" " 0 conflict, 0 rejected"
is "then it is as if it had not been" "$(sums killed.conf | cksum)" "$(sums whole.conf | cksum)"
is "with all events" "$(sums killed.conf | grep -c ,calls-outbound,)" "$(sums whole.conf | grep -c ,calls-outbound,)"
has "and true" "$("$usaged" --config killed.conf verify)" "120000 events, 0 differences"
echo "# killed $kills times in mid-import"

# ---- memory ----

# Each event has a customer of its own: the most that there is to look up.
awk -v one=$one 'BEGIN {
	print "source,id,subject,time,category,usage,customer"
	for (i = 0; i < 150000; i++)
		printf "memory,m%06d,%s,2026-%02d-%02dT10:00:00Z,calls-outbound,1,customer-%d\n",
			i, one, 1 + i % 10, 1 + i % 28, i
}' >in/memory.csv
sed 's/whole.db/memory.db/' whole.conf >memory.conf
cp whole.empty memory.db
"$usaged" --config memory.conf import in/memory.csv >log &
import=$!
most=0
while kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$import/status 2>>err) && [ -n "$kib" ]; do
	most=$kib
	sleep 0.02
done
wait $import
has "events with 150,000 customers are imported" "$(cat log)" "150000 created"
if grep -q __asan_init "$usaged"; then
	echo "# skipped: how much memory that takes; a sanitizer has memory of its own"
else
	is "in at most 128 MiB: $((most / 1024))" $((most > 0 && most <= 131072)) 1
fi

# ---- the sample ----

is "the same seed and time make the same sample" "$(run sample --print | cksum)" "$(run sample --print | cksum)"
has_not "another seed another" "$(run sample --seed 2 --print | cksum)" "$(run sample --print | cksum)"
try sample
has "the sample names its accounts" "$out" "	Northwind Voice	-"
created=$(sed -n 's/ events created, 0 there already//p' <<<"$out")
is "it has as many events as it prints" "$created" "$(run sample --print | wc -l)"
is "some ten thousands" $((created > 50000 && created < 80000)) 1
try sample
has "again it adds nothing" "$out" "0 events created, $created there already"
run sample --print >in/sample.ndjson
try import in/sample.ndjson
has "what it prints is what it stores" "$out" "total: 0 created, $created duplicate, 0 conflict, 0 rejected"
USAGED_CLOCK=2026-11-23T12:00:00Z try sample
has "two days later only the new ones are added" "$out" " events created, "
is "which are few" "$(sed -n 's/ events created.*//p' <<<"$out" | awk '{ print ($1 > 0 && $1 < 1000) }')" 1
is "SIMs, fleets, networks, countries" "$(for f in sim fleet network iso_country; do
	sed -n "s/.*\"$f\":\"\([^\"]*\)\".*/\1/p" in/sample.ndjson | sort -u | wc -l
done | paste -sd ' ')" "6 2 3 3"
is "nothing in it is from the future" "$(sed 's/.*"time":"\([^"]*\)".*/\1/' in/sample.ndjson | sort | tail -n 1 | cut -c1-10)" 2026-11-21
is "every account has AI minutes of three customers or more" "$(grep '"customer"' in/sample.ndjson |
	sed 's/.*"subject":"\([^"]*\)".*"customer":"\([^"]*\)".*/\1 \2/' | sort -u | cut -d ' ' -f 1 | uniq -c | awk '$1 >= 3' | wc -l)" 4

# ---- export ----

export USAGED_CLOCK=2026-11-24T12:00:00Z
event void | sed 's/"id":"void"/"id":"v,1"/' >in/corrected.ndjson
event amend | sed 's/"customer":[^,}]*//; s/"usage":1/"usage":1,"customer":"caf\\u00e9 \\"one\\", two\\\\"/' >>in/corrected.ndjson
event both >>in/corrected.ndjson
try import in/corrected.ndjson
run event void v,1 --source t --reason wrong >log
run event amend amend --source t --usage 7.25 --price 0.000000001 --reason wrong >log
run event amend both --source t --usage 3 --reason wrong >log
run event amend both --source t --usage 4 --time 2026-11-02T00:00:00Z --reason wrong >log

# copy FILE: a ledger with the same accounts, and nothing but what is in the file; its reports
copy() {
	rm -f copy.*
	sed 's/usage.db/copy.db/; s/= secret/= copy.secret/' usaged.conf >copy.conf
	"$usaged" --config copy.conf init --categories "$here/../../conf/categories.csv" >log
	run account list | while IFS='	' read -r sid name parent _; do
		[ "$parent" != - ] || "$usaged" --config copy.conf account add --name "$name" --sid "$sid" --created 2026-01-01 >log
	done
	run account list | while IFS='	' read -r sid name parent _; do
		[ "$parent" = - ] || "$usaged" --config copy.conf account add --name "$name" --sid "$sid" --parent "$parent" --created 2026-01-01 >log
	done
	"$usaged" --config copy.conf import "$@"
}

reports() {
	local sid
	run account list | cut -f 1 | while read -r sid; do
		for operation in ListUsageRecordAllTime ListUsageRecordMonthly; do
			"$usaged" --config "$1" report "$operation" --AccountSid "$sid" --PageSize 1000 --StartDate 2025-01-01 --format csv
		done
	done
}

run account list >accounts
for file in all.ndjson all.csv.zst all.ndjson.gz; do
	try export out-$file
	has "what counts is exported to $file" "$code $out" "0 out-$file: "
	out=$(copy out-$file)
	has "$file is taken in whole" "$out" " created, 0 duplicate, 0 conflict, 0 rejected"
	has "the copy is true" "$("$usaged" --config copy.conf verify)" " 0 differences"
	is "and reports the same" "$(reports copy.conf | cksum)" "$(reports usaged.conf | cksum)"
done
is "packed is what is packed" "$(gzip -dc out-all.ndjson.gz | cksum)" "$(cksum <out-all.ndjson)"
is "an amended event has its new content" "$(grep '"id":"both"' out-all.ndjson)" \
	'{"specversion":"1.0","type":"usage","source":"t","id":"both","subject":"'$one'","time":"2026-11-02T00:00:00Z","data":{"category":"calls-outbound","count":1,"usage":"4","price":"0"}}'
has "attributes are exported" "$(grep '"id":"at1"' out-all.ndjson)" '"usage":"9","price":"0","n":[1,2.50],"team":"blue"}'
has "each where it may stand" "$(grep '"id":"at2"' out-all.ndjson)" '"price":"0","useage":"beside"}'
has "and taken in again" "$("$usaged" --config copy.conf event show at1 --source t)" 'attributes	{"n":[1,2.50],"team":"blue"}'
has "texts are as they were" "$(grep '"id":"amend"' out-all.ndjson)" '"usage":"7.25","price":"0.000000001","customer":"café \"one\", two\\"'
is "a void event is left out" "$(grep -c '"id":"v,1"' out-all.ndjson)" 0
is "nothing else is missing" "$(wc -l <out-all.ndjson)" "$(sqlite3 usage.db "SELECT count(*) - 1 FROM event JOIN source ON source.id = event.source WHERE source.text <> 'usaged'")"
try export --account $two --from 2026-11-01 --to 2026-11-02
has "of one account and one day, to standard output" "$(wc -l <<<"$out") $out" '1 {"specversion":"1.0","type":"usage","source":"t","id":"k"'
try export out-all.ndjson
has "no file is written over" "$code $err" "1 usaged export: out-all.ndjson is there already"
try export --overwrite --account $two out-all.ndjson
is "unless it is said" "$code $(wc -l <out-all.ndjson) $(ls out-all.ndjson.part 2>>log)" "0 1 "
try export --account AC000000000000000000000000000000ff out-none.ndjson
has "an account must be there" "$code $err" "1 usaged export: "
is "nothing is left of what failed" "$(ls out-none* 2>>log)" ""
event_sim='"category":"sim-data","sim":"HS1","data_upload":1,"data_download":2'
event sim "$two" "$event_sim" >in/sim.ndjson
try import in/sim.ndjson
run report ListEvents --Id sim --format csv >found.csv 2>>log
try import found.csv
has "the CSV of GET /events is for spreadsheets, and refused by its header" "$code $err" "1 usaged import: the header has no column time"
try export --from tomorrow
is "times are checked" "$code" 2

try sums --account $two --group sim
has "sums by SIM have its usage" "$code $out" "	sim-data	HS1	1	0.000003	"
try sums --account $two --group customer
is "and those by customer no line without one" "$code $(grep -c '		' <<<"$out")" "0 0"

# ---- following ----

follower=
follow() {
	"$usaged" --config usaged.conf import --follow "$@" >out 2>err & # not run(): its process would be a shell
	follower=$!
}
# until_true COMMAND...: waits until the command succeeds, for ten seconds at most
until_true() {
	for _ in $(seq 200); do
		"$@" && return
		sleep 0.05
	done
	return 1
}
has_events() {
	[ "$(sqlite3 -cmd '.timeout 10000' "file:usage.db?mode=ro" "SELECT count(*) FROM event e JOIN source s ON s.id = e.source WHERE e.id LIKE 'follow%' AND s.text = 't'")" = "$1" ]
}
end_following() {
	kill "$follower"
	wait "$follower"
	code=$?
}

mkdir logs
mkdir logs/folder
mkfifo logs/fifo
event followed | gzip >logs/packed.gz
three_are_told() {
	[ "$(grep -c 'cannot be followed' err)" = 3 ]
}
follow logs/folder logs/fifo logs/packed.gz logs/later.ndjson
until_true three_are_told
sleep 1
end_following
is "what can't be followed is told once, each" "$(grep -c 'cannot be followed' err)" 3
has "a compressed file" "$(cat err)" "logs/packed.gz cannot be followed: it is compressed"
is "standard input is refused" "$("$usaged" --config usaged.conf import --follow - 2>&1 </dev/null | head -n 1)" "usaged import: --follow is for files, not for standard input; try usaged import --help"
rm -r logs/folder logs/fifo logs/packed.gz
{ event follow1; event follow2; event follow3 | head -c 40; } >logs/a.ndjson
follow logs/a.ndjson logs/later.ndjson
until_true has_events 2
is "whole lines are stored, a part of a line is not" "$?" 0
{ event follow3 | tail -c +41; head -c 2000000 /dev/zero | tr '\0' x; } >>logs/a.ndjson
until_true has_events 3
is "its rest is" "$?" 0
{ echo; event follow4; } >>logs/a.ndjson
event follow5 >logs/later.ndjson
until_true has_events 5
is "a line that is too long takes no other with it, and a file may come later" "$?" 0
try import --follow logs/a.ndjson
is "two followers may not share a state" "$code" 1
has "and it says which" "$err" "a.ndjson.follow.lock"
end_following
is "a signal ends it well" "$code" 0
has "it says what it has stored" "$(cat out)" "total: 5 created, 0 duplicate, 0 conflict, 1 rejected"
mv logs/a.ndjson logs/a.ndjson.1
printf '%s' "$(event follow6)" >>logs/a.ndjson.1
event follow7 >logs/a.ndjson
follow logs/a.ndjson logs/later.ndjson
until_true has_events 6
end_following
has "started again, it goes on where it was, in the renamed file, too" "$(cat out)" "total: 1 created, 0 duplicate"
event follow8 >>logs/a.ndjson.1
touch -d '1 hour ago' logs/a.ndjson.1 # one of now would be a file that was rotated a moment ago, and not read yet
follow --state logs/a.ndjson.other logs/a.ndjson
until_true test -s logs/a.ndjson.other
end_following
has "another state begins at the begin" "$(cat out)" "total: 0 created, 1 duplicate"
printf '[file]\nheader = no\ncolumns = a,b\n[event]\nsource = x\nid = {a}-{line}\naccount = {b}\ntime = 2026-11-01T10:00:00Z\ncategory = calls-outbound\n' >line.ini
try import --follow --mapping line.ini logs/a.ndjson
has "identities that depend on the line are refused" "$code $err" "2 usaged import: --follow needs identities"
try import --state x logs/a.ndjson
has "--state is for --follow" "$code $err" "2 usaged import: --state is for --follow"
echo hello >bad.state
try import --follow --state bad.state logs/a.ndjson
has "a file that is no state is not written over" "$code $err $(cat bad.state)" "is no state of usaged import --follow; name another file with --state hello"

try verify
has "the ledger is true" "$code $out" " 0 differences"

finish
