/*
 * schema.c - the tables of a ledger in SQLite, version by version.
 */
#include "store/schema.h"

#include "store/internal.h"
#include "base/banned.h"

/* received events have no negative amounts */
#define EVENT_AMOUNTS                                 \
	"	count INTEGER NOT NULL CHECK (count >= 0)," \
	"	usage INTEGER NOT NULL CHECK (usage >= 0)," \
	"	price INTEGER NOT NULL CHECK (price >= 0)," \
	"	upload INTEGER NOT NULL CHECK (upload >= 0),"

/*
 * The tables total_* hold the rollups by category, in the order in which
 * reports read them: all categories of an account and slot together. STRICT
 * rejects a sum beyond 64 bits, which would be a REAL. Rollups have no foreign
 * keys: they are computed from events and series, which have been checked.
 */
#define AMOUNTS                    \
	"	count INTEGER NOT NULL," \
	"	usage INTEGER NOT NULL," \
	"	price INTEGER NOT NULL," \
	"	upload INTEGER NOT NULL,"

#define TOTAL(level)                                                                         \
	"CREATE TABLE total_" level " ("                                                     \
	"	account INTEGER NOT NULL,"                                                         \
	"	slot INTEGER NOT NULL,"                                                            \
	"	category INTEGER NOT NULL," AMOUNTS "	PRIMARY KEY (account, slot, category)" \
	") STRICT, WITHOUT ROWID;"

/* The tables part_* hold the rollups by series, for series with dimensions. */
#define PART(level)                                      \
	"CREATE TABLE part_" level " ("                  \
	"	account INTEGER NOT NULL,"                     \
	"	category INTEGER NOT NULL,"                    \
	"	slot INTEGER NOT NULL,"                        \
	"	series INTEGER NOT NULL," AMOUNTS        \
	"	PRIMARY KEY (account, category, slot, series)" \
	") STRICT, WITHOUT ROWID;"

const struct schema_step schema_sqlite[] = {
	{ .sql = "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, "
		 "WITHOUT ROWID;"
		 "INSERT INTO meta (name, value) VALUES ('version', 1);"

		 "CREATE TABLE account ("
		 "	id INTEGER PRIMARY KEY,"
		 "	sid TEXT NOT NULL UNIQUE,"
		 "	name TEXT NOT NULL UNIQUE,"
		 "	parent INTEGER REFERENCES account(id),"
		 "	currency TEXT NOT NULL,"
		 "	created INTEGER NOT NULL"
		 ") STRICT;"
		 "CREATE INDEX account_parent ON account (parent, sid);"

		 "CREATE TABLE category ("
		 "	id INTEGER PRIMARY KEY,"
		 "	name TEXT NOT NULL UNIQUE,"
		 "	parent INTEGER REFERENCES category(id),"
		 "	description TEXT NOT NULL,"
		 "	count_unit TEXT NOT NULL,"
		 "	usage_unit TEXT NOT NULL,"
		 "	metered INTEGER NOT NULL CHECK (metered IN (0, 1))"
		 ") STRICT;"

		 "CREATE TABLE key ("
		 "	id INTEGER PRIMARY KEY,"
		 "	sid TEXT NOT NULL UNIQUE,"
		 "	name TEXT NOT NULL,"
		 "	role TEXT NOT NULL,"
		 "	account INTEGER REFERENCES account(id),"
		 "	hash BLOB NOT NULL UNIQUE,"
		 "	created INTEGER NOT NULL,"
		 "	revoked INTEGER NOT NULL DEFAULT 0"
		 ") STRICT;"
		 "CREATE TABLE key_grant ("
		 "	key INTEGER NOT NULL REFERENCES key(id),"
		 "	account INTEGER NOT NULL REFERENCES account(id),"
		 "	PRIMARY KEY (key, account)"
		 ") STRICT, WITHOUT ROWID;"

		 /*
		  * Value 0 means "none". A series refers to it instead of using
		  * NULL, because UNIQUE treats two NULLs as different.
		  */
		 "CREATE TABLE dimension_value ("
		 "	id INTEGER PRIMARY KEY,"
		 "	account INTEGER REFERENCES account(id),"
		 "	dimension INTEGER NOT NULL,"
		 "	text TEXT NOT NULL,"
		 "	UNIQUE (account, dimension, text)"
		 ") STRICT;"
		 "INSERT INTO dimension_value (id, account, dimension, text) VALUES (0, NULL, 0, "
		 "'');"

		 "CREATE TABLE series ("
		 "	id INTEGER PRIMARY KEY,"
		 "	account INTEGER NOT NULL REFERENCES account(id),"
		 "	category INTEGER NOT NULL REFERENCES category(id),"
		 "	customer INTEGER NOT NULL REFERENCES dimension_value(id),"
		 "	sim INTEGER NOT NULL REFERENCES dimension_value(id),"
		 "	fleet INTEGER NOT NULL REFERENCES dimension_value(id),"
		 "	network INTEGER NOT NULL REFERENCES dimension_value(id),"
		 "	country INTEGER NOT NULL REFERENCES dimension_value(id),"
		 "	UNIQUE (account, category, customer, sim, fleet, network, country)"
		 ") STRICT;"

		 "CREATE TABLE source (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"

		 "CREATE TABLE event ("
		 "	source INTEGER NOT NULL REFERENCES source(id),"
		 "	id TEXT NOT NULL,"
		 "	series INTEGER NOT NULL REFERENCES series(id),"
		 "	time_us INTEGER NOT NULL CHECK (time_us >= 0)," EVENT_AMOUNTS
		 "	PRIMARY KEY (source, id)"
		 ") STRICT, WITHOUT ROWID;"

	  TOTAL("quarter") TOTAL("day") TOTAL("month") PART("quarter") PART("day") PART("month") },
	{ /*
	   * People have passwords; programs have keys. The name of a removed
	   * user cannot be used again, so that a name in the audit log always
	   * means one person.
	   */
	  .sql = "CREATE TABLE user ("
		 "	id INTEGER PRIMARY KEY,"
		 "	name TEXT NOT NULL UNIQUE,"
		 "	display TEXT NOT NULL,"
		 "	email TEXT NOT NULL,"
		 "	role TEXT NOT NULL,"
		 /* Argon2id hash with its salt and costs */
		 "	password TEXT NOT NULL,"
		 "	created INTEGER NOT NULL,"
		 "	removed INTEGER NOT NULL DEFAULT 0"
		 ") STRICT;"
		 "CREATE TABLE user_grant ("
		 "	user INTEGER NOT NULL REFERENCES user(id),"
		 "	account INTEGER NOT NULL REFERENCES account(id),"
		 "	PRIMARY KEY (user, account)"
		 ") STRICT, WITHOUT ROWID;"
		 "CREATE TABLE session ("
		 /* a keyed hash of the secret in the cookie or token */
		 "	hash BLOB PRIMARY KEY,"
		 "	user INTEGER NOT NULL REFERENCES user(id),"
		 "	kind INTEGER NOT NULL,"
		 "	created INTEGER NOT NULL,"
		 "	expires INTEGER NOT NULL"
		 ") STRICT, WITHOUT ROWID;"
		 "CREATE INDEX session_user ON session (user);"
		 "CREATE INDEX session_expires ON session (expires);"
		 "ALTER TABLE key ADD COLUMN used INTEGER NOT NULL DEFAULT 0;"

		 /* The audit log. Rows are never changed or deleted. */
		 "CREATE TABLE audit ("
		 "	id INTEGER PRIMARY KEY,"
		 "	at INTEGER NOT NULL,"
		 "	author TEXT NOT NULL,"
		 "	action TEXT NOT NULL,"
		 "	subject TEXT NOT NULL,"
		 "	detail TEXT NOT NULL"
		 ") STRICT;"

		 /*
		  * The entries of corrections are events, with amounts of
		  * either sign. An event takes effect at its own time, unless
		  * its own time was closed when it came: then at `booked_us`.
		  * `source` and `series` have no foreign keys, which would make
		  * storing an event a quarter slower. The write that adds an
		  * event finds or makes its source and series, and verify
		  * checks both references.
		  */
		 "CREATE TABLE correction ("
		 "	id INTEGER PRIMARY KEY,"
		 "	sid TEXT NOT NULL UNIQUE,"
		 "	kind INTEGER NOT NULL,"
		 "	source INTEGER NOT NULL REFERENCES source(id),"
		 /* with `source`: the corrected event */
		 "	event TEXT NOT NULL,"
		 "	author TEXT NOT NULL,"
		 "	reason TEXT NOT NULL,"
		 "	made INTEGER NOT NULL"
		 ") STRICT;"
		 "CREATE INDEX correction_event ON correction (source, event);"
		 "ALTER TABLE event RENAME TO event_1;"
		 "CREATE TABLE event ("
		 "	source INTEGER NOT NULL,"
		 "	id TEXT NOT NULL,"
		 "	series INTEGER NOT NULL,"
		 "	time_us INTEGER NOT NULL CHECK (time_us >= 0),"
		 "	booked_us INTEGER," /* NULL: as time_us */
		 "	correction INTEGER REFERENCES correction(id),"
		 "	count INTEGER NOT NULL,"
		 "	usage INTEGER NOT NULL,"
		 "	price INTEGER NOT NULL,"
		 "	upload INTEGER NOT NULL,"
		 "	PRIMARY KEY (source, id),"
		 "	CHECK (correction IS NOT NULL OR (count >= 0 AND usage >= 0 AND price >= 0 "
		 "AND upload >= 0))"
		 ") STRICT, WITHOUT ROWID;"
		 "INSERT INTO event SELECT source, id, series, time_us, NULL, NULL, count, usage, "
		 "price, upload FROM event_1 ORDER BY source, id;"
		 "DROP TABLE event_1;"

		 /*
		  * Closed instants of accounts: `through` is the first open
		  * second.
		  */
		 "CREATE TABLE closing ("
		 "	account INTEGER PRIMARY KEY REFERENCES account(id),"
		 "	through INTEGER NOT NULL,"
		 "	author TEXT NOT NULL,"
		 "	made INTEGER NOT NULL"
		 ") STRICT;"

		 /* The log of rejected records. */
		 "CREATE TABLE rejection ("
		 "	id INTEGER PRIMARY KEY,"
		 "	at INTEGER NOT NULL,"
		 "	author TEXT NOT NULL,"
		 "	account INTEGER REFERENCES account(id),"
		 "	source TEXT NOT NULL,"
		 "	event TEXT NOT NULL,"
		 "	code TEXT NOT NULL,"
		 "	field TEXT NOT NULL,"
		 "	message TEXT NOT NULL,"
		 "	record TEXT NOT NULL"
		 ") STRICT;"
		 "CREATE INDEX rejection_at ON rejection (at);" },
	{
		.sql =
			/*
			 * The attributes of an event, as a JSON object. Few
			 * events have attributes, so they are not in the table
			 * of events.
			 */
		"CREATE TABLE event_attributes ("
		"	source INTEGER NOT NULL,"
		"	id TEXT NOT NULL,"
		"	attributes TEXT NOT NULL,"
		"	PRIMARY KEY (source, id)"
		") STRICT, WITHOUT ROWID;"

		/*
		 * file and line from which an import read the rejected record
		 */
		"ALTER TABLE rejection ADD COLUMN file TEXT NOT NULL DEFAULT '';"
		"ALTER TABLE rejection ADD COLUMN line INTEGER NOT NULL DEFAULT 0;"
		"CREATE INDEX rejection_author ON rejection (author, id);"

		/*
		 * "" and 0: the parent's values; for a main account UTC and the
		 * first of the month
		 */
		"ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';"
		"ALTER TABLE account ADD COLUMN cycle_day INTEGER NOT NULL DEFAULT 0 CHECK "
		"(cycle_day BETWEEN 0 AND 28);"
		/* the account's number, chosen by the operator */
		"ALTER TABLE account ADD COLUMN number TEXT NOT NULL DEFAULT '';"
		/* the time of the account's suspension; 0: active */
		"ALTER TABLE account ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;"
		"CREATE UNIQUE INDEX account_number ON account (number) WHERE number <> '';"
		"CREATE INDEX account_suspended ON account (id) WHERE suspended <> 0;"

		/*
		 * The name in a form that is equal for all names that look
		 * alike. In an older ledger, several users may have the same
		 * form.
		 */
		"ALTER TABLE user ADD COLUMN folded TEXT NOT NULL DEFAULT '';"
		"CREATE INDEX user_folded ON user (folded);"

		/*
		 * The user (id) or key (SID) that made a key or requested a
		 * token. 0 and "": the command line, or unknown.
		 */
		"ALTER TABLE key ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE key ADD COLUMN maker_key TEXT NOT NULL DEFAULT '';"
		"UPDATE key SET maker = COALESCE((SELECT u.id FROM audit a JOIN user u ON u.name = "
		"a.author"
		" WHERE a.action = 'key.add' AND a.subject = key.sid), 0),"
		" maker_key = COALESCE((SELECT k.sid FROM audit a JOIN key k ON k.sid = a.author"
		" WHERE a.action = 'key.add' AND a.subject = key.sid), '');"
		/* old tokens have no recorded maker */
		"DELETE FROM session WHERE kind = 2;"
		"ALTER TABLE session ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE session ADD COLUMN maker_key TEXT NOT NULL DEFAULT '';"
		"CREATE INDEX session_maker ON session (maker, maker_key);"

		/*
		 * Each family has its own sources; the ledger's own source has
		 * family 0. If several families used an old source, the first
		 * family keeps it. Each other family gets a new source of the
		 * same name, and the family's events and corrections move to
		 * the new source.
		 */
		"CREATE TABLE source_3 ("
		"	id INTEGER PRIMARY KEY,"
		"	family INTEGER NOT NULL,"
		"	text TEXT NOT NULL,"
		"	UNIQUE (family, text)"
		") STRICT;"
		"CREATE TABLE source_use (source INTEGER, family INTEGER) STRICT;"
		"INSERT INTO source_use SELECT DISTINCT e.source, COALESCE(a.parent, a.id) FROM "
		"event e"
		"	JOIN source o ON o.id = e.source JOIN series s ON s.id = e.series JOIN "
		"account a ON a.id = s.account"
		"	WHERE o.text <> '" EVENT_SOURCE_OWN "';"
		"INSERT INTO source_3 SELECT o.id, MIN(u.family), o.text FROM source o JOIN "
		"source_use u ON u.source = o.id"
		"	GROUP BY o.id, o.text;"
		"INSERT INTO source_3 SELECT id, 0, text FROM source WHERE text = "
		"'" EVENT_SOURCE_OWN "';"
		"CREATE TABLE source_moved (source INTEGER, family INTEGER, new INTEGER) STRICT;"
		"INSERT INTO source_moved SELECT u.source, u.family,"
		"	(SELECT MAX(id) FROM source) + ROW_NUMBER() OVER (ORDER BY u.source, "
		"u.family)"
		"	FROM source_use u JOIN source_3 o ON o.id = u.source WHERE o.family <> "
		"u.family;"
		"INSERT INTO source_3 SELECT m.new, m.family, o.text FROM source_moved m JOIN "
		"source o ON o.id = m.source;"
		"UPDATE event SET source = m.new FROM source_moved m, series s, account a WHERE "
		"event.source = m.source"
		"	AND s.id = event.series AND a.id = s.account AND m.family = "
		"COALESCE(a.parent, a.id);"
		"UPDATE correction SET source = m.new FROM source_moved m WHERE correction.source "
		"= m.source"
		"	AND EXISTS (SELECT 1 FROM event e WHERE e.source = m.new AND e.id = "
		"correction.event);"
		"DROP TABLE source;"
		"ALTER TABLE source_3 RENAME TO source;"
		"CREATE INDEX source_text ON source (text);"
		"DROP TABLE source_use;"
		"DROP TABLE source_moved;"

		/*
		 * Changes in closed time. Kind 1: a late event, or an entry of
		 * a correction. Kind 2: an account was reopened.
		 */
		"CREATE TABLE closing_change ("
		"	id INTEGER PRIMARY KEY,"
		/* the main account */
		"	family INTEGER NOT NULL REFERENCES account(id),"
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	at INTEGER NOT NULL," /* 0: before this table existed */
		"	kind INTEGER NOT NULL,"
		"	effective_us INTEGER NOT NULL,"
		"	source INTEGER NOT NULL,"
		"	event TEXT NOT NULL,"
		"	author TEXT NOT NULL,"
		"	reason TEXT NOT NULL"
		") STRICT;"
		"CREATE INDEX closing_change_family ON closing_change (family, id);"
		"CREATE UNIQUE INDEX closing_change_late ON closing_change (account, effective_us, "
		"source, event) WHERE kind = 1;"
		"INSERT INTO closing_change (family, account, at, kind, effective_us, source, "
		"event, author, reason)"
		" SELECT COALESCE(a.parent, a.id), a.id, COALESCE(c.made, 0), 1, e.booked_us, "
		"e.source, e.id, '', ''"
		" FROM event e JOIN series s ON s.id = e.series JOIN account a ON a.id = s.account "
		"LEFT JOIN correction c ON c.id = e.correction"
		" WHERE e.booked_us > e.time_us ORDER BY COALESCE(c.made, 0), e.booked_us, "
		"e.source, e.id;"

		/* The accounts that used a category that is not metered. */
		"CREATE TABLE account_category ("
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	category INTEGER NOT NULL REFERENCES category(id),"
		"	PRIMARY KEY (account, category)"
		") STRICT, WITHOUT ROWID;"
		"CREATE INDEX account_category_category ON account_category (category);"

		/*
		 * The unique names of SIMs and fleets, for each family. `kind`
		 * is the dimension: SIM or fleet.
		 */
		"CREATE TABLE sim ("
		"	id INTEGER PRIMARY KEY,"
		/* the main account */
		"	family INTEGER NOT NULL REFERENCES account(id),"
		"	kind INTEGER NOT NULL,"
		"	sid TEXT NOT NULL,"
		"	name TEXT NOT NULL,"
		"	UNIQUE (family, kind, sid),"
		"	UNIQUE (family, kind, name)"
		") STRICT;",
		.then = { store_users_fold, store_closings_raise, NULL },
	},
	{
		.sql =
			/*
			 * Rollups, packed: store/rollup_rows.h describes
			 * places. The first leaf of a period has an empty key.
			 */
		"CREATE TABLE rollup ("
		"	place INTEGER NOT NULL,"
		"	account INTEGER NOT NULL,"
		"	period INTEGER NOT NULL,"
		"	first BLOB NOT NULL,"
		"	leaf BLOB NOT NULL,"
		"	PRIMARY KEY (place, account, period, first)"
		") STRICT, WITHOUT ROWID;"
		/* The series that a filter by one customer or SIM leaves. */
		"CREATE INDEX series_customer ON series (customer) WHERE customer <> 0;"
		"CREATE INDEX series_sim ON series (sim) WHERE sim <> 0;",
		.then = { store_rollups_migrate, NULL },
	},
	{
		.sql =
			/*
			 * Declared dimensions. `id` is the dimension's number
			 * (model/dimension.h). `fill` and the columns after it
			 * say how far the dimension was filled in for older
			 * events.
			 */
		"CREATE TABLE dimension ("
		"	id INTEGER PRIMARY KEY,"
		"	name TEXT NOT NULL UNIQUE,"
		"	attribute TEXT NOT NULL UNIQUE,"
		"	created INTEGER NOT NULL,"
		"	fill INTEGER NOT NULL DEFAULT 0,"
		"	fill_account INTEGER NOT NULL DEFAULT 0,"
		"	fill_hour INTEGER NOT NULL DEFAULT 0,"
		"	filled INTEGER NOT NULL DEFAULT 0"
		") STRICT;"

		/*
		 * `declared` has the values of declared dimensions, packed
		 * (store/series_pack.h).
		 */
		"CREATE TABLE series_5 ("
		"	id INTEGER PRIMARY KEY,"
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	category INTEGER NOT NULL REFERENCES category(id),"
		"	customer INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	sim INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	fleet INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	network INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	country INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	declared BLOB NOT NULL DEFAULT x'',"
		"	UNIQUE (account, category, customer, sim, fleet, network, country, "
		"declared)"
		") STRICT;"
		"INSERT INTO series_5 SELECT id, account, category, customer, sim, fleet, "
		"network, country, x'' FROM series ORDER BY id;"
		"DROP TABLE series;"
		"ALTER TABLE series_5 RENAME TO series;"
		"CREATE INDEX series_customer ON series (customer) WHERE customer <> 0;"
		"CREATE INDEX series_sim ON series (sim) WHERE sim <> 0;"
		/* the series of each value of a declared dimension */
		"CREATE TABLE series_value ("
		"	value INTEGER NOT NULL,"
		"	series INTEGER NOT NULL,"
		"	PRIMARY KEY (value, series)"
		") STRICT, WITHOUT ROWID;",
	},
	{
		.sql =
			/*
			 * Triggers. Every commit changes the values of
			 * triggers, so they have a narrow table of their own.
			 * The sum has 128 bits: high * 10^18 + low.
			 */
		"CREATE TABLE trigger ("
		"	id INTEGER PRIMARY KEY,"
		"	sid TEXT NOT NULL UNIQUE,"
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	category INTEGER NOT NULL REFERENCES category(id),"
		"	amount INTEGER NOT NULL,"
		"	recurrence INTEGER NOT NULL,"
		"	threshold INTEGER NOT NULL,"
		"	name TEXT NOT NULL,"
		"	url TEXT NOT NULL,"
		"	method TEXT NOT NULL,"
		"	created INTEGER NOT NULL,"
		"	updated INTEGER NOT NULL"
		") STRICT;"
		"CREATE INDEX trigger_account ON trigger (account, id);"
		"CREATE TABLE trigger_value ("
		"	id INTEGER PRIMARY KEY REFERENCES trigger(id),"
		"	period INTEGER NOT NULL,"
		"	high INTEGER NOT NULL,"
		"	low INTEGER NOT NULL,"
		"	fired INTEGER NOT NULL,"
		"	fired_period INTEGER NOT NULL"
		") STRICT;"

		/*
		 * The outbox. `token` is unique, so that no period of a trigger
		 * has two notices.
		 */
		"CREATE TABLE notice ("
		"	id INTEGER PRIMARY KEY,"
		"	sid TEXT NOT NULL UNIQUE,"
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	trigger_sid TEXT NOT NULL,"
		"	token TEXT NOT NULL UNIQUE,"
		"	url TEXT NOT NULL,"
		"	method TEXT NOT NULL,"
		"	form TEXT NOT NULL,"
		"	made_us INTEGER NOT NULL,"
		"	state INTEGER NOT NULL,"
		"	attempts INTEGER NOT NULL,"
		"	next_us INTEGER NOT NULL"
		") STRICT;"
		"CREATE INDEX notice_waiting ON notice (next_us) WHERE state = 0;"
		"CREATE INDEX notice_account ON notice (account, id);"
		"CREATE INDEX notice_trigger ON notice (trigger_sid);"
		"CREATE TABLE delivery ("
		"	id INTEGER PRIMARY KEY,"
		"	notice INTEGER NOT NULL REFERENCES notice(id),"
		"	at_us INTEGER NOT NULL,"
		"	took_us INTEGER NOT NULL,"
		"	status INTEGER NOT NULL,"
		"	error TEXT NOT NULL,"
		"	answer TEXT NOT NULL"
		") STRICT;"
		"CREATE INDEX delivery_notice ON delivery (notice, id);"

		/*
		 * The host that does a kind of background work until the
		 * instant `until_us`; then another host may take over.
		 */
		"CREATE TABLE lease ("
		"	name TEXT PRIMARY KEY,"
		"	host TEXT NOT NULL,"
		"	until_us INTEGER NOT NULL"
		") STRICT, WITHOUT ROWID;"

		/*
		 * The signing secrets of accounts, sealed with the ledger's
		 * secret (usage/signing.h).
		 */
		"CREATE TABLE signing ("
		"	account INTEGER PRIMARY KEY REFERENCES account(id),"
		"	sealed BLOB NOT NULL"
		") STRICT;",
	},
	/* finds the due notices of each account */
	{ .sql = "CREATE INDEX notice_due ON notice (account, next_us) WHERE state = 0;" },
	/* which families have changed since a verification */
	{ .sql = "CREATE TABLE family_change ("
		 "	family INTEGER PRIMARY KEY REFERENCES account(id),"
		 "	at INTEGER NOT NULL"
		 ") STRICT;" },
	{
		.sql =
			/*
			 * Postings, encoded (posting_codec.h), by account and
			 * effective time. An index with an entry for each event
			 * would be as large as the table of events. Older
			 * ledgers have them by hours.
			 */
		"DROP TABLE IF EXISTS posting;"
		"CREATE TABLE posting ("
		"	account INTEGER NOT NULL,"
		"	since INTEGER NOT NULL," /* microseconds since 1970 */
		/* the order of leaves that begin at the same instant */
		"	part INTEGER NOT NULL,"
		"	last INTEGER NOT NULL,"
		"	events BLOB NOT NULL,"
		"	PRIMARY KEY (account, since, part)"
		") STRICT, WITHOUT ROWID;",
	},
	{
		.sql =
			/*
			 * The key of a series begins with account and customer,
			 * and finds those of a customer.
			 */
		"CREATE TABLE series_9 ("
		"	id INTEGER PRIMARY KEY,"
		"	account INTEGER NOT NULL REFERENCES account(id),"
		"	category INTEGER NOT NULL REFERENCES category(id),"
		"	customer INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	sim INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	fleet INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	network INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	country INTEGER NOT NULL REFERENCES dimension_value(id),"
		"	declared BLOB NOT NULL DEFAULT x'',"
		"	UNIQUE (account, customer, sim, category, fleet, network, country, "
		"declared)"
		") STRICT;"
		"INSERT INTO series_9 SELECT id, account, category, customer, sim, "
		"fleet, "
		"network, country, declared FROM series ORDER BY id;"
		"DROP TABLE series;"
		"ALTER TABLE series_9 RENAME TO series;"
		"CREATE INDEX series_sim ON series (account, sim) WHERE sim <> 0;",
	},
	/* the sums of large families (family_sums.h), under numbers below 0 */
	{ .sql = "DELETE FROM rollup WHERE place IN (0, 1, 2, 3, 4) AND account < 0;",
	  .then = { store_families_make, NULL } },
	{
		.sql =
			/*
			 * `time` is below 0 for whole seconds since 1970, else
			 * in microseconds: seconds take half of the room.
			 */
		"CREATE TABLE event_12 ("
		"	source INTEGER NOT NULL,"
		"	id TEXT NOT NULL,"
		"	series INTEGER NOT NULL,"
		"	time INTEGER NOT NULL,"
		"	booked_us INTEGER," /* NULL: as time_us */
		"	correction INTEGER,"
		"	count INTEGER NOT NULL,"
		"	usage INTEGER NOT NULL,"
		"	price INTEGER NOT NULL,"
		"	upload INTEGER NOT NULL,"
		"	time_us INTEGER AS (CASE WHEN time < 0 THEN -1000000 * time ELSE time END),"
		"	PRIMARY KEY (source, id),"
		"	CHECK (correction IS NOT NULL OR (count >= 0 AND usage >= 0 AND price >= 0 "
		"AND upload >= 0))"
		") STRICT, WITHOUT ROWID;"
		"INSERT INTO event_12 SELECT source, id, series,"
		" CASE WHEN time_us % 1000000 = 0 THEN -(time_us / 1000000) ELSE time_us END,"
		" booked_us, correction, count, usage, price, upload FROM event"
		" ORDER BY source, id;"
		"DROP TABLE event;"
		"ALTER TABLE event_12 RENAME TO event;"
		/* postings of an older form */
		"DELETE FROM posting;",
		.then = { store_postings_make, NULL },
	},
};

const size_t schema_n_sqlite = ARRAY_SIZE(schema_sqlite);
