#include "api/closed_until.h"

#include "api/administer.h"
#include "usage/closing.h"
#include "base/banned.h"

int call_note_closed(struct call *call, struct writer *w, const int64_t *accounts, size_t n,
		     int64_t from, int64_t to, struct error *err)
{
	const char *text;
	int64_t until;

	if (closing_divides(call->store, accounts, n, from, to, &until, err) < 0)
		return -1;
	if (!until)
		return 0;
	text = instant_text(call, until);
	if (call->closed_until)
		*call->closed_until = text;
	writer_note(
		w,
		arena_join(call->arena, "Closed until ", text,
			   ": amounts from before that are settled, later ones can still change.",
			   NULL));
	return 0;
}

int call_note_closed_accounts(struct call *call, struct writer *w, const struct account *accounts,
			      size_t n, int64_t from, int64_t to, struct error *err)
{
	int64_t *ids = arena_array(call->arena, int64_t, n + 1);

	for (size_t i = 0; i < n; i++)
		ids[i] = accounts[i].id;
	return call_note_closed(call, w, ids, n, from, to, err);
}
