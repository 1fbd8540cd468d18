/*
 * detect.h - detects the form of a file of events by its name or its first
 * bytes.
 */
#ifndef INGEST_DETECT_H
#define INGEST_DETECT_H

#include "ingest/reader.h"

/* This number of bytes is always enough to detect the form. */
#define DETECT_BYTES 65536

/* Finds the form called NAME: ndjson, jsonl, json, csv, tsv or tab. */
bool detect_form(const char *name, enum reader_form *ret);

/*
 * Finds the form by the suffix of the file name. A suffix .gz, .zst or .zstd is
 * ignored, and the suffix before it is used.
 */
bool detect_by_name(const char *path, enum reader_form *ret);

/*
 * The form that the file's first LEN bytes look like. Some of the JSON lines
 * may be damaged.
 */
enum reader_form detect_by_content(const char *head, size_t len);

/*
 * Are the first LEN bytes enough to detect the form? If not, read more, up to
 * DETECT_BYTES.
 */
bool detect_has_enough(const char *head, size_t len);

#endif
