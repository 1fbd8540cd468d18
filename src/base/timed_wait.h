/*
 * timed_wait.h - waiting for a condition, but not for ever. By the clock that
 * always goes forward: a date that is set back makes nobody wait longer.
 */
#ifndef BASE_TIMED_WAIT_H
#define BASE_TIMED_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A condition for timed_wait. Free it with pthread_cond_destroy. */
void timed_wait_init(pthread_cond_t *cond);

/*
 * As pthread_cond_wait, with LOCK held, but until monotonic_us() is UNTIL_US at
 * the latest. False: it is.
 */
bool timed_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

#endif
