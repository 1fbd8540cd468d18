/*
 * operate.h - runs the operation of a request, once or for each call of a
 * batch, and writes its document.
 */
#ifndef HTTP_OPERATE_H
#define HTTP_OPERATE_H

#include "http/reply.h"

/*
 * Runs RQ's operation, whose caller may do this and whose parameters are bound,
 * and appends the answer to rq->reply. On -1 the answer is incomplete; of a
 * batch, rq->reply.batch_done tells how many calls were done.
 */
int operate(struct request *rq, struct error *err);

/* Runs it once, and appends its document: after operate_options and reply_begin. */
int operate_once(struct request *rq, struct error *err);

/* Sets rq->options, for a writer. PAGE: also makes the page's frame. */
void operate_options(struct request *rq, bool page);

#endif
