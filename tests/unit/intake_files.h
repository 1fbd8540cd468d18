/*
 * intake_files.h - files of usage events in every form, with damage at random
 * that a seed repeats.
 */
#ifndef TESTS_UNIT_INTAKE_FILES_H
#define TESTS_UNIT_INTAKE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/strbuf.h"

#define INTAKE_SID "AC00000000000000000000000000000001"

enum {
	INTAKE_RECORD_BYTES = 1500, /* readers are told that no record may be longer */
	INTAKE_RECORDS_MAX = 60
};

enum intake_form {
	FORM_NDJSON,
	FORM_TSV,
	FORM_CSV,
	FORM_MAPPED_CSV,
	FORM_VALUES,
	FORM_PRETTY,
	FORM_ARRAY,
	FORM_PRETTY_ARRAY,
	INTAKE_FORMS
};

extern const char *const intake_form_names[INTAKE_FORMS];

struct intake_record {
	/*
	 * the event's id is "r-" with it: the same for a record that is sent
	 * again
	 */
	int id;
	bool damaged;
	bool in_doubt;  /* damage before it may cost this one too */
	size_t at, end; /* in the text, with its line end */
};

struct intake_file {
	enum intake_form form;
	int number; /* the source of its events is "/file/" with it */
	char delimiter;
	bool quotes; /* cells may be in quotes */
	struct strbuf text;
	struct intake_record records[INTAKE_RECORDS_MAX];
	size_t n;
};

/* All that follows depends on it, and on nothing else. */
void intake_seed(uint64_t seed);

/* A number from 0 to below N. */
uint32_t intake_draw(uint32_t n);

/*
 * Another file, of the account INTAKE_SID, the category "calls" and 2026-11-01.
 */
void intake_file_make(struct intake_file *f, int number);
void intake_file_release(struct intake_file *f);

/*
 * In NDJSON and tab-separated files each line is a record, unless it is blank:
 * how many? -1 in other forms.
 */
int64_t intake_lines(const struct intake_file *f);

/* The text packed by gzip, else zstd. The memory is the caller's. */
char *intake_pack(const struct strbuf *text, bool gzip, size_t *ret_len);

/* A mapping for a file of mapped CSV. */
void intake_mapping(const struct intake_file *f, struct strbuf *ret);

#endif
