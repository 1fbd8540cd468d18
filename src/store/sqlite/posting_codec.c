#include "store/sqlite/posting_codec.h"

#include <string.h>
#include "store/internal.h"
#include "base/banned.h"

/* ---- writing ---- */

void posting_add_number(struct strbuf *out, uint64_t n)
{
	char bytes[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (char)(n | 0x80);
	bytes[len++] = (char)n;
	strbuf_addn(out, bytes, len);
}

static size_t shared_bytes(const struct posting *a, const struct posting *b)
{
	size_t most = a->id_len < b->id_len ? a->id_len : b->id_len;
	size_t n = 0;

	while (n < most && a->id[n] == b->id[n])
		n++;
	return n;
}

static void add_entry(struct strbuf *out, int64_t since_us, const struct posting *before,
		      const struct posting *p)
{
	size_t shared = before ? shared_bytes(before, p) : 0;

	posting_add_number(out, (uint64_t)(p->effective_us - since_us));
	posting_add_number(out, (uint64_t)p->source);
	posting_add_number(out, (uint64_t)p->series);
	posting_add_number(out, shared);
	posting_add_number(out, p->id_len - shared);
	strbuf_addn(out, p->id + shared, p->id_len - shared);
}

size_t posting_pack(struct strbuf *body, int64_t hour, const struct posting *posted, size_t n)
{
	int64_t since = hour * HOUR_US;
	size_t fit = 0;
	size_t i = 0;

	while (i < n && posted[i].effective_us - hour * HOUR_US < HOUR_US) {
		add_entry(body, since, i ? &posted[i - 1] : NULL, &posted[i]);
		if (body->len > POSTING_RUN_BYTES)
			break;
		fit = body->len;
		since = posted[i++].effective_us;
	}
	body->len = fit;
	return i;
}

/* ---- reading ---- */

struct posting_bytes {
	const unsigned char *at, *end;
};

static bool take_number(struct posting_bytes *b, uint64_t *ret)
{
	*ret = 0;
	for (int shift = 0; b->at < b->end && shift < 64; shift += 7) {
		unsigned char byte = *b->at++;

		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/*
 * Decodes the next posting of a run. BEFORE is the previous posting, or NULL.
 */
static bool take_entry(struct posting_list *c, struct posting_bytes *b,
		       const struct posting *before, struct posting *ret)
{
	uint64_t after, source, series, shared, own;
	int64_t since = before ? before->effective_us : c->from_us;
	char *id;

	if (!take_number(b, &after) || !take_number(b, &source) || !take_number(b, &series) ||
	    !take_number(b, &shared) || !take_number(b, &own) || after >= (uint64_t)HOUR_US ||
	    shared > (before ? before->id_len : 0) || own > (uint64_t)(b->end - b->at))
		return false;
	id = arena_alloc(c->arena, shared + own + 1);
	if (shared)
		memcpy(id, before->id, shared);
	memcpy(id + shared, b->at, own);
	b->at += own;
	*ret = (struct posting) { since + (int64_t)after, (int64_t)series, (int64_t)source, id,
				  shared + own };
	return ret->effective_us < c->from_us + HOUR_US;
}

static bool take_run(struct posting_list *c, struct posting_bytes *b)
{
	uint64_t n;

	if (!take_number(b, &n))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		c->list = store_room(c->arena, c->list, c->n, &c->size, sizeof(*c->list));
		if (!take_entry(c, b, i ? &c->list[c->n - 1] : NULL, &c->list[c->n]))
			return false;
		c->n++;
	}
	return true;
}

bool posting_unpack(const void *bytes, size_t len, int64_t hour, struct posting_list *ret)
{
	struct posting_bytes b = { bytes, (const unsigned char *)bytes + len };

	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		return false;
	ret->from_us = hour * HOUR_US;
	while (b.at < b.end) {
		if (!take_run(ret, &b))
			return false;
	}
	return true;
}
