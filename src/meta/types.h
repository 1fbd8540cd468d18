/*
 * types.h - the types of ServiceStack's dialect as source text, in the
 * languages of its clients: one type for the parameters of each request, one
 * for each record of an answer. ServiceStack calls this "Add ServiceStack
 * Reference" (contracts: servicestack E2.4, E3). Option names are
 * ServiceStack's.
 *
 * Each language has a row in types_languages with its names and types, and a
 * template for the text (templates/types/NAME.txt).
 */
#ifndef META_TYPES_H
#define META_TYPES_H

#include "api/request.h"

enum { TYPES_MAX = 4 << 20 }; /* bytes of a text */

enum types_option {
	TYPES_GLOBAL_NAMESPACE,         /* an identifier, or several joined with "." */
	TYPES_PACKAGE,                  /* as TYPES_GLOBAL_NAMESPACE */
	TYPES_MAKE_PROPERTIES_OPTIONAL, /* True or False, like the next two */
	TYPES_ADD_SERVICESTACK_TYPES,
	TYPES_ADD_DESCRIPTION_AS_COMMENTS,
	/*
	 * names, separated by ","; "Name.*" includes all types that Name refers
	 * to
	 */
	TYPES_INCLUDE_TYPES,
	TYPES_EXCLUDE_TYPES,
	TYPES_OPTIONS
};

/* The settings of a text. */
struct types_wish {
	/* NULL: the language's default. Set them with types_set_option. */
	const char *options[TYPES_OPTIONS];
	/*
	 * write a whole file with heading, IReturn and Route; false: only the
	 * types, for metadata pages
	 */
	bool operation_data;
	const char *version; /* of this program; in the heading */
};

struct types_rules;

struct types_language {
	const char *name;  /* "csharp", as in /types/csharp */
	const char *title; /* "C#" */
	const char *content_type;
	/* the language's spelling of types and names */
	const struct types_rules *rules;
	const char *other_name; /* another name for requests, or NULL */
};

/* In the order of the metadata pages' tabs, ended by a NULL name. */
extern const struct types_language types_languages[];

/* The language whose name or other_name is NAME, ignoring case; or NULL. */
const struct types_language *types_language_find(const char *name);

/*
 * Sets the option NAME to VALUE, as in the request's query; ignores unknown
 * names. The value becomes source text, so it must be an identifier, or a list
 * of identifiers with "," and ".*". -1: the value is invalid; the error names
 * the option.
 */
int types_set_option(struct types_wish *wish, const char *name, const char *value,
		     struct error *err);

/*
 * Checks that T has the templates of all languages. -1, ERR_INTERNAL: names the
 * missing one.
 */
int types_check(const struct templates *t, struct error *err);

/*
 * Appends the source text for RQ. -1: the language is unknown (ERR_NOT_FOUND),
 * a template is malformed, or OUT is full.
 */
int types_write(const struct request *rq, const struct types_wish *wish, const char *language,
		struct strbuf *out, struct error *err);

/* /types/{language}, with or without a suffix; /types: the languages. */
int types_write_document(struct request *rq, struct strbuf *out, struct error *err);
int types_write_index(struct request *rq, struct strbuf *out, struct error *err);

#endif
