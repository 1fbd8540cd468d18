#include "base/plausible.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/banned.h"

void plausible_begin(struct plausible *p, int64_t known, int64_t wall, int64_t steady)
{
	bool late = known && wall - known > PLAUSIBLE_PAUSE_SECONDS;

	/*
	 * a WALL that may be wrong is treated as a jump ahead that has just
	 * happened
	 */
	*p = (struct plausible) { .wall = late ? known : wall, .steady = steady };
}

int64_t plausible_time(struct plausible *p, int64_t wall, int64_t steady)
{
	int64_t expected = p->wall + (steady - p->steady);

	if (wall - expected > PLAUSIBLE_STEP_SECONDS) {
		if (!p->odd_since)
			p->odd_since = steady;
		if (steady - p->odd_since < PLAUSIBLE_WAIT_SECONDS)
			return expected;
	}
	*p = (struct plausible) { .wall = wall, .steady = steady };
	return wall;
}

/* ---- of the process ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct plausible process;

static int64_t steady_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec + 1; /* 0 is "never" */
}

void plausible_process_begin(int64_t known, int64_t wall)
{
	pthread_mutex_lock(&lock);
	plausible_begin(&process, known, wall, steady_seconds());
	pthread_mutex_unlock(&lock);
}

int64_t plausible_process_time(int64_t wall)
{
	int64_t time;

	pthread_mutex_lock(&lock);
	if (!process.steady)
		plausible_begin(&process, 0, wall, steady_seconds());
	time = plausible_time(&process, wall, steady_seconds());
	pthread_mutex_unlock(&lock);
	return time;
}
