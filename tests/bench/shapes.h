/*
 * shapes.h - made-up usage of several shapes, for measurements. The same
 * arguments always give the same events.
 */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

struct shape {
	const char *name;
	int accounts, categories;
	int customers; /* of each account; 0: events name none */
	int sims;      /* of each account; 0: events name none */
	int days;      /* the events are spread over */
	int64_t end;   /* of the last day, in seconds since 1970; 0: in 2025 and later */
	bool skewed;   /* a few accounts have most of the events */
	bool uuids;    /* ids are random UUIDs; else they ascend */
	/*
	 * events have some 200 bytes of attributes; three of them, dim0 to dim2,
	 * have so many values each; 0: none have attributes
	 */
	int values;
	int declared; /* so many of the three are declared as dimensions */
};

/* Finds a shape by name; NULL: there is none. */
const struct shape *shape_find(const char *name);
/* The names of all shapes, with spaces between them. */
const char *shape_names(void);

enum { SHAPE_SID = 35, SHAPE_CATEGORY = 32, SHAPE_DIMENSIONS = 3 };

/* The SID of an account, counted from 0. */
void shape_account(int account, char ret[static SHAPE_SID]);
/* The name of a category of the sample (conf/categories.csv), counted from 0. */
const char *shape_category(int category);

/* The texts of an event; "" is none. Its count is 1. */
struct shape_event {
	char source[16], id[40], subject[SHAPE_SID], time[24];
	const char *category;
	char usage[8], price[8], customer[16], sim[SHAPE_SID];
	char attributes[256]; /* JSON, as ingest/members.h writes it, of the following */
	char dim[SHAPE_DIMENSIONS][20], note[128];
};

/* Event I of N, counted from 0. Events are in the order of their times. */
void shape_event(const struct shape *s, int64_t i, int64_t n, struct shape_event *ret);

#endif
