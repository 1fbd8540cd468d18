/*
 * answers.h - answers of earlier reads, by question: a command with its
 * parameters. Of a connection of the store; there is a limit to all together.
 */
#ifndef STORE_PGSQL_ANSWERS_H
#define STORE_PGSQL_ANSWERS_H

#include "store/pgsql/conn.h"

struct pg_answers;

struct pg_answers *pg_answers_new(void);
void pg_answers_free(struct pg_answers *a);

/* The last answer to the question, or NULL. Valid until pg_answers_trim. */
const PGresult *pg_answers_find(const struct pg_answers *a, const struct pg_command *question);
/*
 * Takes over R and keeps it instead of an earlier answer, which stays valid until
 * pg_answers_trim. If there is no room left, it keeps neither.
 */
void pg_answers_keep(struct pg_answers *a, const struct pg_command *question, PGresult *r);
/* Forgets earlier answers, and all if they are large together. */
void pg_answers_trim(struct pg_answers *a);

/* Have both the same rows? */
bool pg_answers_equal(const PGresult *a, const PGresult *b);

#endif
