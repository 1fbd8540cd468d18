/*
 * types.h - the operations of the ServiceStack family as source text in the
 * languages that its clients are written in: one type for each request (the
 * parameters), one for each record of an answer. What ServiceStack calls "Add
 * ServiceStack Reference" (contracts: servicestack E2.4, E3). The names of the
 * options are ServiceStack's, too.
 *
 * How a language spells names and types is a row here; how its text looks is a
 * template (templates/types/NAME.txt).
 */
#ifndef META_TYPES_H
#define META_TYPES_H

#include "api/request.h"

enum { TYPES_MAX = 4 << 20 }; /* bytes of a text */

enum types_option {
	TYPES_GLOBAL_NAMESPACE,         /* an identifier, or several joined with "." */
	TYPES_PACKAGE,                  /* likewise */
	TYPES_MAKE_PROPERTIES_OPTIONAL, /* True or False, as the next two */
	TYPES_ADD_SERVICESTACK_TYPES,
	TYPES_ADD_DESCRIPTION_AS_COMMENTS,
	/* names joined with ","; "Name.*" brings all that Name refers to */
	TYPES_INCLUDE_TYPES,
	TYPES_EXCLUDE_TYPES,
	TYPES_OPTIONS
};

/* What a text is asked for with. */
struct types_wish {
	/*
	 * NULL: as the language has it by itself. Set them with
	 * types_set_option.
	 */
	const char *options[TYPES_OPTIONS];
	/*
	 * a whole file: heading, IReturn and Route. Without: the types as the
	 * metadata pages show them
	 */
	bool operation_data;
	const char *version; /* of this program, for the heading */
};

struct types_rules;

struct types_language {
	const char *name;  /* "csharp", as in /types/csharp */
	const char *title; /* "C#" */
	const char *content_type;
	const struct types_rules *rules; /* how it spells types and names */
	const char *other_name;          /* that it can be asked for by as well, or NULL */
};

/* In the order of the metadata pages' tabs, ended by a NULL name. */
extern const struct types_language types_languages[];

/* The language called NAME or known by it (case ignored), or NULL. */
const struct types_language *types_language_find(const char *name);

/*
 * The parameter NAME=VALUE of the query, if it is one of the options; another
 * is passed over. The value ends up in source text, so it may hold only what an
 * identifier may (and "," and ".*" in lists): else -1, and the error names the
 * option.
 */
int types_set_option(struct types_wish *wish, const char *name, const char *value,
		     struct error *err);

/*
 * Does T have the templates of all languages? -1, ERR_INTERNAL: which one is
 * missing.
 */
int types_check(const struct templates *t, struct error *err);

/*
 * Appends the source text, for RQ. -1: no such language (ERR_NOT_FOUND), a
 * template that can't be read, or OUT is full.
 */
int types_write(const struct request *rq, const struct types_wish *wish, const char *language,
		struct strbuf *out, struct error *err);

/*
 * /types/{language}, with or without a suffix on the name, and /types: which
 * languages there are.
 */
int types_write_document(struct request *rq, struct strbuf *out, struct error *err);
int types_write_index(struct request *rq, struct strbuf *out, struct error *err);

#endif
