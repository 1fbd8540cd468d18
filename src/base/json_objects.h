/*
 * json_objects.h - bounds the memory that a JSON text takes once it is parsed:
 * json-c takes some 600 bytes for each object and array, also for an empty one.
 */
#ifndef BASE_JSON_OBJECTS_H
#define BASE_JSON_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

/* Does TEXT have more than MOST objects and arrays? It may be malformed. */
bool json_objects_exceed(const char *text, size_t len, size_t most);

#endif
