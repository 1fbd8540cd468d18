/*
 * intern.h - the intern table: ids of accounts, categories, sources, dimension
 * values and series, cached between batches, so that most events need no
 * look-up in the store.
 *
 * Accounts and categories get their ids at once. A source or a series may be
 * new: its id is 0 until intern_find or intern_make_all sets it in a write, for
 * all of a batch in few statements. Equal entries have equal pointers, which are
 * valid until intern_trim.
 */
#ifndef USAGE_INTERN_H
#define USAGE_INTERN_H

#include "base/arena.h"
#include "store/store.h"

struct intern;

struct intern_text {
	unsigned hash;
	int kind;
	/* of a dimension value: the account; of a source: the family */
	int64_t scope;
	size_t len;
	const char *text;
	int64_t id;
	int64_t family; /* of an account */
	bool wanted;    /* its id is looked for in this batch */
	/* of a source, for identity_order.c: its number there, from 1; else 0 */
	unsigned bucket;
	/* the equal entry of the older generation, for intern.c */
	struct intern_text *old;
};

struct intern_series_key {
	int64_t account, category;
	struct intern_text *dim[DIMENSIONS_BUILT_IN]; /* NULL: none */
	/*
	 * the values of declared dimensions, from intern_declared; NULL: none
	 */
	struct intern_text *declared;
};

/* A value of a declared dimension, of at most DECLARED_VALUE_BYTES. */
struct intern_value {
	enum dimension dimension;
	const char *text;
	size_t len;
};

struct intern_series {
	struct intern_series_key key;
	int64_t id;
	int64_t used; /* not 0: intern_use has been called */
	/* the progress of getting an id in this batch */
	enum { INTERN_NEW, INTERN_WANTED, INTERN_TO_MAKE } state;
};

/* Borrows ST. Never returns NULL. */
struct intern *intern_new(struct store *st);
void intern_free(struct intern **in);

/*
 * An account and its family: the id of the main account, which may be the
 * account itself.
 */
struct intern_account {
	int64_t id, family;
};

/*
 * Finds an account by SID, or with BY_NAME by name or number. 1 found, 0 none,
 * -1 failed. A miss is not cached. A name is cached until a commit changes the
 * ledger, which is checked once after each intern_trim.
 */
int intern_account(struct intern *in, const char *text, size_t len, bool by_name,
		   struct intern_account *ret, struct error *err);
/* Finds a category by name. 1 found, 0 none, -1 failed. */
int intern_category(struct intern *in, const char *name, size_t len, int64_t *ret_id,
		    struct error *err);

/* Finds an entry, or makes an entry without an id. */
struct intern_text *intern_source(struct intern *in, int64_t family, const char *text, size_t len);
struct intern_text *intern_dimension(struct intern *in, int64_t account, enum dimension d,
				     const char *text, size_t len);
/* The entry of N values, in the order of their dimensions; NULL: N is 0. */
struct intern_text *intern_declared(struct intern *in, int64_t account,
				    const struct intern_value *values, size_t n);
struct intern_series *intern_series(struct intern *in, const struct intern_series_key *key);

/*
 * The ids of a batch. First intern_want for each event, which notes its source
 * and series if they have no ids. intern_find, in a write, finds these ids, and
 * makes those of new sources. Then a series that is new has the id 0: call
 * intern_make for it, and in the end intern_make_all.
 */
void intern_want(struct intern *in, struct intern_text *source, struct intern_series *s);
int intern_find(struct intern *in, struct error *err);
/* True: it was not called for this series before. */
bool intern_make(struct intern *in, struct intern_series *s);
int intern_make_all(struct intern *in, struct error *err);
/*
 * In a write: makes reports of the account list the category of the series and
 * its ancestors.
 */
int intern_use(struct intern *in, struct intern_series *s, struct error *err);

/* Call intern_keep after a commit, intern_undo after a rollback. */
void intern_keep(struct intern *in);
void intern_undo(struct intern *in);

/*
 * Between batches: removes what was not used for long from a large table, and
 * checks names of accounts again if accounts may have changed.
 */
void intern_trim(struct intern *in);

#endif
