#include "base/counter.h"

#include "base/banned.h"

const int64_t histogram_limits_us[HISTOGRAM_LIMITS] = { 1000,    2500,    5000,    10000,  25000,
							50000,   100000,  250000,  500000, 1000000,
							2500000, 5000000, 10000000 };

void histogram_add(struct histogram *h, int64_t us)
{
	int i = 0;

	while (i < HISTOGRAM_LIMITS && us > histogram_limits_us[i])
		i++;
	counter_add(&h->buckets[i], 1);
	counter_add(&h->sum_us, us);
}

void histogram_read(const struct histogram *h, struct histogram_sum *sum)
{
	for (int i = 0; i <= HISTOGRAM_LIMITS; i++) {
		int64_t n = counter_read(&h->buckets[i]);

		sum->buckets[i] += n;
		sum->n += n;
	}
	sum->sum_us += counter_read(&h->sum_us);
}
