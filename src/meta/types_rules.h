/*
 * types_rules.h - a language's rules that its template (templates/types) can't
 * express: spelling of the heading's comments, of names and of types.
 */
#ifndef META_TYPES_RULES_H
#define META_TYPES_RULES_H

#include "format/style.h"
#include "meta/types.h"
#include "meta/types_model.h"

enum escape { ESCAPE_BACKSLASH, ESCAPE_DOLLAR, ESCAPE_DOUBLE };

struct types_rules {
	/*
	 * comment marks of the heading: before the heading, before each line,
	 * before an option with its default value, behind the heading
	 */
	const char *open, *line, *off, *close;
	enum spelling members;
	const char *kinds[KINDS]; /* KIND_OBJECT: unused */
	/* types of values that may be missing; NULL: as KINDS */
	const char *nullable[KINDS];
	/* initial values of required members; KIND_OBJECT: of objects */
	const char *zeros[KINDS];
	const char *list_open, *list_close; /* before and after the type of a list's items */
	/* reserved words, ended by NULL; NULL: there are none */
	const char *const *reserved;
	bool any_case;                      /* reserved words ignore case */
	const char *name_open, *name_close; /* before and after a name that is a reserved word */
	enum escape escape;                 /* of texts between "" */
	/* the language's options, with their defaults */
	const char *defaults[TYPES_OPTIONS];
};

#endif
