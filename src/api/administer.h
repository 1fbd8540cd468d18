/*
 * administer.h - what the operations have in common by which a server is run:
 * changes by usage/admin.h, through the one writer, in the caller's name.
 */
#ifndef API_ADMINISTER_H
#define API_ADMINISTER_H

#include "api/request.h"
#include "usage/admin.h"

/* For what reads only. */
struct admin request_admin(const struct request *rq);

/*
 * Does WORK as request_change does a job. A parameter of WORK's error is called as
 * one of the operation's, any case.
 */
typedef int (*admin_work)(const struct admin *a, void *arg, struct error *err);
int administer(struct request *rq, admin_work work, void *arg, struct error *err);

/* Accounts by their numbers. */
struct account_names {
	const struct account *list;
	size_t n;
};

int account_names_load(const struct request *rq, struct account_names *ret, struct error *err);
/* or NULL */
const struct account *account_names_find(const struct account_names *names, int64_t id);

/*
 * The SIDs of accounts, and their names with commas between (NULL: there are
 * none). In the request's arena.
 */
const char *const *account_sids(const struct request *rq, const struct account_names *names,
				const int64_t *ids, size_t n);
const char *account_words(const struct request *rq, const struct account_names *names,
			  const int64_t *ids, size_t n);

/* The items of "SID,SID"; TEXT may be NULL. */
const char *const *split_list(const struct request *rq, const char *text, size_t *ret_n);

/* As instants are written; NULL for 0. */
const char *instant_text(const struct request *rq, int64_t seconds);
const char *day_text(const struct request *rq, int64_t seconds);

#endif
