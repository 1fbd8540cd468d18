/*
 * certificate.h - until when a certificate is valid. Reads as much of X.509
 * (RFC 5280) as that takes, and verifies nothing.
 */
#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/*
 * Reads the end (seconds since 1970) of the first certificate in TEXT, which is
 * PEM. -1 with ERR_FORMAT: there is none that can be read.
 */
int certificate_end(const char *text, size_t len, int64_t *ret, struct error *err);

/* The same, of the file at PATH. -1 also if the file can't be read. */
int certificate_file_end(const char *path, int64_t *ret, struct error *err);

#endif
