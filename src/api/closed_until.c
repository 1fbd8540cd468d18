#include "api/closed_until.h"

#include "api/administer.h"
#include "usage/closing.h"
#include "base/banned.h"

int request_note_closed(struct request *rq, struct writer *w, const struct report_query *q,
			struct error *err)
{
	int64_t *ids = arena_array(rq->arena, int64_t, q->n_accounts + 1), until;
	const char *text;

	for (size_t i = 0; i < q->n_accounts; i++)
		ids[i] = q->accounts[i].id;
	if (closing_shared(rq->store, ids, q->n_accounts, &until, err) < 0)
		return -1;
	if (until <= q->from || until >= q->to)
		return 0;
	text = instant_text(rq, until);
	if (!rq->batch)
		rq->reply.closed_until = text;
	writer_note(w, arena_join(rq->arena, "Closed until ", text,
				  ": earlier amounts are settled, later ones can still change.",
				  NULL));
	return 0;
}
