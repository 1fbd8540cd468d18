/*
 * plausible.h - the current time for deleting old data. A clock that jumps
 * ahead (a dead battery, a mistake, a virtual machine that was asleep) must not
 * cause recent data to be deleted. So a jump ahead of the monotonic clock is
 * believed only after a day. Thread-safe.
 */
#ifndef BASE_PLAUSIBLE_H
#define BASE_PLAUSIBLE_H

#include <stdint.h>

enum {
	/* a jump ahead of up to an hour is believed at once */
	PLAUSIBLE_STEP_SECONDS = 3600,
	/* the longest time off that is believed at once */
	PLAUSIBLE_PAUSE_SECONDS = 30 * 86400,
	PLAUSIBLE_WAIT_SECONDS = 86400 /* how long a larger jump must last */
};

/* One clock's history. All zero: nothing is known yet. */
struct plausible {
	/* a believed time, and the steady clock at that time, in seconds */
	int64_t wall, steady;
	/* steady clock when the wall clock jumped ahead; 0: no jump */
	int64_t odd_since;
};

/*
 * KNOWN: a time in the past, such as the time of the last commit; 0: none. WALL
 * and STEADY: the two clocks now.
 */
void plausible_begin(struct plausible *p, int64_t known, int64_t wall, int64_t steady);

/*
 * The time to compute ages with: WALL, or an earlier time while WALL isn't
 * believed.
 */
int64_t plausible_time(struct plausible *p, int64_t wall, int64_t steady);

/*
 * The same, with one history for the whole process and the monotonic clock as
 * STEADY.
 */
void plausible_process_begin(int64_t known, int64_t wall);
int64_t plausible_process_time(int64_t wall);

#endif
