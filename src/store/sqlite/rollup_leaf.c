#include "store/sqlite/rollup_leaf.h"

#include <endian.h>
#include <string.h>
#include "base/banned.h"

enum {
	AMOUNT_FLAGS = (1 << AMOUNTS) - 1,
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

/* Nearly all amounts have less than 63 bits: 9 bytes. */
enum { SHORT_BYTES = 9 };

static bool take_wide(struct leaf_reader *r, unsigned __int128 *ret)
{
	const unsigned char *at = r->at;
	uint64_t n = 0;
	int i = 0;

	for (; at < r->end && i < SHORT_BYTES; i++) {
		n |= (uint64_t)(*at & 0x7f) << 7 * i;
		if (!(*at++ & 0x80)) {
			r->at = at;
			*ret = n;
			return true;
		}
	}
	*ret = n;
	for (; at < r->end && i < AMOUNT_BYTES; i++) {
		*ret |= (unsigned __int128)(*at & 0x7f) << 7 * i;
		if (!(*at++ & 0x80)) {
			r->at = at;
			return true;
		}
	}
	return false;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Joins the low 7 bits of each byte, the first byte lowest. */
static inline uint64_t join_sevens(uint64_t word)
{
	word &= ~HIGH_BITS;
	word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (word & UINT64_C(0x0fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* Takes a number of up to 63 bits. False: there is none; nothing is taken. */
static inline bool take_short(struct leaf_reader *r, uint64_t *ret)
{
	const unsigned char *at = r->at;
	uint64_t n = 0, word, last;

	if (r->end - at >= (ptrdiff_t)sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		word = le64toh(word);
		last = ~word & HIGH_BITS;
		if (last) {
			r->at = at + __builtin_ctzll(last) / 8 + 1;
			*ret = join_sevens(word & (last ^ (last - 1)));
			return true;
		}
	}

	for (int shift = 0; at < r->end && shift < 63; shift += 7) {
		unsigned char byte = *at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			r->at = at;
			*ret = n;
			return true;
		}
	}
	return false;
}

/* A number that is added to FROM; the sum is in range. */
static bool take_number(struct leaf_reader *r, int64_t from, int64_t *ret)
{
	uint64_t n;

	return take_short(r, &n) && !__builtin_add_overflow(from, n, ret);
}

static inline bool take_amount(struct leaf_reader *r, wide *ret)
{
	unsigned __int128 n;
	uint64_t few;

	/* most amounts are short */
	if (take_short(r, &few)) {
		*ret = (int64_t)(few >> 1) ^ -(int64_t)(few & 1);
		return few != 0;
	}
	if (!take_wide(r, &n))
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

/* Is there one count at most? */
static inline bool counts_once(unsigned flags)
{
	return (flags & (COUNT_IS_1 | 1 << AMOUNT_COUNT)) != (COUNT_IS_1 | 1 << AMOUNT_COUNT);
}

/* Reads the key of the next entry, and its flags. As leaf_next. */
static int next_key(struct leaf_reader *r, unsigned char *ret_flags)
{
	if (r->at == r->end)
		return 0;
	*ret_flags = *r->at++;
	return take_key(r, *ret_flags) && has_key(&r->entry) && counts_once(*ret_flags) ? 1 : -1;
}

static bool take_amounts(struct leaf_reader *r, unsigned char flags, struct amounts_wide *ret)
{
	for (int i = 0; i < AMOUNTS; i++) {
		ret->n[i] = 0;
		if (flags & 1 << i && !take_amount(r, &ret->n[i]))
			return false;
	}
	if (flags & COUNT_IS_1)
		ret->count = 1;
	return true;
}

/* Passes a number; NULL: there is none of up to AMOUNT_BYTES. */
static inline const unsigned char *pass_number(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *last = end - at > AMOUNT_BYTES ? at + AMOUNT_BYTES : end;

	if (end - at >= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		word = ~le64toh(word) & HIGH_BITS;
		if (word)
			return at + __builtin_ctzll(word) / 8 + 1;
		at += 8;
	}
	while (at < last && *at & 0x80)
		at++;
	return at < last ? at + 1 : NULL;
}

/* Passes the amounts that FLAGS name; false: damaged. */
static bool skip_amounts(struct leaf_reader *r, unsigned char flags)
{
	const unsigned char *at = r->at;

	for (flags &= AMOUNT_FLAGS; flags; flags &= (unsigned char)(flags - 1)) {
		at = pass_number(at, r->end);
		if (!at)
			return false;
	}
	r->at = at;
	return true;
}

int leaf_next_key(struct leaf_reader *r)
{
	return next_key(r, &r->flags);
}

bool leaf_amounts(struct leaf_reader *r)
{
	return take_amounts(r, r->flags, &r->entry.amounts);
}

bool leaf_pass(struct leaf_reader *r)
{
	return skip_amounts(r, r->flags);
}

/* A bit for each of 8 bytes: is it the last byte of a number? */
static inline unsigned last_bytes(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	word = ~le64toh(word) & HIGH_BITS;
	return (unsigned)((word >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/*
 * Passes as many numbers as FLAGS has bits, of AMOUNT_BYTES together. NULL:
 * they are longer. There are 16 bytes at AT.
 */
static inline const unsigned char *pass_short(const unsigned char *at, unsigned flags)
{
	unsigned last = (last_bytes(at) | last_bytes(at + 8) << 8) & ((1 << AMOUNT_BYTES) - 1);

	if (!flags)
		return at;
	while (flags &= flags - 1)
		last &= last - 1;
	return last ? at + __builtin_ctz(last) + 1 : NULL;
}

/* The longest entry that leaf_skip passes: flags, slot and what pass_short reads. */
enum { SKIP_BYTES = 1 + 1 + 16 };

int64_t leaf_skip(struct leaf_reader *r, int64_t from, int64_t to)
{
	int64_t slot = r->entry.slot, n = 0;

	for (const unsigned char *at = r->at; r->end - at >= SKIP_BYTES; n++) {
		unsigned flags = *at++;
		unsigned step = flags & NEXT_SLOT ? 1 : *at++;
		int64_t next = slot + step;

		/* leave all others to leaf_next_key */
		if (flags & (NEW_SERIES | NEW_CATEGORY) || step == 0 || step & 0x80 || next >> 16 ||
		    (next >= from && next < to) || !counts_once(flags))
			break;
		at = pass_short(at, flags & AMOUNT_FLAGS);
		if (!at)
			break;
		r->at = at;
		r->entry.slot = slot = next;
	}
	return n;
}

int leaf_next(struct leaf_reader *r)
{
	int rc = leaf_next_key(r);

	return rc > 0 && !leaf_amounts(r) ? -1 : rc;
}

/* ---- adding ---- */

struct splice {
	struct leaf_reader r; /* its entry has the key of the next one, if MORE is 1 */
	int more;             /* as of leaf_next */
	unsigned char flags;  /* of the next entry */
	/*
	 * the next entry and its amounts begin here; bytes before COPIED are
	 * done
	 */
	const unsigned char *start, *amounts, *copied;
	struct rollup_entry before; /* the entry before the next one, in the leaf (its key) */
	struct rollup_entry last;   /* the last entry of OUT (its key) */
	bool stale;                 /* the next entry is not encoded as the one after LAST */
	struct leaf *out;
};

static void copy_key(struct rollup_entry *to, const struct rollup_entry *from)
{
	to->category = from->category;
	to->series = from->series;
	to->slot = from->slot;
}

static void splice_next(struct splice *s)
{
	copy_key(&s->before, &s->r.entry);
	s->start = s->r.at;
	s->more = next_key(&s->r, &s->flags);
	s->amounts = s->r.at;
	if (s->more > 0 && !skip_amounts(&s->r, s->flags))
		s->more = -1;
}

/* Decodes the amounts of the next entry; false: damaged. */
static bool splice_amounts(struct splice *s, struct amounts_wide *ret)
{
	struct leaf_reader r = { .at = s->amounts, .end = s->r.at };

	return take_amounts(&r, s->flags, ret);
}

/* Puts N bytes at the end. */
static enum leaf_added splice_bytes(struct splice *s, const unsigned char *bytes, size_t n)
{
	if (s->out->len + n > LEAF_BYTES)
		return LEAF_FULL;
	memcpy(s->out->bytes + s->out->len, bytes, n);
	s->out->len += n;
	return LEAF_ADDED;
}

static enum leaf_added splice_put(struct splice *s, const struct rollup_entry *e)
{
	unsigned char entry[LEAF_ENTRY_BYTES];
	size_t len = (size_t)(put_entry(entry, &s->last, e) - entry);

	copy_key(&s->last, e);
	return splice_bytes(s, entry, len);
}

/* Copies the entries that the reader has passed. */
static enum leaf_added splice_copy(struct splice *s)
{
	size_t n = (size_t)(s->start - s->copied);

	if (n == 0)
		return LEAF_ADDED;
	copy_key(&s->last, &s->before);
	s->copied += n;
	return splice_bytes(s, s->copied - n, n);
}

/* Passes the next entry without copying it. */
static void splice_skip(struct splice *s)
{
	splice_next(s);
	s->copied = s->start;
}

/* Encodes the next entry again, and passes it. */
static enum leaf_added splice_again(struct splice *s)
{
	enum leaf_added rc;

	if (!splice_amounts(s, &s->r.entry.amounts))
		return LEAF_DAMAGED;
	rc = splice_put(s, &s->r.entry);
	s->stale = false;
	splice_skip(s);
	return rc;
}

/* Passes the entries before E. */
static enum leaf_added splice_find(struct splice *s, const struct rollup_entry *e)
{
	enum leaf_added rc = LEAF_ADDED;

	while (rc == LEAF_ADDED && s->more > 0 && rollup_entry_compare(&s->r.entry, e) < 0) {
		if (s->stale)
			rc = splice_again(s);
		else
			splice_next(s);
	}
	if (rc != LEAF_ADDED)
		return rc;
	return s->more < 0 ? LEAF_DAMAGED : splice_copy(s);
}

/* Adds E where the reader is. */
static enum leaf_added splice_add(struct splice *s, const struct rollup_entry *e,
				  struct amounts_wide *ret_sum)
{
	bool found = s->more > 0 && rollup_entry_compare(&s->r.entry, e) == 0;
	struct rollup_entry sum = *e;
	struct amounts_wide have;

	if (found) {
		if (!splice_amounts(s, &have))
			return LEAF_DAMAGED;
		amounts_wide_add(&sum.amounts, &have, 1);
		splice_skip(s);
	}
	if (ret_sum)
		*ret_sum = sum.amounts;
	if (amounts_wide_zero(&sum.amounts)) {
		s->stale = s->stale || found;
		return LEAF_ADDED;
	}
	s->stale = !found; /* the entry after a changed one stays as it is encoded */
	return splice_put(s, &sum);
}

static enum leaf_added splice_all(struct splice *s, struct leaf_addition *a)
{
	for (a->taken = 0; a->taken < a->n; a->taken++) {
		size_t i = a->taken;
		enum leaf_added rc = splice_find(s, &a->entries[i]);

		if (rc != LEAF_ADDED)
			return rc;
		if (a->inside && i > 0 && s->more == 0)
			return LEAF_ADDED;
		rc = splice_add(s, &a->entries[i], a->sums ? &a->sums[i] : NULL);
		if (rc != LEAF_ADDED)
			return rc;
	}
	return s->more < 0 ? LEAF_DAMAGED : LEAF_ADDED;
}

enum leaf_added leaf_add(const struct leaf *leaf, struct leaf_addition *a, struct leaf *ret)
{
	struct splice s = { .last = before_first, .out = ret };
	enum leaf_added rc;

	if (!leaf_open(&s.r, leaf->bytes, leaf->len))
		return LEAF_DAMAGED;
	ret->bytes[0] = (unsigned char)s.r.form;
	ret->len = 1;
	s.copied = s.r.at;
	splice_next(&s);
	rc = splice_all(&s, a);
	if (rc == LEAF_ADDED && s.stale && s.more > 0)
		rc = splice_again(&s);
	s.start = s.r.end;
	return rc == LEAF_ADDED ? splice_copy(&s) : rc;
}
