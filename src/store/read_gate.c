#include "store/read_gate.h"

#include <pthread.h>
#include <stddef.h>
#include <time.h>
#include "base/civil.h"
#include "base/banned.h"

/*
 * After the last long read has ended, the writer has this long to restart the
 * log. If nothing is written meanwhile, the gate opens.
 */
enum { DRAINED_MS = 250 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int reads;         /* long reads that are open */
	const void *owner; /* who has closed the gate; NULL: it is open */
	int64_t until_ms;  /* when it opens by itself */
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Waits for a change, at most until the gate opens by itself. */
static void wait_for_change(void)
{
	struct timespec until = { .tv_sec = gate.until_ms / 1000,
				  .tv_nsec = gate.until_ms % 1000 * 1000000 };

	pthread_cond_clockwait(&gate.changed, &gate.lock, CLOCK_MONOTONIC, &until);
}

void read_gate_enter(void)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.owner && monotonic_ms() < gate.until_ms)
		wait_for_change();
	gate.reads++;
	pthread_mutex_unlock(&gate.lock);
}

void read_gate_leave(void)
{
	int64_t until_ms = monotonic_ms() + DRAINED_MS;

	pthread_mutex_lock(&gate.lock);
	if (--gate.reads == 0 && gate.owner && until_ms < gate.until_ms) {
		gate.until_ms = until_ms;
		pthread_cond_broadcast(&gate.changed);
	}
	pthread_mutex_unlock(&gate.lock);
}

void read_gate_close(const void *owner, int64_t ms)
{
	pthread_mutex_lock(&gate.lock);
	if (!gate.owner) {
		gate.owner = owner;
		gate.until_ms = monotonic_ms() + (gate.reads ? ms : DRAINED_MS);
	}
	pthread_mutex_unlock(&gate.lock);
}

void read_gate_open(const void *owner)
{
	pthread_mutex_lock(&gate.lock);
	if (gate.owner == owner) {
		gate.owner = NULL;
		pthread_cond_broadcast(&gate.changed);
	}
	pthread_mutex_unlock(&gate.lock);
}

enum read_gate_state read_gate_state(const void *owner)
{
	enum read_gate_state state = GATE_NOT_OWN;

	pthread_mutex_lock(&gate.lock);
	if (gate.owner == owner)
		state = gate.reads == 0 || monotonic_ms() >= gate.until_ms ? GATE_DRAINED
									   : GATE_WAITS;
	pthread_mutex_unlock(&gate.lock);
	return state;
}
