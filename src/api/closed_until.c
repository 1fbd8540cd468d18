#include "api/closed_until.h"

#include "api/administer.h"
#include "usage/closing.h"
#include "base/banned.h"

int request_note_closed(struct request *rq, struct writer *w, const int64_t *accounts, size_t n,
			int64_t from, int64_t to, struct error *err)
{
	const char *text;
	int64_t until;

	if (closing_divides(rq->store, accounts, n, from, to, &until, err) < 0)
		return -1;
	if (!until)
		return 0;
	text = instant_text(rq, until);
	if (!rq->batch)
		rq->reply.closed_until = text;
	writer_note(w, arena_join(rq->arena, "Closed until ", text,
				  ": earlier amounts are settled, later ones can still change.",
				  NULL));
	return 0;
}

int request_note_closed_accounts(struct request *rq, struct writer *w,
				 const struct account *accounts, size_t n, int64_t from, int64_t to,
				 struct error *err)
{
	int64_t *ids = arena_array(rq->arena, int64_t, n + 1);

	for (size_t i = 0; i < n; i++)
		ids[i] = accounts[i].id;
	return request_note_closed(rq, w, ids, n, from, to, err);
}
