/*
 * progress.h - how far a long command has come, on standard error: a bar that
 * is drawn over itself on a terminal, else a line every few seconds. Says
 * nothing about work that is done before the first line is due.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *label;  /* what is worked on; borrowed */
	const char *things; /* "events": what COUNT counts; borrowed */
	bool terminal;
	bool shown;
	int64_t start_ms, last_ms;
};

void progress_begin(struct progress *p, const char *label, const char *things);

/*
 * DONE of ALL steps (ALL 0: nobody knows), COUNT things in them. Cheap: call it
 * as often as you like.
 */
void progress_show(struct progress *p, int64_t done, int64_t all, int64_t count);

/* Takes the bar away, so that what is printed next begins a line. */
void progress_end(struct progress *p);

#endif
