#include "store/rollup_leaf.h"

#include <string.h>
#include "base/banned.h"

enum {
	COUNT_IS_1 = 1 << 4,
	NEXT_SLOT = 1 << 5,
	NEW_SERIES = 1 << 6,
	NEW_CATEGORY = 1 << 7,
	AMOUNT_BYTES = 14 /* 98 bits */
};

/* A new amount needs a bit of the flags, and so a new form. */
_Static_assert(AMOUNTS == 4, "the flags of a leaf have four bits for amounts");

static const struct rollup_entry before_first = { .slot = -1 };

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int rollup_entry_compare(const struct rollup_entry *a, const struct rollup_entry *b)
{
	int order = compare(a->category, b->category);

	if (!order)
		order = compare(a->series, b->series);
	return order ? order : compare(a->slot, b->slot);
}

/* ---- writing ---- */

static unsigned char *put_number(unsigned char *at, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*at++ = (unsigned char)(n | 0x80);
	*at++ = (unsigned char)n;
	return at;
}

static unsigned char *put_amount(unsigned char *at, wide amount)
{
	unsigned __int128 n = (unsigned __int128)amount << 1 ^ (unsigned __int128)(amount >> 127);

	for (; n > UINT64_MAX; n >>= 7)
		*at++ = (unsigned char)(n | 0x80);
	return put_number(at, (uint64_t)n);
}

static unsigned char *put_amounts(unsigned char *at, const struct amounts_wide *a,
				  unsigned char *flags)
{
	for (int i = 0; i < AMOUNTS; i++) {
		if (i == AMOUNT_COUNT && a->n[i] == 1) {
			*flags |= COUNT_IS_1;
		} else if (a->n[i]) {
			*flags |= (unsigned char)(1 << i);
			at = put_amount(at, a->n[i]);
		}
	}
	return at;
}

static unsigned char *put_entry(unsigned char *at, const struct rollup_entry *last,
				const struct rollup_entry *e)
{
	unsigned char *flags = at++;
	int64_t from = last->slot;

	*flags = 0;
	if (e->category != last->category) {
		*flags |= NEW_CATEGORY;
		at = put_number(at, (uint64_t)(e->category - last->category));
		at = put_number(at, (uint64_t)e->series);
		from = 0;
	} else if (e->series != last->series) {
		*flags |= NEW_SERIES;
		at = put_number(at, (uint64_t)(e->series - last->series));
		from = 0;
	}
	if (e->slot == last->slot + 1)
		*flags |= NEXT_SLOT;
	else
		at = put_number(at, (uint64_t)(e->slot - from));
	return put_amounts(at, &e->amounts, flags);
}

size_t leaf_write(enum leaf_form form, const struct rollup_entry *entries, size_t n, size_t most,
		  unsigned char *out, size_t *ret_len)
{
	const struct rollup_entry *last = &before_first;
	unsigned char entry[LEAF_ENTRY_BYTES];
	size_t done = 0;

	out[0] = (unsigned char)form;
	*ret_len = 1;
	for (; done < n; done++) {
		size_t len = (size_t)(put_entry(entry, last, &entries[done]) - entry);

		if (*ret_len + len > LEAF_BYTES || (done > 0 && *ret_len + len > most))
			break;
		memcpy(out + *ret_len, entry, len);
		*ret_len += len;
		last = &entries[done];
	}
	return done;
}

/* ---- reading ---- */

bool leaf_open(struct leaf_reader *r, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	if (len < 1 || (at[0] != LEAF_DETAIL && at[0] != LEAF_SUMS))
		return false;
	*r = (struct leaf_reader) {
		.at = at + 1, .end = at + len, .form = (enum leaf_form)at[0], .entry = before_first
	};
	return true;
}

static bool take_wide(struct leaf_reader *r, unsigned __int128 *ret)
{
	*ret = 0;
	for (int i = 0; r->at < r->end && i < AMOUNT_BYTES; i++) {
		unsigned char byte = *r->at++;

		*ret |= (unsigned __int128)(byte & 0x7f) << 7 * i;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* A number that is added to FROM; the sum is in range. */
static bool take_number(struct leaf_reader *r, int64_t from, int64_t *ret)
{
	uint64_t n = 0;

	for (int shift = 0; r->at < r->end && shift < 63; shift += 7) {
		unsigned char byte = *r->at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return !__builtin_add_overflow(from, n, ret);
	}
	return false;
}

static bool take_amount(struct leaf_reader *r, wide *ret)
{
	unsigned __int128 n;
	/* most amounts are short */
	if (r->at < r->end && !(*r->at & 0x80))
		n = *r->at++;
	else if (!take_wide(r, &n))
		return false;
	*ret = (wide)(n >> 1) ^ -(wide)(n & 1);
	return n != 0;
}

/* Keys have ids of up to 48 bits, and slots of 16. */
static bool has_key(const struct rollup_entry *e)
{
	return !(e->category >> 48 || e->series >> 48 || e->slot >> 16);
}

static bool take_key(struct leaf_reader *r, unsigned char flags)
{
	struct rollup_entry *e = &r->entry;
	int64_t from = e->slot;

	if (flags & NEW_CATEGORY) {
		int64_t last = e->category;

		if (!take_number(r, last, &e->category) || e->category == last ||
		    !take_number(r, 0, &e->series))
			return false;
		from = 0;
	} else if (flags & NEW_SERIES) {
		int64_t last = e->series;

		if (!take_number(r, last, &e->series) || e->series == last)
			return false;
		from = 0;
	}
	if (flags & NEXT_SLOT)
		return !__builtin_add_overflow(e->slot, 1, &e->slot);
	return take_number(r, from, &e->slot) &&
	       (e->slot > from || flags & (NEW_CATEGORY | NEW_SERIES));
}

int leaf_next(struct leaf_reader *r)
{
	unsigned char flags;

	if (r->at == r->end)
		return 0;
	flags = *r->at++;
	if (!take_key(r, flags) || !has_key(&r->entry))
		return -1;
	for (int i = 0; i < AMOUNTS; i++) {
		r->entry.amounts.n[i] = 0;
		if (flags & 1 << i && !take_amount(r, &r->entry.amounts.n[i]))
			return -1;
	}
	if (!(flags & COUNT_IS_1))
		return 1;
	r->entry.amounts.count = 1;
	return flags & 1 << AMOUNT_COUNT ? -1 : 1;
}
