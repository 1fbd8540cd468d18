/*
 * ledger_place.h - where the ledger of a test is: in a file of SQLite, or, with
 * USAGED_TEST_STORE=postgresql://..., in a schema of that database, which is
 * dropped at the end of the test. Its name must be quoted in SQL.
 *
 * What is about the file of SQLite itself asks on_sqlite(), which says on
 * PostgreSQL that it is left out.
 */
#ifndef TESTS_UNIT_LEDGER_PLACE_H
#define TESTS_UNIT_LEDGER_PLACE_H

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>
#include "base/error.h"
#include "store/db.h"
#include "suite.h"

#define PLACE_TEXT 400
/* The name of a schema, behind its own part, in SQL and in an option of an address. */
#define PLACE_NAME   "\"%s My \"\"odd\"\" Schema\""
#define PLACE_OPTION "%%22%s%%5C%%20My%%5C%%20%%22%%22odd%%22%%22%%5C%%20Schema%%22"

struct ledger_place {
	char file[128];
	char schema[64];
	char name[128]; /* of the schema, in SQL */
	char address[PLACE_TEXT];
	pid_t maker;
	struct ledger_place *next;
};

static __attribute__((unused)) struct ledger_place *ledger_places;

static inline const char *test_database(void)
{
	const char *address = getenv("USAGED_TEST_STORE");

	return address && *address ? address : NULL;
}

/* In so many places a ledger is kept at most: of USAGED_TEST_PLACES, for a distributed one. */
static inline int test_places(void)
{
	const char *places = getenv("USAGED_TEST_PLACES");

	return places && *places ? 1 + atoi(places) : 1;
}

/* Runs SQL in the database itself, not in a ledger. */
static inline int place_exec(const char *sql, struct error *err)
{
	struct db *db;
	int rc;

	if (db_open(test_database(), DB_WRITE, 1000, &db, err) < 0)
		return -1;
	rc = db_exec(db, sql, err);
	db_close(&db);
	return rc;
}

/* A test that failed may have left a transaction open, which nobody waits for. */
static inline void places_drop(void)
{
	for (struct ledger_place *p = ledger_places; p; p = p->next) {
		char sql[200];
		struct error failure = { 0 };

		if (p->maker != getpid())
			continue;
		snprintf(sql, sizeof(sql), "SET lock_timeout = 200; DROP SCHEMA %s CASCADE",
			 p->name);
		if (place_exec(sql, &failure) < 0)
			fprintf(stderr, "%s is left: %s (%s)\n", p->schema, failure.message,
				failure.detail);
	}
}

/* What the names of schemas of suites of this host begin with; the suite's process follows. */
static inline void place_prefix(char *ret, size_t size)
{
	snprintf(ret, size, "usaged_test_%08lx_", (unsigned long)gethostid() & 0xffffffff);
}

/* Drops SCHEMA if the suite that made it has ended: a test that is killed leaves its own. */
static inline void place_sweep(const char *schema)
{
	char prefix[32], sql[160];
	long suite;

	place_prefix(prefix, sizeof(prefix));
	if (strncmp(schema, prefix, strlen(prefix)) != 0)
		return;
	suite = strtol(schema + strlen(prefix), NULL, 10);
	if (suite <= 0 || kill((pid_t)suite, 0) == 0 || errno != ESRCH)
		return;
	snprintf(sql, sizeof(sql),
		 "SET lock_timeout = 200; DROP SCHEMA IF EXISTS " PLACE_NAME " CASCADE", schema);
	place_exec(sql, NULL);
}

static pid_t place_suite; /* the process of the suite, which its tests are forks of */

/* Before the tests: what earlier suites have left is dropped. */
__attribute__((constructor)) static void places_begin(void)
{
	enum { MOST = 500 };
	static char names[MOST][64];
	struct stmt *s;
	struct db *db;
	int n = 0;

	place_suite = getpid();
	if (!test_database() || db_open(test_database(), 0, 1000, &db, NULL) < 0)
		return;
	s = db_prepare(db,
		       "SELECT split_part(nspname, ' ', 1) FROM pg_namespace WHERE nspname LIKE "
		       "'usaged_test_%'",
		       NULL);
	while (db_step(s, NULL) > 0)
		if (n < MOST)
			db_get_chars(s, 0, names[n++], sizeof(names[0]));
	db_close(&db);
	while (n > 0)
		place_sweep(names[--n]);
}

static inline const char *place_new(const char *file)
{
	const char *database = test_database();
	struct ledger_place *p = calloc(1, sizeof(*p));
	struct error failure = { 0 };
	uint64_t number;
	char sql[160], prefix[32];

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(getrandom(&number, sizeof(number), 0), sizeof(number));
	snprintf(p->file, sizeof(p->file), "%s", file);
	place_prefix(prefix, sizeof(prefix));
	snprintf(p->schema, sizeof(p->schema), "%s%ld_%016llx", prefix, (long)place_suite,
		 (unsigned long long)number);
	snprintf(p->address, sizeof(p->address), "%s%coptions=-csearch_path%%3D" PLACE_OPTION,
		 database, strchr(database, '?') ? '&' : '?', p->schema);
	snprintf(p->name, sizeof(p->name), PLACE_NAME, p->schema);
	snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", p->name);
	ck_assert_msg(place_exec(sql, &failure) == 0, "%s: %s", failure.message, failure.detail);
	if (!ledger_places)
		atexit(places_drop);
	p->maker = getpid();
	p->next = ledger_places;
	ledger_places = p;
	return p->address;
}

/*
 * The place of the ledger in FILE: the same for the same path, a new one for
 * each ":memory:". Good until the process ends.
 */
static inline const char *ledger_place(const char *file)
{
	if (!test_database())
		return file;
	for (struct ledger_place *p = ledger_places; p; p = p->next)
		if (strcmp(p->file, file) == 0 && strcmp(file, ":memory:") != 0)
			return p->address;
	return place_new(file);
}

/* The name in SQL of the schema at ADDRESS, which is of ledger_place. */
static inline const char *place_schema(const char *address)
{
	for (struct ledger_place *p = ledger_places; p; p = p->next)
		if (strcmp(p->address, address) == 0)
			return p->name;
	ck_abort_msg("no schema at %s", address);
}

/*
 * Are the tests about a file of SQLite in this suite? WHAT: the words behind
 * "not on PostgreSQL".
 */
static inline bool on_sqlite(const char *what)
{
	if (test_database())
		printf("not on PostgreSQL: %s\n", what);
	return !test_database();
}

#endif
