/*
 * places.h - where the events and sums of a family are kept: a main account's
 * with its subaccounts.
 *
 * A ledger may be distributed: over several places, each with families of its
 * own (pgsql/citus.c). A statement about events and sums says by at() (see
 * pgsql/sql.h) which families it is about. If all are in one place, it runs
 * there as a whole; so a question about many accounts is asked once for each
 * place. In any other ledger, everything is in one place.
 */
#ifndef STORE_PLACES_H
#define STORE_PLACES_H

#include "store/internal.h"

struct place {
	/* for at(); empty: all families, since everything is in this place */
	const struct db_list *families;
	const size_t *items; /* numbers of the entries that are kept here */
	size_t n;
};

struct places {
	struct place *list;
	size_t n;
};

/* The place of everything, in a ledger that is not distributed. */
extern const struct place place_of_all;

/*
 * Finds the places, in ARENA, of N entries: families, accounts, or events by
 * key. An account or an event that does not exist is in no place. One statement
 * at most (of events: three), and none if the ledger is not distributed. In a
 * read or write.
 */
int store_places_of_families(struct store *st, const int64_t *families, size_t n,
			     struct arena *arena, struct places *ret, struct error *err);
int store_places_of_accounts(struct store *st, const int64_t *accounts, size_t n,
			     struct arena *arena, struct places *ret, struct error *err);
int store_places_of_events(struct store *st, const struct event_key *keys, size_t n,
			   struct arena *arena, struct places *ret, struct error *err);

/*
 * Lists families for at(): those of N accounts (0: all families), and of an
 * event's place (all, if the place is not known). In a ledger that is not
 * distributed, all.
 */
int store_families_of_accounts(struct store *st, const int64_t *accounts, size_t n,
			       struct arena *arena, const struct db_list **ret, struct error *err);
int store_place_of_event(struct store *st, const struct event_key *key, struct arena *arena,
			 const struct db_list **ret, struct error *err);

/*
 * Tells which of the families are in places that cannot be reached now: AWAY has
 * an entry for each. KNOWN: only if ST found a server away when it was asked last;
 * and where that takes long, the answer is some seconds old. 1 some server is away,
 * 0 none or the ledger is not distributed, -1 failed. Outside a read or write.
 */
int store_families_away(struct store *st, const int64_t *families, size_t n, bool known, bool *away,
			struct error *err);

#endif
