#include "api/ledger_notes.h"

#include "store/meta.h"
#include "store/outbox.h"
#include "base/banned.h"

static const struct {
	const char *name; /* in the ledger */
	size_t at;
} notes[] = {
	{ META_COMMITTED, offsetof(struct ledger_notes, committed) },
	{ META_VERIFIED, offsetof(struct ledger_notes, verified) },
	{ META_VERIFIED_WHOLE, offsetof(struct ledger_notes, whole) },
	{ META_DIFFERENCES, offsetof(struct ledger_notes, differences) },
	{ META_BACKUP, offsetof(struct ledger_notes, backed_up) },
	{ META_BACKUP_FAILED, offsetof(struct ledger_notes, backup_failed) },
};

int ledger_notes_load(const struct request *rq, struct ledger_notes *ret, struct error *err)
{
	*ret = (struct ledger_notes) { 0 };
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (store_meta(rq->store, notes[i].name, (int64_t *)((char *)ret + notes[i].at),
			       err) < 0)
			return -1;
	return store_notices_waiting(rq->store, &ret->waiting, err);
}
