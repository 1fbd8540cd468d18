#include "store/sqlite/posting_codec.h"

#include <string.h>
#include "base/civil.h"
#include "base/uuid.h"
#include "store/internal.h"
#include "base/banned.h"

enum { LEAF_VERSION = 2 };

/* The units of time, the longest first, in microseconds. */
static const uint64_t units[] = { USEC_PER_SEC, 1000, 1 };

enum { UNITS = ARRAY_SIZE(units) };

/* ---- writing ---- */

/* Appends N, 7 bits in each byte. */
static void add_number(struct strbuf *out, uint64_t n)
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

static void add_time(struct strbuf *out, uint64_t us)
{
	size_t unit = 0;

	while (us % units[unit])
		unit++;
	add_number(out, us / units[unit] * UNITS + unit);
}

static void add_id(struct strbuf *out, const struct posting *before, const struct posting *p)
{
	unsigned char uuid[UUID_BYTES];
	size_t shared;

	if (uuid_pack(p->id, p->id_len, uuid)) {
		add_number(out, 0);
		strbuf_addn(out, (const char *)uuid, sizeof(uuid));
		return;
	}
	shared = before ? shared_bytes(before, p) : 0;
	add_number(out, shared + 1);
	add_number(out, p->id_len - shared);
	strbuf_addn(out, p->id + shared, p->id_len - shared);
}

static void add_entry(struct strbuf *out, const struct posting *before, const struct posting *p)
{
	add_time(out, before ? (uint64_t)(p->effective_us - before->effective_us) : 0);
	add_number(out, (uint64_t)p->source);
	add_number(out, (uint64_t)p->series);
	add_id(out, before, p);
}

size_t posting_pack(struct strbuf *out, const struct posting *posted, size_t n, size_t most)
{
	size_t instant = 0, instant_len = 0, i, len = 0;

	strbuf_addc(out, LEAF_VERSION);
	for (i = 0; i < n; i++) {
		if (i && posted[i].effective_us != posted[i - 1].effective_us) {
			instant = i;
			instant_len = len;
		}
		add_entry(out, i ? &posted[i - 1] : NULL, &posted[i]);
		if (i && out->len > most)
			break;
		len = out->len;
	}
	if (i < n && instant) {
		i = instant;
		len = instant_len;
	}
	out->len = len;
	return i;
}

/* ---- reading ---- */

struct posting_bytes {
	const unsigned char *at, *end;
	/* memory for the next ids */
	struct arena *arena;
	char *ids;
	size_t left;
};

enum { IDS_BYTES = 2048 };

/* Memory for LEN bytes of an id. */
static char *id_room(struct posting_bytes *b, size_t len)
{
	char *ret;

	if (len > b->left) {
		b->left = len > IDS_BYTES ? len : IDS_BYTES;
		b->ids = arena_alloc(b->arena, b->left);
	}
	ret = b->ids;
	b->ids += len;
	b->left -= len;
	return ret;
}

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

static bool take_time(struct posting_bytes *b, uint64_t *ret_us)
{
	uint64_t n;

	return take_number(b, &n) && !__builtin_mul_overflow(n / UNITS, units[n % UNITS], ret_us);
}

static bool take_uuid(struct posting_bytes *b, struct posting *ret)
{
	char *id;

	if (b->end - b->at < UUID_BYTES)
		return false;
	id = id_room(b, UUID_TEXT + 1);
	uuid_unpack(b->at, id);
	id[UUID_TEXT] = '\0';
	b->at += UUID_BYTES;
	ret->id = id;
	ret->id_len = UUID_TEXT;
	return true;
}

/* BEFORE is the previous posting, or NULL. */
static bool take_id(struct posting_bytes *b, const struct posting *before, struct posting *ret)
{
	uint64_t shared, own;
	char *id;

	if (!take_number(b, &shared))
		return false;
	if (!shared--)
		return take_uuid(b, ret);
	if (!take_number(b, &own) || shared > (before ? before->id_len : 0) ||
	    own > (uint64_t)(b->end - b->at))
		return false;
	ret->id_len = shared + own;
	id = id_room(b, ret->id_len + 1);
	id[ret->id_len] = '\0';
	if (shared)
		memcpy(id, before->id, shared);
	memcpy(id + shared, b->at, own);
	b->at += own;
	ret->id = id;
	return true;
}

/*
 * Decodes the next posting of a leaf, which is not before SINCE. BEFORE is the
 * previous posting, or NULL.
 */
static bool take_entry(struct posting_bytes *b, int64_t since_us, const struct posting *before,
		       struct posting *ret)
{
	uint64_t after_us, source, series;

	if (!take_time(b, &after_us) || !take_number(b, &source) || !take_number(b, &series))
		return false;
	*ret = (struct posting) { .series = (int64_t)series, .source = (int64_t)source };
	if (after_us > INT64_MAX || __builtin_add_overflow(before ? before->effective_us : since_us,
							   (int64_t)after_us, &ret->effective_us))
		return false;
	return take_id(b, before, ret);
}

bool posting_unpack(const struct posting_leaf *leaf, struct posting_list *ret)
{
	struct posting_bytes b = { .at = leaf->bytes,
				   .end = (const unsigned char *)leaf->bytes + leaf->len,
				   .arena = ret->arena };
	size_t first = ret->n;
	bool whole = leaf->len > 1 && *b.at++ == LEAF_VERSION;

	while (whole && b.at < b.end) {
		ret->list = store_room(ret->arena, ret->list, ret->n, &ret->size,
				       sizeof(*ret->list));
		whole = take_entry(&b, leaf->since_us,
				   ret->n > first ? &ret->list[ret->n - 1] : NULL,
				   &ret->list[ret->n]);
		ret->n += whole;
	}
	if (!whole || ret->list[first].effective_us != leaf->since_us ||
	    ret->list[ret->n - 1].effective_us != leaf->last_us) {
		ret->n = first;
		return false;
	}
	return true;
}
