/*
 * compress.h - writes bytes into a file, compressed on the way: the other side
 * of decompress.h.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include <stdio.h>
#include "base/decompress.h"

struct compressor;

/* FILE is borrowed. ENCODING isn't ENCODING_BY_CONTENT. Never NULL. */
struct compressor *compressor_new(enum encoding encoding, FILE *file);
void compressor_free(struct compressor **c);

/*
 * Both fail with the system's message. compressor_finish writes what is left;
 * it doesn't close the file.
 */
int compressor_write(struct compressor *c, const void *bytes, size_t len, struct error *err);
int compressor_finish(struct compressor *c, struct error *err);

#endif
