/*
 * internal.h - what the files of the store share among themselves.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/rollup.h"
#include "store/db.h"
#include "store/store.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum transaction { TX_NONE, TX_READ, TX_WRITE };

enum { ACCOUNTS_KEPT = 64 };

struct store {
	struct db *db;
	enum transaction tx;
	int64_t version; /* of the snapshot, or 0: nobody has asked for it */
	/* some of those asked for; their names are our own */
	struct account kept[ACCOUNTS_KEPT];
	int64_t kept_version; /* that they are of */
	struct stmt *scan;    /* the open scan, or NULL */
	struct rollup_scan scanned;
	int64_t work_max, work_left; /* rows that may be read; WORK_MAX 0: any number */
};

static inline struct stmt *prepare(struct store *st, const char *sql, struct error *err)
{
	return db_prepare(st->db, sql, err);
}

/*
 * LIST, moved in the arena if that is needed to hold N + 1 elements; *SIZE is
 * how many it has room for.
 */
void *store_room(struct arena *arena, void *list, size_t n, size_t *size, size_t element);

/* Reads the row that S stands at into RET, whose texts live in ARENA. */
typedef void read_row(struct stmt *s, struct arena *arena, void *ret);

/* What a statement finds: N records, in the arena. RC: 0, or -1. */
struct rows {
	void *items;
	size_t n;
	int rc;
};

/* All rows of S, which is bound, as records of SIZE bytes. */
struct rows store_rows(struct stmt *s, read_row *read, size_t size, struct arena *arena,
		       struct error *err);

/* The first columns of all rows of S, likewise. */
int store_ids(struct stmt *s, struct arena *arena, const int64_t **ret, size_t *ret_n,
	      struct error *err);

/* The only row of S, likewise: 1 and *RET, 0 none, -1. */
int store_row(struct stmt *s, read_row *read, struct arena *arena, void *ret, struct error *err);

/* The bound statement's first column: 1 and *ret_n, 0 no row, -1 failed. */
int store_one(struct stmt *s, int64_t *ret_n, struct error *err);

/* Has the bound statement a row? 1, 0, -1. */
int store_any(struct stmt *s, struct error *err);

/* Runs the bound INSERT: 0 and the id of the row that it made, or -1. */
int store_insert_id(struct store *st, struct stmt *s, int64_t *ret_id, struct error *err);

/* The first column of the row with that ID: 1 and *RET in ARENA, 0 none, -1. */
int store_text_by_id(struct store *st, const char *sql, int64_t id, struct arena *arena,
		     const char **ret, struct error *err);

/* The first column of the bound statement's row: 1 and *RET in ARENA, 0 none, -1. */
int store_text(struct stmt *s, struct arena *arena, const char **ret, struct error *err);

/* SQL: the columns of amounts, of a table too; as many parameters; and sums. */
#define AMOUNT_COLUMN(table, name) table name
#define AMOUNT_PARAM(table, name)  "?"
#define AMOUNT_SUM(table, name)    name " = " table "." name " + excluded." name
#define AMOUNT_COLUMNS             AMOUNT_EACH(AMOUNT_COLUMN, "")
#define AMOUNT_COLUMNS_OF(table)   AMOUNT_EACH(AMOUNT_COLUMN, table ".")
#define AMOUNT_PARAMS              AMOUNT_EACH(AMOUNT_PARAM, "")
#define AMOUNT_SUMS(table)         AMOUNT_EACH(AMOUNT_SUM, table)

/* As many as there are, from N. */
void store_bind_amounts(struct stmt *s, int n, const struct amounts *a);
void store_get_amounts(struct stmt *s, int column, struct amounts *ret);

/*
 * For functions that change several rows but may be called outside a write:
 * _open begins one unless one is open, and returns whether it did (1, 0, -1);
 * _close ends what _open began (OWN), committing if RC is not negative. It
 * returns RC, or -1.
 */
int store_write_open(struct store *st, struct error *err);
int store_write_close(struct store *st, int own, int rc, struct error *err);

/* Always -1: what is asked for is more than work_left. */
int store_too_much(struct store *st, struct error *err);

/* Counts a change of accounts, categories or keys (store_version). */
int store_changed(struct store *st, struct error *err);

/* Forgets the accounts that the store keeps in memory. */
void store_accounts_forget(struct store *st);

/* 1 there is an account ID, 0 none, -1. */
int store_account_exists(struct store *st, int64_t id, struct error *err);

/* Fills in what the names of all users look like. In a write. */
int store_users_fold(struct store *st, struct error *err);

/*
 * Postings of all events, into an empty table. In a write; memory stays
 * bounded.
 */
int store_postings_make(struct store *st, struct error *err);

/*
 * Is the event of that identity, late in an account, among what changed in
 * closed time? 1, 0, -1.
 */
int store_late_listed(struct store *st, int64_t account, const struct posting *p,
		      struct error *err);
/* How many late events are. */
int store_late_count(struct store *st, int64_t *ret, struct error *err);

/*
 * Lists the subaccounts that were less closed than their main accounts, in the
 * audit log. In a write.
 */
int store_closings_raise(struct store *st, struct error *err);

/*
 * Makes the postings anew if the schema step before has given events other
 * sources. In a write; memory stays bounded.
 */
int store_sources_moved(struct store *st, struct error *err);

/*
 * What an account's references of one hour amount to, in whatever order they
 * are.
 */
struct posting_sum {
	int64_t account, hour;
	int64_t n;
	uint64_t hash;
	bool damaged; /* not all of them can be read */
};

void posting_sum_add(struct posting_sum *sum, const struct posting *p);

/*
 * The sums of all hours, by account and hour; one reader at a time on a store.
 */
struct posting_reader;
int posting_reader_new(struct store *st, struct posting_reader **ret, struct error *err);
void posting_reader_free(struct posting_reader **r);
/* The next one, NULL at the end; stays until posting_reader_pass. */
int posting_reader_peek(struct posting_reader *r, const struct posting_sum **ret,
			struct error *err);
void posting_reader_pass(struct posting_reader *r);

/* The references of an account's hour. */
struct posting_hour {
	int64_t account, hour;
	struct posting *list;
	size_t n;
};

/* Adds a part of whole runs behind those of the hour. In a write. */
int store_posting_append(struct store *st, int64_t account, int64_t hour, const char *bytes,
			 size_t len, struct error *err);

/*
 * Puts the references WANT in the place of those that the snapshot FROM has of
 * the hour; what TO, the ledger as it is by now, has more, stays. In a write of
 * TO.
 */
int store_postings_replace(struct store *from, struct store *to, const struct posting_hour *want,
			   struct error *err);

/*
 * One step of the schema's history, from version N - 1 to N, where N is its
 * place in the table from 1.
 */
struct schema_step {
	const char *sql;
	/* what SQL can't say, one after the other; ended by NULL */
	int (*then[4])(struct store *st, struct error *err);
};

extern const struct schema_step schema_steps[];
extern const size_t schema_n_steps;

/*
 * Brings the open database forward to version N_STEPS in one transaction
 * (DB_WRITE in FLAGS), or refuses it: an older one that may not be written, and
 * a newer one.
 */
int schema_bring(struct db *db, unsigned flags, const struct schema_step *steps, size_t n_steps,
		 struct error *err);

#endif
