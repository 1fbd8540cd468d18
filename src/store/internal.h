/*
 * internal.h - functions and types that the files of the store share.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/db.h"
#include "store/kept.h"
#include "store/store.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum transaction { TX_NONE, TX_READ, TX_WRITE };

struct store_connection;
struct layout;
struct readers;

struct store {
	struct store_connection *connection; /* NULL: only between the reads of READERS */
	struct db *db;                       /* of the connection */
	struct readers *readers;             /* lends the connection; NULL: it is the store's own */
	int64_t statements;                  /* of earlier connections */
	const struct layout *layout;         /* of this kind of database */
	enum transaction tx;
	bool gives_way;  /* see store_give_way */
	bool in_gate;    /* the current read has passed through the read gate */
	bool guesses;    /* see store_guess */
	bool misled;     /* see store_misled */
	int64_t version; /* store_version of the snapshot; 0: not read yet */
	bool moves;      /* a move may write to it, although nobody else may */
	struct store_limits limits;
	int64_t work_left; /* of limits.work */
	struct {
		int64_t *places; /* that could not be reached when it was asked last */
		size_t n;
		int64_t until_ms; /* the answer counts as known */
	} away;
	struct {
		const struct schema_watch *watch; /* or NULL */
		int64_t version;
	} upgrade; /* only during an upgrade of the schema */
};

static inline struct stmt *prepare(struct store *st, const char *sql, struct error *err)
{
	return db_prepare(st->db, sql, err);
}

/*
 * Makes room in LIST for N + 1 elements of the size ELEMENT. *SIZE is the
 * number of elements for which LIST has room. Returns LIST, or a larger copy in
 * ARENA.
 */
void *store_room(struct arena *arena, void *list, size_t n, size_t *size, size_t element);

/* Reads the current row of S into RET. Texts are in ARENA. */
typedef void read_row(struct stmt *s, struct arena *arena, void *ret);

/*
 * The records that a statement found, in an arena. RC is 0, or -1 on failure.
 */
struct rows {
	void *items;
	size_t n;
	int rc;
};

/* Reads all rows of the bound statement as records of SIZE bytes. */
struct rows store_rows(struct stmt *s, read_row *read, size_t size, struct arena *arena,
		       struct error *err);

/* Reads the first column of all rows as numbers. */
int store_ids(struct stmt *s, struct arena *arena, const int64_t **ret, size_t *ret_n,
	      struct error *err);

/* Reads the only row. 1 found, 0 none, -1 failed. */
int store_row(struct stmt *s, read_row *read, struct arena *arena, void *ret, struct error *err);

/* Reads the first column of the only row. 1 found, 0 none, -1 failed. */
int store_one(struct stmt *s, int64_t *ret_n, struct error *err);

/* Checks whether the statement has a row. 1 yes, 0 no, -1 failed. */
int store_any(struct stmt *s, struct error *err);

/* Runs the bound INSERT ... RETURNING id. *RET_ID is the id of the new row. */
int store_insert_id(struct stmt *s, int64_t *ret_id, struct error *err);

/*
 * Reads the first column of the row with ID as text in ARENA. 1 found, 0 none,
 * -1 failed.
 */
int store_text_by_id(struct store *st, const char *sql, int64_t id, struct arena *arena,
		     const char **ret, struct error *err);

/* Reads the first column as text in ARENA. 1 found, 0 none, -1 failed. */
int store_text(struct stmt *s, struct arena *arena, const char **ret, struct error *err);

/*
 * Lists of the amounts for SQL: columns (optionally of a table), and
 * parameters.
 */
#define AMOUNT_COLUMN(table, name) table name
#define AMOUNT_PARAM(table, name)  "?"
#define AMOUNT_COLUMNS             AMOUNT_EACH(AMOUNT_COLUMN, "")
#define AMOUNT_COLUMNS_OF(table)   AMOUNT_EACH(AMOUNT_COLUMN, table ".")
#define AMOUNT_PARAMS              AMOUNT_EACH(AMOUNT_PARAM, "")

/* Bind and read all amounts, from parameter N or from COLUMN on. */
void store_bind_amounts(struct stmt *s, int n, const struct amounts *a);
void store_get_amounts(struct stmt *s, int column, struct amounts *ret);

/*
 * SQL: the main account of ACCOUNT. A subquery, so that INSERT ... SELECT keeps
 * the order of its rows.
 */
#define ROOT_OF(account) "(SELECT COALESCE(x.parent, x.id) FROM account x WHERE x.id = " account ")"

/*
 * The columns of the table series that hold dimensions, and reading them from
 * COLUMN on.
 */
#define SERIES_DIMENSIONS DIMENSION_COLUMNS ", declared"
void store_get_dimensions(struct stmt *s, int column, int64_t dim[DIMENSIONS]);

/*
 * Lists the series in the table series_value, under each of its values of
 * declared dimensions. In a write.
 */
int store_series_list(struct store *st, int64_t id, const struct series *series, struct error *err);

/*
 * Checks the declared dimensions of the series of ACCOUNTS, a list of ids; NULL:
 * of all series. BAD is called for each problem, with the id of the series (0:
 * several); WORDS follow its name.
 */
typedef void bad_series(void *arg, int64_t series, const char *words);
int store_series_check(struct store *st, const struct db_list *accounts, bad_series *bad, void *arg,
		       struct error *err);
/* Fills the table series_value again. In a write. */
int store_series_repair(struct store *st, struct error *err);

/*
 * For functions that change several rows and may be called inside or outside a
 * write. store_write_open begins a write unless a write is open: 1 begun, 0 a
 * write was open, -1 failed. With OWN (the result 1), store_write_close commits
 * the write if RC is not negative, and otherwise undoes the write. Returns RC,
 * or -1.
 */
int store_write_open(struct store *st, struct error *err);
int store_write_close(struct store *st, int own, int rc, struct error *err);

/* Sets ERR_TOO_LARGE and returns -1. */
int store_above_limit(struct store *st, struct error *err);

/* Counts a change of accounts, categories or keys; see store_version. */
int store_changed(struct store *st, struct error *err);

/*
 * Tells whether look-ups that depend only on accounts, categories and closings
 * can be kept, for store_version: in a read that has read this version.
 */
static inline bool store_keeps(const struct store *st)
{
	return st->tx == TX_READ && st->version;
}

/* Clears the connection's cache of accounts. */
void store_accounts_forget(struct store_connection *c);

/* Checks that account ID exists. 1 yes, 0 no, -1 failed. */
int store_account_exists(struct store *st, int64_t id, struct error *err);

/* Upgrade: fills the column `folded` of users. In a write. */
int store_users_fold(struct store *st, struct error *err);

/*
 * Upgrade: fills the empty table of postings from the events. In a write.
 * Memory is bounded.
 */
int store_postings_make(struct store *st, struct error *err);

/*
 * Checks that a late event is listed in closing_change. 1 yes, 0 no, -1 failed.
 */
int store_late_listed(struct store *st, int64_t account, const struct posting *p,
		      struct error *err);
/* Counts the late events in closing_change, of ACCOUNTS; NULL: of all. */
int store_late_count(struct store *st, const struct db_list *accounts, int64_t *ret,
		     struct error *err);

/*
 * Upgrade: adds an entry to the audit log for each subaccount that was closed
 * less far than its main account. In a write.
 */
int store_closings_raise(struct store *st, struct error *err);

/* Upgrade: fills the table `rollup` from the tables it replaces. In a write. */
int store_rollups_migrate(struct store *st, struct error *err);
/* Makes the sums of all large families; there are none yet. */
int store_families_make(struct store *st, struct error *err);

/*
 * Copies the database to FILE as store_backup does, which makes the name
 * complete only at its end.
 */
int store_copy_db(struct db *db, const char *file, bool replace, db_progress *progress, void *arg,
		  struct error *err);

#endif
