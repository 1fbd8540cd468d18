-- tables.sql - the sums of a ledger in plain tables, from which report.php and report.mjs read.
--
-- temp.daily has the lines of `usaged sums --by day`; ledger is the ledger itself, for its accounts and categories. The table of sums has those of
-- parent categories and of totalprice too, so that a report adds up nothing but accounts. Amounts are integers: millionths of usage, billionths of price.
CREATE TABLE key (hash TEXT PRIMARY KEY, account INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE account (id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, parent INTEGER, currency TEXT NOT NULL, first_day INTEGER NOT NULL);
CREATE INDEX account_parent ON account (parent);
CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, count_unit TEXT NOT NULL, usage_unit TEXT NOT NULL);
-- the categories that the reports of a main account have, with usage or without
CREATE TABLE listed (account INTEGER NOT NULL, category INTEGER NOT NULL, PRIMARY KEY (account, category)) WITHOUT ROWID;
CREATE TABLE sums (account INTEGER NOT NULL, day INTEGER NOT NULL, category INTEGER NOT NULL, count INTEGER NOT NULL, usage INTEGER NOT NULL,
	price INTEGER NOT NULL, PRIMARY KEY (account, day, category)) WITHOUT ROWID;

-- each category with itself, its parents and totalprice
CREATE TEMP TABLE above (category INTEGER, ancestor INTEGER);
INSERT INTO above
	WITH RECURSIVE up (category, ancestor) AS (
		SELECT id, id FROM ledger.category
		UNION ALL SELECT up.category, c.parent FROM up JOIN ledger.category c ON c.id = up.ancestor WHERE c.parent IS NOT NULL)
	SELECT category, ancestor FROM up
	UNION SELECT c.id, t.id FROM ledger.category c, ledger.category t WHERE t.name = 'totalprice';

INSERT INTO account SELECT id, sid, parent, currency, created / 86400 FROM ledger.account;
INSERT INTO category SELECT id, name, description, count_unit, usage_unit FROM ledger.category;
INSERT OR IGNORE INTO listed SELECT a.id, c.id FROM ledger.account a, ledger.category c WHERE c.metered = 1;
INSERT OR IGNORE INTO listed SELECT coalesce(a.parent, a.id), above.ancestor FROM ledger.account_category used
	JOIN ledger.account a ON a.id = used.account JOIN above ON above.category = used.category;
INSERT INTO sums SELECT a.id, unixepoch(d.begin) / 86400, above.ancestor, sum(d.count), sum(CAST(round(d.usage * 1e6) AS INTEGER)),
		sum(CAST(round(d.price * 1e9) AS INTEGER))
	FROM temp.daily d JOIN ledger.account a ON a.sid = d.account JOIN ledger.category c ON c.name = d.category JOIN above ON above.category = c.id
	GROUP BY 1, 2, 3;
ANALYZE;
