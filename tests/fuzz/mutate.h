/*
 * mutate.h - mutators for formats with lengths or nesting, which changes of
 * single bytes would mostly destroy. Each is a LLVMFuzzerCustomMutator: it
 * changes DATA in place and returns its new size. Sometimes it changes single
 * bytes as well.
 */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/*
 * Text with brackets, such as JSON: wraps, repeats, removes and exchanges whole
 * values.
 */
size_t mutate_brackets(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/*
 * gzip or zstd: changes what is packed and packs it again, in one piece or in
 * two.
 */
size_t mutate_packed(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/*
 * FastCGI records: changes what one holds, with the right length; repeats,
 * removes, exchanges and splits them.
 */
size_t mutate_records(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The bytes of the first of these records, SIZE at most. */
size_t mutate_record_len(const uint8_t *data, size_t size);

/* Numbers of 7 bits a byte: changes, repeats and removes whole numbers. */
size_t mutate_numbers(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Mutates what stands behind the first byte, which says what the rest is. */
size_t mutate_behind(size_t (*mutate)(uint8_t *data, size_t size, size_t max_size, unsigned seed),
		     uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
