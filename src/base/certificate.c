#include "base/certificate.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/banned.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

/* Tags of DER (X.690) */
enum { DER_SEQUENCE = 0x30, DER_VERSION = 0xa0, DER_UTC_TIME = 0x17, DER_TIME = 0x18 };

enum { FILE_MAX = 1 << 20 };

/* Bytes of DER that are left to read. */
struct der {
	const unsigned char *at;
	size_t left;
};

/* Reads the next element: its TAG and its CONTENT. False: there is none. */
static bool der_next(struct der *d, int *ret_tag, struct der *ret_content)
{
	size_t len, head = 2;

	if (d->left < 2)
		return false;
	*ret_tag = d->at[0];
	len = d->at[1];
	if (len & 0x80) {
		size_t n = len & 0x7f;

		if (n == 0 || n > 3 || d->left < 2 + n)
			return false;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | d->at[2 + i];
		head += n;
	}
	if (len > d->left - head)
		return false;
	*ret_content = (struct der) { d->at + head, len };
	d->at += head + len;
	d->left -= head + len;
	return true;
}

/* Reads the next element, which must have TAG. */
static bool der_take(struct der *d, int tag, struct der *ret_content)
{
	int found;

	return der_next(d, &found, ret_content) && found == tag;
}

/* The number in N digits at TEXT, or -1. */
static int digits(const unsigned char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + text[i] - '0';
	}
	return value;
}

/* "YYMMDDhhmmssZ" (until 2049) or "YYYYMMDDhhmmssZ" */
static bool read_time(int tag, const struct der *d, int64_t *ret)
{
	int of_year = tag == DER_UTC_TIME ? 2 : 4, year, part[5];
	struct date date;

	if (d->left != (size_t)of_year + 11 || d->at[d->left - 1] != 'Z')
		return false;
	year = digits(d->at, of_year);
	for (int i = 0; i < 5; i++)
		if ((part[i] = digits(d->at + of_year + 2 * i, 2)) < 0)
			return false;
	if (tag == DER_UTC_TIME && year >= 0)
		year += year < 50 ? 2000 : 1900;
	date = (struct date) { year, part[0], part[1] };
	if (!date_valid(date) || part[2] > 23 || part[3] > 59 || part[4] > 60)
		return false;
	*ret = date_to_days(date) * SEC_PER_DAY + part[2] * 3600 + part[3] * 60 + part[4];
	return true;
}

/* Certificate, tbsCertificate, validity (RFC 5280, 4.1) */
static bool read_end(struct der d, int64_t *ret)
{
	struct der certificate, body, skipped, validity, end;
	int tag;

	if (!der_take(&d, DER_SEQUENCE, &certificate) ||
	    !der_take(&certificate, DER_SEQUENCE, &body))
		return false;
	if (body.left && body.at[0] == DER_VERSION && !der_next(&body, &tag, &skipped))
		return false;
	/* serial number, algorithm, issuer */
	for (int i = 0; i < 3; i++)
		if (!der_next(&body, &tag, &skipped))
			return false;
	if (!der_take(&body, DER_SEQUENCE, &validity) || !der_next(&validity, &tag, &skipped) ||
	    !der_next(&validity, &tag, &end))
		return false;
	return (tag == DER_UTC_TIME || tag == DER_TIME) && read_time(tag, &end, ret);
}

int certificate_end(const char *text, size_t len, int64_t *ret, struct error *err)
{
	char *copy = g_strndup(text, len), *begin = strstr(copy, BEGIN),
	     *end = begin ? strstr(begin, END) : NULL;
	guchar *bytes = NULL;
	gsize n = 0;
	bool done = false;

	if (end) {
		*end = '\0';
		bytes = g_base64_decode(begin + strlen(BEGIN), &n);
		done = read_end((struct der) { bytes, n }, ret);
		g_free(bytes);
	}
	g_free(copy);
	return done ? 0 : error_set(err, ERR_FORMAT, NULL, "there is no certificate in PEM");
}

int certificate_file_end(const char *path, int64_t *ret, struct error *err)
{
	char *text;
	FILE *f = fopen(path, "re");
	size_t n;
	int rc;

	if (!f)
		return error_system(err, path, errno);
	text = g_malloc(FILE_MAX);
	n = fread(text, 1, FILE_MAX, f);
	fclose(f);
	rc = certificate_end(text, n, ret, err);
	g_free(text);
	return rc;
}
