/*
 * import.h - what `usaged import` and `usaged import --follow` have in common.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include <stdio.h>

#include "cli/command.h"
#include "cli/progress.h"
#include "ingest/read_ahead.h"
#include "usage/ledger.h"

struct import_rejects {
	const char *option; /* --rejects; NULL: one file for each input */
	bool adds;          /* to what the file holds already */
	char *path;
	FILE *file;
};

struct import_counts {
	int64_t verdict[VERDICTS];
	int64_t skipped;
};

struct import {
	const char *mapping_path, *format, *zone;
	/* how far an event's time may be ahead of the clock */
	int64_t ahead_us;
	size_t record_bytes; /* the longest record */
	struct mapping *mapping;
	struct store *store;
	struct ledger *ledger;
	struct import_rejects rejects;
	/* blocks of events that were read, to be stored together */
	struct submission window[AHEAD_HELD];
	size_t blocks, blocks_most;
	const char *path; /* path of the current file, as given */
	struct import_counts file, total;
	size_t logged;             /* rejections of the file in the rejection log */
	struct reader_folds folds; /* CSV records of the file with line ends in quotes */
	/* the verdicts of all lines up to this line are on disk */
	int64_t line;
	bool failed; /* writing to the ledger failed */
	bool follow;
	const char *state; /* --state of --follow; or NULL */
	/* lines of the file before the records of import_chunk */
	int64_t lines_before;
	struct progress progress;
};

/*
 * Stores all records of the LEN bytes of TEXT, which are whole records of the
 * form FORM and come after im->lines_before lines of im->path. Adds them to
 * im->file. -1: some of them may be stored.
 */
int import_chunk(struct import *im, enum reader_form form, const char *text, size_t len,
		 struct error *err);

/*
 * Follows the N files of PATHS until a signal comes, and stores their records
 * as they are written (cli/follow.c). Returns an exit code.
 */
int import_follow(struct import *im, const struct settings *s, char **paths, size_t n);

#endif
