#include "base/nearest.h"

#include <string.h>

#include "base/banned.h"

enum { EDITS_MAX = 2, ROW = NEAREST_NAME_MAX + 1 };

static size_t edits_allowed(size_t len)
{
	return len <= 3 ? 0 : len <= 5 ? 1 : EDITS_MAX;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The number of edits from A to B. The lengths of A and B differ by EDITS_MAX
 * at most; B has at most NEAREST_NAME_MAX bytes. Of the usual table three rows
 * are enough, since a swap needs the row before the previous one.
 */
static size_t edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][ROW];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = smaller(above[j - 1] + (x != y),
					 smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *nearest_name(const char *name, size_t len, const char *const *known, size_t n)
{
	const char *best = NULL;
	size_t best_edits = EDITS_MAX + 1;

	for (size_t i = 0; i < n; i++) {
		size_t known_len = known[i] ? strlen(known[i]) : 0;
		size_t allowed = edits_allowed(known_len), distance;

		if (known_len == 0 || known_len > NEAREST_NAME_MAX || len > known_len + allowed ||
		    len + allowed < known_len)
			continue;
		distance = edits(name, len, known[i], known_len);
		if (distance <= allowed && distance < best_edits) {
			best = known[i];
			best_edits = distance;
		}
	}
	return best;
}
