/*
 * inifile.h - settings and mappings: files of [sections] with lines of the form
 * name = value, read by libinih under one rule for both:
 *
 * - A line is a comment only if its first character after spaces is ; or #.
 * - The first = separates a name from its value; : is like any other character.
 * - Spaces around names and values are cut off. Quotes are part of a value.
 */
#ifndef BASE_INIFILE_H
#define BASE_INIFILE_H

#include <stdbool.h>
#include "base/error.h"

/* The largest file. */
#define INIFILE_BYTES (1 << 20)

/* The longest line, and the longest name of a section, that libinih takes. */
#define INIFILE_LINE_BYTES    196
#define INIFILE_SECTION_BYTES 48

/*
 * Receives one name = value. The texts are valid during the call. SECTION is ""
 * before the first section. Returns 0, or -1 with an error; inifile_read adds
 * file and line to the error.
 */
typedef int (*inifile_entry)(void *arg, const char *section, const char *name, const char *value,
			     struct error *err);

/*
 * Calls ENTRY for each name = value of the file at PATH. If CONTINUED, an
 * indented line is one more value of the previous name; otherwise it is an
 * ordinary line. Stops at the first error, whose message begins with
 * "PATH:LINE: ", and returns -1: ERR_PARAM for the file's content or size, a system
 * error if the file can't be read.
 */
int inifile_read(const char *path, bool continued, inifile_entry entry, void *arg,
		 struct error *err);

#endif
