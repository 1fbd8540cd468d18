/*
 * detect.h - which form a file of events has, by its name or its first bytes.
 */
#ifndef INGEST_DETECT_H
#define INGEST_DETECT_H

#include "ingest/reader.h"

/* As many bytes of a file always tell its form. */
#define DETECT_BYTES 65536

/* The form called NAME: ndjson, jsonl, json, csv, tsv or tab. */
bool detect_form(const char *name, enum reader_form *ret);

/*
 * The form by the suffix of the file name, or by that before .gz, .zst or
 * .zstd.
 */
bool detect_by_name(const char *path, enum reader_form *ret);

/*
 * The form that the file's first LEN bytes look like; one of several JSON lines
 * may be damaged.
 */
enum reader_form detect_by_content(const char *head, size_t len);

/*
 * Do the first LEN bytes tell the form, or should more be read, up to
 * DETECT_BYTES?
 */
bool detect_has_enough(const char *head, size_t len);

#endif
