/*
 * shared_throttle.h - the throttle of passwords (base/throttle.h) of several
 * hosts before one database: what they know of a pair is in a table. Each try
 * reads it, decides by the rules of the throttle, and writes it back, unless
 * another host has done so meanwhile. While the table cannot be used, each host
 * goes by what it knows. Thread-safe; one try at a time.
 */
#ifndef API_SHARED_THROTTLE_H
#define API_SHARED_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/settings.h"
#include "base/throttle.h"

struct shared_throttle;

/*
 * All hosts have SECRET. *RET_LOCAL is what this host knows, for the caller to
 * use and to free after the shared one.
 */
struct shared_throttle *shared_throttle_new(const struct settings *settings,
					    const unsigned char *secret,
					    struct throttle **ret_local);
void shared_throttle_free(struct shared_throttle **t);

/* As throttle_try. NOW_MS is from the clock that all hosts have. */
int64_t shared_throttle_try(struct shared_throttle *t, const char *user, const char *address,
			    int64_t now_ms);
/* As throttle_succeeded or, if not SUCCEEDED, throttle_withdraw. */
void shared_throttle_end(struct shared_throttle *t, const char *user, const char *address,
			 int64_t now_ms, bool succeeded);

#endif
