/*
 * metrics.h - the server's counters and sizes in Prometheus's text format
 * 0.0.4, at /metrics. The table `metrics` has a row for each metric.
 *
 * The counters begin at 0 when the server starts. They count what the server
 * does, not what commands such as `usaged import` do.
 */
#ifndef META_METRICS_H
#define META_METRICS_H

#include "meta/document.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_sheet;

struct metric {
	const char *name; /* of a counter: ends with "_total" */
	enum metric_type type;
	const char *help; /* one line */
	/*
	 * the number in struct metric_facts; a number that is unknown is left
	 * out
	 */
	size_t at;
	/* writes the lines; NULL: one line with the number */
	void (*write)(struct metric_sheet *s, const struct metric *m);
};

/* All metrics, ended by a NULL name. */
extern const struct metric metrics[];

/*
 * Admits the addresses of the setting metrics.addresses, administrators, and
 * the role of the setting metrics.role. As a document's function.
 */
int metrics_admit(struct request *rq, struct error *err);

/* As a document's function. Metrics that need the ledger are left out if it can't be read. */
int metrics_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
