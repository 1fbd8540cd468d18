/*
 * labels.h - texts for the operations' methods, roles and types. Texts are
 * static or in the arena.
 */
#ifndef META_LABELS_H
#define META_LABELS_H

#include "api/op.h"

/* The formats with metadata pages, in their order; ended by NULL. */
extern const struct format *const words_formats[];

/* The methods by name, without HEAD; ended by a NULL name. */
extern const struct words_verb {
	unsigned bit; /* M_* */
	const char *name;
} words_verb_table[];

/* Does the dialect accept dates such as -30days? */
bool labels_takes_offsets(const struct dialect *d);

const char *labels_upper(struct arena *a, const char *text);

/*
 * "GET, POST"; "All Verbs" for an operation with all methods. HEAD is omitted.
 */
const char *labels_verbs(struct arena *a, const struct op *op);

/* The names of the roles, joined with SEPARATOR. */
const char *labels_roles(struct arena *a, const struct op *op, const char *separator);

/*
 * "Requires Roles: SystemAdministrator?, Manager?": one of the roles marked "?"
 * is enough. NULL: the operation needs no credentials.
 */
const char *labels_lock(struct arena *a, const struct op *op);

/* A field's type in C#: "string", "List<AIAccountUsage>". */
const char *labels_type(struct arena *a, const struct field *f);

/*
 * The last part of an XML namespace, which is the C# namespace: "Voice.Api.AI".
 */
const char *labels_namespace(const char *xml_namespace);

/* The number of roles that may call the operation. */
int labels_count_roles(const struct op *op);

#endif
