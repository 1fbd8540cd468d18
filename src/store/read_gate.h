/*
 * read_gate.h - lets long reads wait for a moment, so that the ledger's log can
 * restart. One gate serves a whole process.
 *
 * The log restarts only when no read uses it. If long reads overlap without
 * end, this never happens, and the log grows without bound. When the log is
 * large, the writer closes the gate: reads that are open go on, and so do
 * writes, but no other long read begins. After the open reads have ended, the
 * writer restarts the log and opens the gate. Reads that are short, or in
 * another process, do not pass through the gate.
 */
#ifndef STORE_READ_GATE_H
#define STORE_READ_GATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Begins and ends a long read. read_gate_enter waits while the gate is closed.
 */
void read_gate_enter(void);
void read_gate_leave(void);

/*
 * Closes the gate for OWNER, for at most MS milliseconds. Does nothing if the
 * gate is closed.
 */
void read_gate_close(const void *owner, int64_t ms);
/* Opens the gate if OWNER has closed it. */
void read_gate_open(const void *owner);

enum read_gate_state {
	GATE_NOT_OWN, /* open, or closed by another owner */
	GATE_WAITS,   /* closed, and a long read is open */
	GATE_DRAINED  /* no long read is open, or the time is up */
};

enum read_gate_state read_gate_state(const void *owner);

#endif
