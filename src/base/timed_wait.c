#include "base/timed_wait.h"

#include <time.h>
#include "base/civil.h"
#include "base/banned.h"

void timed_wait_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

bool timed_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	const struct timespec until = { .tv_sec = until_us / USEC_PER_SEC,
					.tv_nsec = until_us % USEC_PER_SEC * 1000 };

	return pthread_cond_timedwait(cond, lock, &until) == 0;
}
