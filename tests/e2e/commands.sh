#!/bin/sh
# commands.sh - the small commands from the outside, on a ledger of their own: what they print, how they fail.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$here/tap.sh"
usaged=${USAGED:-$here/../../usaged}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat >"$tmp/usaged.conf" <<-END
	[ledger]
	database = usage.db
	secret_file = secret

	[server]
	templates = $here/../../templates
END

# Runs a command: $out, $err and $code are what came of it.
try() {
	out=$("$usaged" --config "$tmp/usaged.conf" "$@" 2>"$tmp/err")
	code=$?
	err=$(cat "$tmp/err")
}

# refused SENTENCE CODE PART COMMAND...: exit code and one line on standard error, nothing on standard output
refused() {
	sentence=$1 wanted=$2 part=$3
	shift 3
	try "$@"
	is "$sentence: exit code" "$code" "$wanted"
	has "$sentence: reason" "$err" "$part"
	is "$sentence: one line of errors" "$(wc -l <"$tmp/err")" 1
	is "$sentence: no output" "$out" ""
}

categories=$here/../../conf/categories.csv
no_account=ACffffffffffffffffffffffffffffffff

refused "commands need a ledger" 1 "usage.db" account list
refused "a catalogue that is not there makes no ledger" 1 "nowhere.csv" init --categories "$tmp/nowhere.csv"
is "nothing is left of it" "$(ls -x "$tmp")" "err  usaged.conf"
try init --categories "$categories"
is "init makes a ledger" "$code" 0
is "the secret is its owner's alone" "$(stat -c %a "$tmp/secret")" 600
sum=$(cksum <"$tmp/usage.db")
refused "init writes over nothing" 1 "there is a file $tmp/usage.db already" init --categories "$categories"
is "the ledger is as it was" "$(cksum <"$tmp/usage.db")" "$sum"

# a disk that has no room for the ledger, or only for its log
mkdir "$tmp/small"
sed "s|^database.*|database = $tmp/small/usage.db|; s|^secret_file.*|secret_file = $tmp/small/secret|" "$tmp/usaged.conf" >"$tmp/small.conf"
for size in 40k 300k 560k 700k; do
	if ! mount -t tmpfs -o "size=$size" tmpfs "$tmp/small" 2>/dev/null; then
		echo "# skipped: no file system can be mounted here"
		break
	fi
	"$usaged" --config "$tmp/small.conf" init --categories "$categories" 2>"$tmp/err"
	is "on a disk of $size bytes init makes nothing" "$? $(ls -A "$tmp/small")" "1 "
	has "and says why" "$(cat "$tmp/err")" "disk"
	umount "$tmp/small"
done

# what a killed init may have left
mkdir "$tmp/left"
sed "s|^database.*|database = $tmp/left/usage.db|; s|^secret_file.*|secret_file = $tmp/left/secret|" "$tmp/usaged.conf" >"$tmp/left.conf"
echo left >"$tmp/left/secret"
echo left >"$tmp/left/usage.db.part"
echo left >"$tmp/left/usage.db.part-wal"
left() {
	err=$("$usaged" --config "$tmp/left.conf" init --categories "$categories" 2>&1)
	code=$?
}
left
is "init keeps a secret file that is there" "$code $(cat "$tmp/left/secret")" "1 left"
has "and says what to do with it" "$err" "if no other ledger uses it, \"usaged init\" was interrupted; remove the file, and run that again: $tmp/left/secret"
is "no ledger is made" "$(cd "$tmp/left" && echo *)" "secret"
rm "$tmp/left/secret"
left
is "then init makes the ledger" "$code $(cd "$tmp/left" && echo *)" "0 secret usage.db"
rm -r "$tmp/left" "$tmp/left.conf"

refused "a command must exist" 2 "dance" dance
refused "closing accounts had another name" 2 "usaged closing close" period close --account x
refused "reopening them, too" 2 "usaged closing reopen" period open --account x
refused "and listing closings" 2 "usaged closing list" period list
refused "whatever stood after it" 2 "usaged closing" period
refused "an option must exist" 2 "--bogus" account add --name x --bogus
refused "an option needs its value" 2 "--name needs a value" account add --name
refused "a flag takes no value" 2 "--metered takes no value" category list --metered=yes
refused "operands are counted" 2 "unexpected argument" account list everything
refused "a part must be named" 2 "missing" account
refused "a part must exist" 2 "remove" account remove

try account add --name "Grün & Söhne" --currency EUR --created 2025-03-01
main=${out#SID=}
is "an account gets a SID" "$(printf %s "$main" | sed 's/^AC[0-9a-f]\{32\}$/yes/')" yes
try account add --name Filiale --parent "$main" --created 2025-04-01
sub=${out#SID=}
try account list
is "list: an account a line" "$out" "$(printf '%s\n' "$main	Grün & Söhne	-	eur	2025-03-01	-	UTC	1	-" "$sub	Filiale	$main	usd	2025-04-01	-	UTC	1	-" | sort)"
try account show "Grün & Söhne"
has "show takes a name" "$out" "sid	$main"
has "show has the subaccounts" "$out" "subaccount	$sub	Filiale"
refused "a name is taken once" 1 "Filiale" account add --name Filiale
refused "a SID is taken once" 1 "$main" account add --name other --sid "$main"
refused "a parent must exist" 1 "$no_account" account add --name x --parent $no_account
refused "a subaccount has no subaccounts" 1 "subaccount" account add --name x --parent "$sub"
refused "a date must exist" 1 "such as 2026-11-21" account add --name x --created 2026-02-30
refused "a currency has three letters" 1 "usd" account add --name x --currency euro
refused "a name has no line ends" 1 "control characters" account add --name "two
lines"
refused "unknown accounts are not shown" 1 "$no_account" account show $no_account

try key add --role Account --account "$main"
sid=$(printf '%s\n' "$out" | sed -n 's/^SID=//p')
secret=$(printf '%s\n' "$out" | sed -n 's/^SECRET=//p')
is "a secret is letters and digits" "$(printf %s "$secret" | sed 's/^[A-Za-z0-9]\{43\}$/yes/')" yes
is "the secret is not in the ledger" "$(cat "$tmp"/usage.db* | grep -c "$secret")" 0
try key list
has_not "nor in the list" "$out" "$secret"
has "which names the key" "$out" "$sid	Account	-	$main"
try key add --role Manager --user boss --grant "$main" --grant "$sub"
try key list
has "grants are listed" "$out" "Manager	boss	-"
has "all of them" "$out" "$main"
refused "a role must exist" 2 "SystemAdministrator, Manager" key add --role Emperor
refused "an account's key has an account" 2 "--account" key add --role Key
refused "a manager has a name" 2 "--user" key add --role Manager
refused "only a manager has grants" 2 "--grant" key add --role User --user x --grant "$main"
refused "a grant must exist" 1 "$no_account" key add --role Manager --user x --grant $no_account
try key revoke "$sid"
is "a key can be revoked" "$code" 0
try key list
is "and is listed with the time" "$(printf '%s\n' "$out" | awk -F '\t' -v sid="$sid" '$1 == sid && $6 != "-"' | wc -l)" 1
refused "an unknown key can't" 1 "SK0" key revoke SK0
"$usaged" --config "$tmp/usaged.conf" key add --role User --user x >/dev/full 2>"$tmp/err"
is "a secret that can't be printed is an error" $? 1
has "that names the key" "$(cat "$tmp/err")" "SK"

# people
with_password() {
	password=$1
	shift
	out=$(printf '%s\n' "$password" | "$usaged" --config "$tmp/usaged.conf" "$@" 2>"$tmp/err")
	code=$?
	err=$(cat "$tmp/err")
}
with_password "correct horse" user add ada --role Manager --display "Ada L." --email ada@example.org --grant "$main"
is "a user can be added" "$code" 0
is "a password is not in the ledger" "$(cat "$tmp"/usage.db* | grep -c "correct horse")" 0
try user list
has "users are listed" "$out" "ada	Manager	Ada L.	ada@example.org	"
has "with their grants" "$out" "$main"
has_not "but not their passwords" "$out" 'argon2'
with_password "correct horse" user add ada --role User
is "a name is taken once" "$code" 1
has "which is said" "$err" '"ada"'
with_password "too short" user add bob --role User
is "a short password is refused" "$code" 1
has "with what would be right" "$err" "10 to 1024 bytes"
with_password "$(printf '%01025d' 0)" user add bob --role User
is "a long password is refused" "$code" 1
refused "users have roles with names" 2 "SystemAdministrator, Manager, User" user add bob --role Ingest
refused "a colon can't be in a name" 2 "colons" user add b:b --role User
refused "an address has an @" 2 "--email" user add bob --role User --email bob
refused "no password on the command line" 2 "--password" user add bob --role User --password secretsecret
try user grant ada "$sub"
is "a grant can be given" "$code" 0
try user list
has "and is listed" "$out" "$sub"
try user grant ada --revoke "$sub" "$main"
is "and taken away" "$code" 0
try user list
has_not "and is gone" "$out" "$main"
with_password "another horse" user passwd ada
is "a password can be changed" "$code" 0
with_password "another horse" user passwd nobody
is "an unknown user's can't" "$code" 1
try user remove ada
is "a user can be removed" "$code" 0
refused "once" 1 "ada" user remove ada
refused "a removed user gets no grants" 1 "ada" user grant ada "$sub"

try category add calls-moon --parent calls --description "Calls to the moon" --count-unit calls --usage-unit minutes
is "a category can be added" "$code" 0
try category list
has "and is listed" "$out" "calls-moon	calls	-	calls	minutes	Calls to the moon"
try category list --metered
has_not "a new one is not metered" "$out" "calls-moon"
refused "a category is added once" 1 "calls-moon" category add calls-moon
refused "a category's parent must exist" 1 "nothing-such" category add x --parent nothing-such
refused "a category's name is plain" 1 "a-z" category add "Calls!"

try trigger add --account "$main" --category calls --value 50 --url https://usage.invalid/cb --recurring daily --name "Fifty a day"
is "a trigger can be made" "$code" 0
trigger=$(printf '%s\n' "$out" | sed -n 's/^SID=//p')
try trigger list --account "$main"
has "and is listed" "$out" "$trigger	$main	calls	usage	daily	50	0	-	POST	https://usage.invalid/cb	Fifty a day"
try trigger set "$trigger" --method GET --name "Fifty"
is "and changed" "$code" 0
try trigger list
has "which the list shows" "$out" "GET	https://usage.invalid/cb	Fifty"
try trigger secret --account "$main"
is "its account has a secret" "$code$(printf '%s\n' "$out" | grep -c '^SECRET=[A-Za-z0-9]\{43\}$')" 01
secret=$out
try trigger secret --account "$main" --renew
has_not "which can be renewed" "$out" "$secret"
refused "a trigger's value is positive" 1 "positive number" trigger add --account "$main" --category calls --value -1 --url https://usage.invalid/
refused "a trigger's URL is one" 1 "CallbackUrl" trigger add --account "$main" --category calls --value 1 --url usage
refused "a trigger needs its account" 2 "--account" trigger add --category calls --value 1 --url https://usage.invalid/
refused "an unknown callback is not repeated" 1 "no callback" trigger repeat "WH00000000000000000000000000000000"
try trigger callbacks
is "there are no callbacks yet" "$code$out" 0
try trigger remove "$trigger"
is "a trigger can be removed" "$code" 0
refused "once" 1 "no trigger" trigger remove "$trigger"

try config --check
is "good settings: no word" "$code$out$err" 0
try config
"$usaged" config --defaults >"$tmp/defaults.conf"
cmp -s "$tmp/defaults.conf" "$here/../../conf/usaged.conf"
is "conf/usaged.conf has the defaults" $? 0
for bad in 'webhooks ca_file = /dev/null' 'feeds twilio = /nowhere' 'feeds twilio_tokens = /nowhere'; do
	{
		cat "$tmp/usaged.conf"
		printf '\n[%s]\n%s\n' "${bad%% *}" "${bad#* }"
	} >"$tmp/bad.conf"
	"$usaged" --config "$tmp/bad.conf" config --check 2>"$tmp/err"
	is "$bad: exit code" $? 1
	has "$bad: the file" "$(cat "$tmp/err")" "${bad#*= }"
done
sed 's|^database *=.*|database = postgresql:///usage?passfil=/nowhere|' "$tmp/usaged.conf" >"$tmp/bad.conf"
"$usaged" --config "$tmp/bad.conf" config --check 2>"$tmp/err"
is "an address that cannot be: exit code" $? 1
has "an address that cannot be: why" "$(cat "$tmp/err")" PostgreSQL
printf '[server]\nthreads = many\n' >"$tmp/bad.conf"
"$usaged" --config "$tmp/bad.conf" config --check 2>"$tmp/err"
is "bad settings: exit code" $? 1
has "bad settings: file and line" "$(cat "$tmp/err")" "bad.conf:2:"

try verify
is "an empty ledger is true" "$code" 0

finish
