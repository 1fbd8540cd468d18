#include "http/watchdog.h"

#include "base/civil.h"
#include "base/log.h"
#include "base/banned.h"

void watchdog_init(struct watchdog *w, const struct settings *settings, const struct notify *notify,
		   int64_t now_us)
{
	*w = (struct watchdog) { .notify = notify,
				 .limit_s = WATCHDOG_SECONDS + 2 * settings->busy_timeout_ms / 1000,
				 .told_us = now_us };
}

/* The name of the part that has given no sign for too long, or NULL. */
static const char *find_stuck(const struct watchdog *w, const struct watchdog_signs *signs,
			      int64_t now)
{
	const struct {
		const char *who;
		int64_t seen;
	} all[] = { { "the thread that accepts connections", signs->reception },
		    { "the threads that answer requests", signs->requests },
		    { "the thread that writes", signs->writer } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (now - all[i].seen > w->limit_s)
			return all[i].who;
	return NULL;
}

void watchdog_look(struct watchdog *w, const struct watchdog_signs *signs, int64_t now_us)
{
	const char *stuck = find_stuck(w, signs, now_us / USEC_PER_SEC);

	if (!w->notify->watchdog_us)
		return;
	if (stuck && !w->silent)
		log_error("watchdog: %s did nothing for more than %lld s; the service manager will "
			  "restart the server",
			  stuck, (long long)w->limit_s);
	w->silent = stuck;
	if (stuck || now_us - w->told_us < w->notify->watchdog_us / 3)
		return;
	notify_tell(w->notify, "WATCHDOG=1");
	w->told_us = now_us;
}
