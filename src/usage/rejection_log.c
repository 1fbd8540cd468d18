#include "usage/rejection_log.h"

#include <string.h>
#include "base/civil.h"
#include "base/plausible.h"
#include "base/utf8.h"
#include "store/rejection.h"
#include "usage/intern.h"
#include "base/banned.h"

/*
 * Copies TEXT; replaces each byte that is not valid UTF-8 with a question mark.
 */
static const char *plain_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len > REJECTION_RECORD_MAX)
		len = REJECTION_RECORD_MAX;
	copy = arena_strn(arena, text, len);
	for (size_t i = 0; i < len;) {
		size_t step = copy[i] ? utf8_step(copy + i, len - i) : 0;

		if (!step)
			copy[i] = '?';
		i += step ? step : 1;
	}
	return copy;
}

static const char *name_of(const struct event *ev, enum event_field f)
{
	const char *name = event_name(ev->raw, f, ev->submission->arena);

	return name ? name : "";
}

/* An event whose names were looked up may have lost its raw texts. */
static const char *source_of(const struct event *ev)
{
	return ev->source ? ev->source->text : name_of(ev, EV_SOURCE);
}

static const char *id_of(const struct event *ev)
{
	return ev->id ? ev->id : name_of(ev, EV_ID);
}

static size_t *count_of(struct submission *s)
{
	return s->file_logged ? s->file_logged : &s->logged;
}

bool rejection_log_full(struct submission *s)
{
	return *count_of(s) >= REJECTIONS_MAX;
}

int rejection_log_add(struct store *st, const struct event *ev, int64_t now, struct error *err)
{
	struct submission *s = ev->submission;
	struct rejection r = {
		.at = now,
		.author = s->author ? s->author : "",
		.account = ev->account,
		.source = source_of(ev),
		.event = id_of(ev),
		.code = event_reject_code(ev->reason),
		.field = ev->reason->param,
		.message = ev->reason->message,
		.record = plain_copy(s->arena, ev->record, ev->record_len),
		.file = s->file ? plain_copy(s->arena, s->file, strlen(s->file)) : NULL,
		.line = ev->line,
	};

	(*count_of(s))++;
	return store_rejection_add(st, &r, err);
}

int rejection_log_prune(struct store *st, int64_t days, struct error *err)
{
	int64_t now = plausible_process_time(floor_div(clock_now_us(), USEC_PER_SEC));

	return store_rejections_prune(st, now - days * SEC_PER_DAY, REJECTIONS_KEPT, err);
}
