/*
 * intake_write.c - writes files of usage events with damage at random, for
 * tests from the outside:
 *
 *   intake_write FOLDER FILES SEED
 *
 * A line of JSON on standard output tells what is in each file, and what must
 * come of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake_files.h"
#include "base/banned.h"

static void write_file(const char *folder, const char *name, const char *data, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/* The names of a mapping are those of what it says. */
static void write_mapping(const struct intake_file *f, const char *folder, const char *name)
{
	struct strbuf text;

	strbuf_init(&text, 4096);
	intake_mapping(f, &text);
	write_file(folder, name, text.text, text.len);
	strbuf_release(&text);
}

/*
 * Numbers of records, as a JSON array: those that must be stored, and those
 * that may be.
 */
static void print_records(const struct intake_file *f, const char *name, bool must)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (size_t i = 0; i < f->n; i++)
		if (must == (!f->records[i].damaged && !f->records[i].in_doubt)) {
			printf("%s%d", comma, f->records[i].id);
			comma = ",";
		}
	printf("]");
}

static void write_one(const char *folder, int number)
{
	static const char *const suffixes[] = { "ndjson", "tsv",  "csv",  "csv",
						"json",   "json", "json", "json" };
	bool cut = intake_draw(8) == 0, gzip = intake_draw(2), packed = cut || intake_draw(2);
	char name[64], mapping[64];
	struct intake_file f;
	char *data = NULL;
	size_t len;

	intake_file_make(&f, number);
	snprintf(name, sizeof(name), "%d.%s%s", number, suffixes[f.form],
		 !packed ? ""
		 : gzip  ? ".gz"
			 : ".zst");
	snprintf(mapping, sizeof(mapping), "%d-%s.ini", f.delimiter, f.quotes ? "quotes" : "none");
	if (packed)
		data = intake_pack(&f.text, gzip, &len);
	if (cut)
		len = 20 + intake_draw((uint32_t)len - 20);
	write_file(folder, name, packed ? data : f.text.text, packed ? len : f.text.len);
	if (f.form == FORM_MAPPED_CSV)
		write_mapping(&f, folder, mapping);
	printf("{\"name\":\"%s\",\"form\":\"%s\",\"format\":\"%s\",\"encoding\":\"%s\",\"source\":"
	       "\"/file/%d\",\"mapping\":\"%s\","
	       "\"cut\":%s,\"quotes\":%s,\"lines\":%d",
	       name, intake_form_names[f.form], suffixes[f.form],
	       !packed ? ""
	       : gzip  ? "gzip"
		       : "zstd",
	       number, f.form == FORM_MAPPED_CSV ? mapping : "", cut ? "true" : "false",
	       f.quotes ? "true" : "false", (int)intake_lines(&f));
	print_records(&f, "must", true);
	print_records(&f, "may", false);
	printf("}\n");
	free(data);
	intake_file_release(&f);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: intake_write FOLDER FILES SEED\n");
		return EXIT_FAILURE;
	}
	intake_seed(strtoull(argv[3], NULL, 10));
	for (long i = 0; i < strtol(argv[2], NULL, 10); i++)
		write_one(argv[1], (int)i);
	return EXIT_SUCCESS;
}
