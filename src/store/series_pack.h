/*
 * series_pack.h - the values of declared dimensions of a series, as bytes: the
 * column `declared` of the table series.
 *
 * Without values, no bytes. Otherwise byte 0 is the version of the form, 1.
 * Then for each value, in the order of the dimensions: the dimension's number
 * (model/dimension.h) and the id of the value. Numbers have 7 bits in each
 * byte, least significant first; the high bit says that more bytes follow. So
 * equal sets have equal bytes, and a dimension that is declared later changes
 * no series that lacks it.
 */
#ifndef STORE_SERIES_PACK_H
#define STORE_SERIES_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/dimension.h"

/* 1 byte of a version; for each dimension a number of 2 bytes and an id of 9 */
#define SERIES_PACK_BYTES (1 + DECLARED_MAX * 11)

/* Packs the declared dimensions of DIM. Returns the number of bytes. */
size_t series_pack(const int64_t dim[DIMENSIONS], unsigned char out[static SERIES_PACK_BYTES]);

/*
 * Sets the declared dimensions of DIM, and no others. False: the bytes are none
 * that series_pack has written.
 */
bool series_unpack(const unsigned char *bytes, size_t len, int64_t dim[DIMENSIONS]);

#endif
