#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/banned.h"

#define TERMINAL_EVERY_MS 200
#define LINE_EVERY_MS     5000
#define BAR_CELLS         24

/* Milliseconds on a clock for durations. */
static int64_t elapsed_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const char *label, const char *things)
{
	*p = (struct progress) { .label = label,
				 .things = things,
				 .terminal = isatty(STDERR_FILENO) };
	p->start_ms = p->last_ms = elapsed_ms();
}

static void print_bar(int64_t done, int64_t all)
{
	int cells = (int)(done * BAR_CELLS / all);

	fputs(" [", stderr);
	for (int i = 0; i < BAR_CELLS; i++)
		fputc(i < cells ? '#' : '.', stderr);
	fputc(']', stderr);
}

static void print_time_left(int64_t ms)
{
	int64_t s = (ms + 999) / 1000;

	if (s >= 3600)
		fprintf(stderr, ", %" PRId64 " h %" PRId64 " min left", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		fprintf(stderr, ", %" PRId64 " min %" PRId64 " s left", s / 60, s % 60);
	else
		fprintf(stderr, ", %" PRId64 " s left", s);
}

void progress_show(struct progress *p, int64_t done, int64_t all, int64_t count)
{
	int64_t now = elapsed_ms(), took = now - p->start_ms;

	if (now - p->last_ms < (p->terminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS))
		return;
	p->last_ms = now;
	p->shown = true;
	if (done > all)
		all = 0;
	fprintf(stderr, "%s%s", p->terminal ? "\r\033[K" : "", p->label);
	if (all && p->terminal)
		print_bar(done, all);
	if (all)
		fprintf(stderr, " %" PRId64 "%%", done * 100 / all);
	fprintf(stderr, " %" PRId64 " %s, %" PRId64 "/s", count, p->things, count * 1000 / took);
	if (all && done)
		print_time_left((int64_t)((wide)took * (all - done) / done));
	fputs(p->terminal ? "" : "\n", stderr);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->shown && p->terminal)
		fputs("\r\033[K", stderr);
}
