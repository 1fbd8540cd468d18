/*
 * cpu_cost.h - what something costs in CPU time, in units that mean the same on
 * any machine: loops. A loop is about 20 ms on a machine of 2020. It reads and
 * writes memory at each step, so that a sanitizer slows it like the code that
 * is measured.
 */
#ifndef TESTS_UNIT_CPU_COST_H
#define TESTS_UNIT_CPU_COST_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* Of all threads, in seconds. */
static inline double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum { CPU_STEPS = 16 << 20, CPU_BYTES = 4096 };

/*
 * As code does that reads text: looks at each byte, counts it, and puts it
 * somewhere else.
 */
__attribute__((noinline)) static uint32_t cpu_steps(unsigned char *text, unsigned char *copy,
						    uint32_t *counts, uint32_t mask)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < CPU_STEPS; i++) {
		unsigned char c = text[i & mask];

		counts[c]++;
		hash = (hash ^ c) * 16777619u;
		copy[(i * 7) & mask] = (unsigned char)hash;
	}
	return hash;
}

static inline double cpu_loop(void)
{
	unsigned char *text = calloc(2, CPU_BYTES);
	uint32_t *counts = calloc(256, sizeof(*counts));
	double start;
	volatile uint32_t sink;

	for (int i = 0; i < CPU_BYTES; i++)
		text[i] = (unsigned char)(i * i >> 3);
	start = cpu_now();
	sink = cpu_steps(text, text + CPU_BYTES, counts, CPU_BYTES - 1);
	start = cpu_now() - start;
	(void)sink;
	free(text);
	free(counts);
	return start;
}

#endif
