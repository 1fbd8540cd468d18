/*
 * shape.h - answers described by tables: a shape lists the fields of one
 * record, a field has a name, a type and a place in the C struct. Writers, the
 * OpenAPI document and the manual read these tables.
 */
#ifndef FORMAT_SHAPE_H
#define FORMAT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/decimal.h"
#include "format/chart.h"

enum value_type {
	VT_TEXT,    /* const char *; NULL is null */
	VT_INT,     /* int64_t */
	VT_DECIMAL, /* struct decimal; places -1 is null */
	VT_BOOL,    /* bool */
	VT_TEXTS,   /* const char *const *, ended by NULL; NULL is null */
	VT_OBJECT,  /* const void * to a record of `shape`; NULL is null */
	/*
	 * a list of records of `shape`, written with writer_begin_list; not
	 * stored in the record
	 */
	VT_LIST
};

enum {
	FIELD_QUOTED = 1 << 0, /* a number that JSON carries as a string ("count":"21") */
	/*
	 * a number that JSON carries as a string if the writer's
	 * money_as_string is set
	 */
	FIELD_MONEY = 1 << 1,
	/*
	 * the unit of the number in the previous field; people see it beside
	 * the number
	 */
	FIELD_UNIT = 1 << 2,
	/* a description of the previous field; people see it below the value */
	FIELD_LABEL = 1 << 3,
	/*
	 * for programs (links, versions): tables for people omit the field; CSV
	 * omits it if it is an object
	 */
	FIELD_MACHINE = 1 << 4,
	FIELD_NEXT = 1 << 5,      /* link to the next page; NULL: none */
	FIELD_PREVIOUS = 1 << 6,  /* link to the previous page; NULL: none */
	FIELD_XML_ONLY = 1 << 7,  /* written only as XML, always as null */
	FIELD_JSON_ONLY = 1 << 8, /* written only as JSON */
	/*
	 * VT_OBJECT: the member is a struct word_pattern. The field must come after
	 * one that every format writes
	 */
	FIELD_PATTERN = 1 << 9,
	/* a URL: on a page, the value of the previous field is a link to it */
	FIELD_LINK = 1 << 10,
	FIELD_PAGE_ONLY = 1 << 11, /* written only on pages for people */
	FIELD_CHANGE = 1 << 12,    /* a change in percent: up, down or none */
	/* a share of the whole in percent: pages also draw a bar */
	FIELD_SHARE = 1 << 13,
	/* VT_OBJECT: the totals of the next list, a record of the same shape */
	FIELD_TOTAL = 1 << 14,
	/* VT_DECIMAL that is always a whole number: an integer to callers */
	FIELD_WHOLE = 1 << 15,
	/*
	 * the URL of a page with an action on the record: shown as a link with
	 * the field's name, below the previous value
	 */
	FIELD_ACTION = 1 << 17,
	/*
	 * seldom needed: tables on pages show the field in a folded second line
	 * of the row
	 */
	FIELD_DETAIL = 1 << 18,
	/*
	 * the number of records on all pages of the list; shown below the table
	 */
	FIELD_COUNT = 1 << 19,
	/*
	 * VT_INT, only as the first field of a record, for pages: depth of the
	 * record in a tree, from 0, or LEVEL_TOTAL
	 */
	FIELD_LEVEL = 1 << 20,
	/* VT_LIST: the one list of a page that CSV and JSON lines show */
	FIELD_MAIN = 1 << 16
};

struct shape;

struct field {
	/* in the spelling of the API: "account_sid", "AIMinutes" */
	const char *name;
	enum value_type type;
	size_t offset; /* in the record; unused for VT_LIST */
	unsigned flags;
	const struct shape *shape; /* VT_OBJECT, VT_LIST */
	const char *xml_attrs;     /* extra attributes of the XML element, or NULL */
	/*
	 * for a text, its format in OpenAPI ("date", "uri", "currency"); for a
	 * number, "money" if pages round it to two places; or NULL
	 */
	const char *format;
	const char *doc;   /* one line */
	const char *label; /* the name on pages; NULL: `name` in words */
};

enum {
	/* an envelope: a list of records, and fields about paging */
	SHAPE_PAGE = 1 << 0,
	SHAPE_ORDERED = 1 << 1, /* XML keeps the declared order even where the style sorts */
	/*
	 * of a list's items: the records are key figures, which pages show by
	 * writer_figure instead
	 */
	SHAPE_FIGURES = 1 << 2
};

/* LEVEL_TOTAL: the record is the total of the records below it. */
enum { LEVEL_TOTAL = -1, LEVEL_MOST = 8 };

struct shape {
	/* "UsageRecordInfo": type name, XML element of a list item or root */
	const char *name;
	const char *xml_namespace; /* or NULL */
	unsigned flags;
	const struct field *fields; /* ended by a NULL name */
	/* of a list's items: how to draw the list; or NULL */
	const struct chart *chart;
	/* of a list's items: the text for an empty list; or NULL */
	const char *none;
	/* the same for a list that is empty without any filter; NULL: as NONE */
	const char *none_yet;
	const char *doc;
};

/*
 * A record that differs from others of its list only in one word, such as its
 * links: RECORD with WORD for each PATTERN_MARK in its texts. RECORD has only
 * scalars. It is the same for all records of the list, so a format writes it
 * once, and then copies the bytes with each word. A word has only letters,
 * digits, "-", "_" and ".", which every format writes as they are. Neither the
 * record nor the words change while the answer is written.
 */
#define PATTERN_MARK "*"

struct word_pattern {
	const void *record;
	const char *word;
};

/*
 * Describes the member of the C struct REC. The field's type is derived from
 * the member's C type.
 */
#define FIELD_AS(rec, member, field_name, text, ...)                                    \
	{                                                                               \
		.name = (field_name), .offset = offsetof(rec, member), .doc = (text), \
	  .type = _Generic(((rec *)0)->member, const char *: VT_TEXT,         \
		const char *const *: VT_TEXTS,                                \
		int64_t: VT_INT, struct decimal: VT_DECIMAL, bool: VT_BOOL,   \
		default: VT_OBJECT), ##__VA_ARGS__ \
	}
#define FIELD(rec, member, text, ...) FIELD_AS(rec, member, #member, text, ##__VA_ARGS__)
#define FIELD_LIST(field_name, item_shape, text)                                            \
	{                                                                                   \
		.name = (field_name), .type = VT_LIST, .shape = (item_shape), .doc = (text) \
	}

/*
 * The list of SHAPE that CSV and JSON lines show: the FIELD_MAIN one, else the
 * first; or NULL.
 */
const struct field *shape_main_list(const struct shape *shape);

/*
 * The text for an empty list of ITEMs; ITEM NULL: the text for any list.
 * FILTERED: a filter may have left something out.
 */
const char *shape_none(const struct shape *item, bool filtered);

/* The first list of SHAPE that has a chart, or NULL. */
const struct field *shape_chart_list(const struct shape *shape);

/* Does SHAPE, or a list of it, have a chart? */
bool shape_has_chart(const struct shape *shape);

/* The field of SHAPE called NAME, or NULL. */
const struct field *shape_field(const struct shape *shape, const char *name);

#endif
