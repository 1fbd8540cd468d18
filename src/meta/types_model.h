/*
 * types_model.h - the types of the operations' tables, independent of any
 * language. types.c fills the templates with these types.
 */
#ifndef META_TYPES_MODEL_H
#define META_TYPES_MODEL_H

#include "api/op.h"

enum type_kind { KIND_TEXT, KIND_INT, KIND_DECIMAL, KIND_BOOL, KIND_OBJECT, KINDS };

struct type_member {
	const char *name;    /* "AIMinutes" */
	enum type_kind kind; /* of the value, or of a list's items */
	bool list;
	bool optional;    /* it may be missing */
	bool required;    /* a required parameter */
	const char *type; /* KIND_OBJECT: the name of the object's type */
	const char *doc;
};

struct type {
	const char *name;  /* "GetAIUsage", "AIUsage" */
	const char *space; /* "Voice.Api.AI" */
	const char *doc;
	const struct op *op; /* of a request; NULL: a record of an answer */
	/*
	 * part of the dialect's error document; ServiceStack's client libraries
	 * have this type
	 */
	bool error;
	struct type_member *members;
	size_t n;
};

struct type_model {
	/*
	 * each type comes after the types that it refers to; errors first,
	 * requests last
	 */
	struct type *types;
	size_t n, size;
	struct arena *arena;
};

/* All types of the operations of DIALECT in TABLE. */
void type_model_build(struct type_model *m, const struct op *const *table,
		      const struct dialect *dialect, struct arena *arena);

/* The type NAME (LEN bytes), ignoring case; or NULL. */
const struct type *type_model_find(const struct type_model *m, const char *name, size_t len);

#endif
