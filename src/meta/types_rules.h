/*
 * types_rules.h - how a language spells what its template (templates/types)
 * doesn't: comments of the heading, names, types.
 */
#ifndef META_TYPES_RULES_H
#define META_TYPES_RULES_H

#include "format/style.h"
#include "meta/types.h"
#include "meta/types_model.h"

enum escape { ESCAPE_BACKSLASH, ESCAPE_DOLLAR, ESCAPE_DOUBLE };

struct types_rules {
	/*
	 * comment of the heading: around it, before each line, before an option
	 * that isn't set
	 */
	const char *open, *line, *off, *close;
	enum spelling members;
	const char *kinds[KINDS]; /* KIND_OBJECT: unused */
	/* the same where the value may be missing; NULL: as KINDS */
	const char *nullable[KINDS];
	/*
	 * what a member that isn't optional begins with; KIND_OBJECT: an
	 * object's
	 */
	const char *zeros[KINDS];
	const char *list_open, *list_close; /* around the name of a list's items */
	/* words that no name can be, ended by NULL; NULL: names can be any */
	const char *const *reserved;
	bool any_case;                      /* of those words */
	const char *name_open, *name_close; /* around a name that is one */
	enum escape escape;                 /* in texts between "" */
	/* the options that it has, and what they are by themselves */
	const char *defaults[TYPES_OPTIONS];
};

#endif
