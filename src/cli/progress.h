/*
 * progress.h - shows the progress of a long command on standard error: a bar on
 * a terminal, else a line every few seconds. Short work shows nothing.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *label;  /* the name of the work; borrowed */
	const char *things; /* unit of COUNT, such as "events"; borrowed */
	bool terminal;
	bool shown;
	int64_t start_ms, last_ms;
};

void progress_begin(struct progress *p, const char *label, const char *things);

/*
 * Shows DONE of ALL steps (ALL 0: unknown) and COUNT things. Cheap: call it as
 * often as you like.
 */
void progress_show(struct progress *p, int64_t done, int64_t all, int64_t count);

/* Removes the bar, so that the next output begins a line. */
void progress_end(struct progress *p);

#endif
