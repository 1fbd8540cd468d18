/*
 * events.c - writes usage events as CSV to standard output, the same bytes for
 * the same arguments (shapes.h).
 *
 *   events SHAPE FIRST NUMBER TOTAL [END]
 *   events SHAPE accounts
 *
 * Of TOTAL events, NUMBER from FIRST (counted from 0) on; or the accounts that
 * the events are for. The times of the events end at END, in seconds since
 * 1970.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/shapes.h"

static void print_accounts(const struct shape *s)
{
	char sid[SHAPE_SID];

	puts("sid,name");
	for (int i = 0; i < s->accounts; i++) {
		shape_account(i, sid);
		printf("%s,bench %s\n", sid, sid);
	}
}

static void print_events(const struct shape *s, int64_t first, int64_t number, int64_t total)
{
	struct shape_event e;

	printf("source,id,subject,time,category,count,usage,price%s%s%s\n",
	       s->customers ? ",customer" : "", s->sims ? ",sim" : "",
	       s->values ? ",dim0,dim1,dim2,note" : "");
	for (int64_t i = first; i < first + number; i++) {
		shape_event(s, i, total, &e);
		printf("%s,%s,%s,%s,%s,1,%s,%s%s%s%s%s", e.source, e.id, e.subject, e.time,
		       e.category, e.usage, e.price, s->customers ? "," : "", e.customer,
		       s->sims ? "," : "", e.sim);
		if (s->values)
			printf(",%s,%s,%s,%s", e.dim[0], e.dim[1], e.dim[2], e.note);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	const struct shape *found = argc > 1 ? shape_find(argv[1]) : NULL;
	struct shape s = found ? *found : (struct shape) { 0 };
	int64_t first = argc > 4 ? strtoll(argv[2], NULL, 10) : 0;
	int64_t number = argc > 4 ? strtoll(argv[3], NULL, 10) : 0;
	int64_t total = argc > 4 ? strtoll(argv[4], NULL, 10) : 0;

	s.end = argc > 5 ? strtoll(argv[5], NULL, 10) : 0;
	if (found && argc == 3 && strcmp(argv[2], "accounts") == 0) {
		print_accounts(&s);
	} else if (found && first >= 0 && number >= 1 && total >= first + number) {
		print_events(&s, first, number, total);
	} else {
		fprintf(stderr,
			"events SHAPE FIRST NUMBER TOTAL [END]\nevents SHAPE accounts\n"
			"SHAPE: one of %s\n",
			shape_names());
		return 2;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
