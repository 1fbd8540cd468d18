/*
 * plausible.h - what time is it, for things that are deleted when they are old?
 * A clock that jumps ahead (a dead battery, a mistake, a virtual machine that
 * was asleep) must not delete what is not old: a time that is later than the
 * time that has really passed is believed only after it has stayed so for a
 * day. Thread-safe.
 */
#ifndef BASE_PLAUSIBLE_H
#define BASE_PLAUSIBLE_H

#include <stdint.h>

enum {
	/* a step ahead of up to an hour is believed at once */
	PLAUSIBLE_STEP_SECONDS = 3600,
	PLAUSIBLE_PAUSE_SECONDS = 30 * 86400, /* so long may a server have been off */
	PLAUSIBLE_WAIT_SECONDS = 86400        /* so long must a later time have lasted */
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
 * KNOWN: a time that has been, such as the ledger's last commit; 0: none. WALL
 * and STEADY are what the clocks say now.
 */
void plausible_begin(struct plausible *p, int64_t known, int64_t wall, int64_t steady);

/*
 * The time up to which something may be taken to be old: WALL, or less where
 * WALL isn't believed yet.
 */
int64_t plausible_time(struct plausible *p, int64_t wall, int64_t steady);

/* The same with one history for the whole process, and its steady clock. */
void plausible_process_begin(int64_t known, int64_t wall);
int64_t plausible_process_time(int64_t wall);

#endif
