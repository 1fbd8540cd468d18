/*
 * compress.h - compresses bytes and writes them to a file; decompress.h reads
 * them.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include <stdio.h>
#include "base/decompress.h"

struct compressor;

/*
 * FILE is borrowed. ENCODING must not be ENCODING_BY_CONTENT. Never returns
 * NULL.
 */
struct compressor *compressor_new(enum encoding encoding, FILE *file);
void compressor_free(struct compressor **c);

/*
 * An error has the system's message. compressor_finish writes the remaining
 * bytes and leaves the file open.
 */
int compressor_write(struct compressor *c, const void *bytes, size_t len, struct error *err);
int compressor_finish(struct compressor *c, struct error *err);

#endif
