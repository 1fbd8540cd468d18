/*
 * plausible.h - the time by which old things are deleted. A clock that jumps
 * ahead (a dead battery, a mistake, a virtual machine that was asleep) must not
 * delete recent things. So a time that is later than the monotonic clock allows
 * is believed only after it has lasted for a day. Thread-safe.
 */
#ifndef BASE_PLAUSIBLE_H
#define BASE_PLAUSIBLE_H

#include <stdint.h>

enum {
	/* a step ahead of up to an hour is believed at once */
	PLAUSIBLE_STEP_SECONDS = 3600,
	PLAUSIBLE_PAUSE_SECONDS = 30 * 86400, /* how long a server may have been off */
	PLAUSIBLE_WAIT_SECONDS = 86400        /* how long a later time must last */
};

/* One clock's history. All zero: nothing is known yet. */
struct plausible {
	/*
	 * a time that is believed, and what the steady clock said then, in
	 * seconds
	 */
	int64_t wall, steady;
	/*
	 * by the steady clock: when the wall clock jumped ahead; 0: it didn't
	 */
	int64_t odd_since;
};

/*
 * KNOWN: a time in the past, such as that of the last commit; 0: none. WALL and
 * STEADY: the two clocks now.
 */
void plausible_begin(struct plausible *p, int64_t known, int64_t wall, int64_t steady);

/* The time to measure ages by: WALL, or less while WALL isn't believed. */
int64_t plausible_time(struct plausible *p, int64_t wall, int64_t steady);

/* The same with one history for the whole process, and its steady clock. */
void plausible_process_begin(int64_t known, int64_t wall);
int64_t plausible_process_time(int64_t wall);

#endif
