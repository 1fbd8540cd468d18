/*
 * known.h - what the ledger's writer remembers between batches: the ids of
 * accounts, categories, sources, dimension values and series, so that an event
 * costs no question to the store.
 *
 * Accounts and categories are looked up at once. The others may have to be
 * made, so they get their ids (0 until then) in the write: known_source_id,
 * known_series_id. Entries are told apart by their addresses and stay good
 * until known_trim.
 */
#ifndef USAGE_KNOWN_H
#define USAGE_KNOWN_H

#include "base/arena.h"
#include "store/store.h"

struct known;

struct known_text {
	unsigned hash;
	int kind;
	/* the account of a dimension's value, the family of a source */
	int64_t scope;
	size_t len;
	const char *text;
	int64_t id;
	int64_t family; /* of an account */
};

struct known_series_key {
	int64_t account, category;
	struct known_text *dim[DIMENSIONS]; /* NULL = none */
};

struct known_series {
	struct known_series_key key;
	int64_t id;
	int64_t used; /* not 0: known_use has seen to it */
};

/* ST is borrowed. Never NULL. */
struct known *known_new(struct store *st);
void known_free(struct known **k);

/*
 * An account, and its family: the id of its main account, which may be itself.
 */
struct known_account {
	int64_t id, family;
};

/*
 * The account of that SID, or (BY_NAME) that name or number. 1 found, 0 none,
 * -1 failed. A miss is not cached; a name is until the accounts change and
 * known_trim was called.
 */
int known_account(struct known *k, const char *text, size_t len, bool by_name,
		  struct known_account *ret, struct error *err);
/* Likewise. */
int known_category(struct known *k, const char *name, size_t len, int64_t *ret_id,
		   struct error *err);

struct known_text *known_source(struct known *k, int64_t family, const char *text, size_t len);
struct known_text *known_dimension(struct known *k, int64_t account, enum dimension d,
				   const char *text, size_t len);
struct known_series *known_series(struct known *k, const struct known_series_key *key);

/*
 * In a write: make sure that there is an id, and that reports with the account
 * list the category and those above it.
 */
int known_source_id(struct known *k, struct known_text *source, struct error *err);
/* 1: the series was made. */
int known_series_id(struct known *k, struct known_series *s, struct error *err);
int known_use(struct known *k, struct known_series *s, struct error *err);

/*
 * In a write: 1 there is an id, 0 there is no such series yet, -1. Makes
 * nothing.
 */
int known_series_find(struct known *k, struct known_series *s, struct error *err);

/* After the write: everything made in it is there to stay, or was undone. */
void known_keep(struct known *k);
void known_undo(struct known *k);

/*
 * Between batches: forgets everything if it has become much, and names of
 * accounts if accounts may have changed.
 */
void known_trim(struct known *k);

#endif
