/*
 * labels.h - what the operations' tables say in bits and numbers, in words.
 * Texts are static or in the arena.
 */
#ifndef META_LABELS_H
#define META_LABELS_H

#include "api/op.h"

/*
 * The formats that have pages of metadata, in their order there; ended by NULL.
 */
extern const struct format *const words_formats[];

/* The verbs by name, HEAD left out; ended by a NULL name. */
extern const struct words_verb {
	unsigned bit; /* M_* */
	const char *name;
} words_verb_table[];

/* Does the family take dates such as -30days? */
bool labels_takes_offsets(const struct dialect *d);

const char *labels_upper(struct arena *a, const char *text);

/* "GET"; "All Verbs" if all are the operation's; HEAD goes without saying. */
const char *labels_verbs(struct arena *a, const struct op *op);

/* The names of the roles, joined with SEPARATOR. */
const char *labels_roles(struct arena *a, const struct op *op, const char *separator);

/*
 * "Requires Roles: SystemAdministrator?, Manager?": the "?" says that any of
 * them will do. NULL: everybody may.
 */
const char *labels_lock(struct arena *a, const struct op *op);

/* A field's type as C# has it: "string", "List<AIAccountUsage>". */
const char *labels_type(struct arena *a, const struct field *f);

/*
 * The last part of an XML namespace, which is the name of the types' own:
 * "Voice.Api.AI".
 */
const char *labels_namespace(const char *xml_namespace);

/* How many roles may call it. */
int labels_count_roles(const struct op *op);

#endif
