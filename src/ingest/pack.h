/*
 * pack.h - bytes into a file, packed on the way: the other side of unpack.h.
 */
#ifndef INGEST_PACK_H
#define INGEST_PACK_H

#include <stdio.h>
#include "ingest/unpack.h"

struct packer;

/* FILE is borrowed. PACKING isn't PACKING_BY_CONTENT. Never NULL. */
struct packer *packer_new(enum packing packing, FILE *file);
void packer_free(struct packer **p);

/*
 * Both fail with the system's word. After packer_finish the file has
 * everything; it isn't closed.
 */
int packer_write(struct packer *p, const void *bytes, size_t len, struct error *err);
int packer_finish(struct packer *p, struct error *err);

#endif
