/* The bound on a false alarm: against an independent script's (tests/vectors/make_bound_vectors.py), and its rules. */
#include <jansson.h>
#include <math.h>

#include "harness.h"

#include "glass/detect_bound.h"

enum { VALUES_MAX = 100 };

static json_t *vectors;

static int start(void **state)
{
	const char *file = getenv("VITRINE_BOUND_VECTORS");

	(void)state;
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
	return vectors != NULL ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	return 0;
}

struct vector {
	double value[VALUES_MAX], sum, log;
	size_t count;
	double reach; /* of 2^count; below 0: not counted */
};

static struct vector vector_of(const json_t *row)
{
	struct vector v = { .count = json_array_size(json_object_get(row, "thousandths")) };
	const json_t *reach = json_object_get(row, "reach"), *one;
	size_t i;

	assert_in_range(v.count, 1, VALUES_MAX);
	json_array_foreach(json_object_get(row, "thousandths"), i, one)
		v.value[i] = (double)json_integer_value(one) / 1000;
	v.sum = (double)json_integer_value(json_object_get(row, "sum")) / 1000;
	v.log = strtod(json_string_value(json_object_get(row, "log")), NULL);
	v.reach = json_is_integer(reach) ? (double)json_integer_value(reach) : -1;
	return v;
}

static void is_what_the_script_finds(void **state)
{
	const json_t *rows = json_object_get(vectors, "bounds"), *row;
	size_t i;

	(void)state;
	assert_true(json_array_size(rows) >= 30);
	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		struct vector v = vector_of(row);
		double got = detect_bound(v.value, v.count, v.sum);

		/* Where all agree the least lies at infinity, and the search ends before. */
		if (got < v.log - 1e-6 || got > v.log + 1e-3 * fabs(v.log))
			fail_msg("%zu: %.9f, not %.9f", i, got, v.log);
	}
}

/* Of all signs, one by one. */
static void is_never_below_the_true_chance(void **state)
{
	const json_t *row;
	size_t i, counted = 0;

	(void)state;
	json_array_foreach(json_object_get(vectors, "bounds"), i, row)
	{
		struct vector v = vector_of(row);

		if (v.reach < 0)
			continue;
		double chance = v.reach / exp2((double)v.count);

		counted++;
		if (!(exp(detect_bound(v.value, v.count, v.sum)) >= chance))
			fail_msg("%zu: below %.9g", i, chance);
	}
	assert_true(counted >= 20);
}

static void sinks_as_the_sum_grows(void **state)
{
	double value[64], all = 0, energy = 0, last = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		value[i] = 0.02 + (double)(i * 37 % 64) / 64;
		all += value[i];
		energy += value[i] * value[i];
	}
	for (int step = 1; step <= 1000; step++) {
		double sum = all * step / 1000, log = detect_bound(value, 64, sum);

		assert_true(log <= last + 1e-8);
		/* Hoeffding's is looser. */
		assert_true(log <= -sum * sum / (2 * energy) + 1e-8);
		/* As good as all of the signs right: a chance of 2^-64, no less. */
		assert_true(log >= -64 * M_LN2);
		last = log;
	}
	assert_true(fabs(last + 64 * M_LN2) < 1e-3);
}

static void tells_nothing_of_nothing(void **state)
{
	static const double value[] = { 0.5, 0, -0.5 }, none[] = { 0, 0 };

	(void)state;
	assert_true(detect_bound(value, 3, 0) == 0);
	assert_true(detect_bound(value, 3, -1) == 0);
	assert_true(detect_bound(value, 3, (double)NAN) == 0);
	assert_true(detect_bound(value, 0, 1) == 0);
	assert_true(detect_bound(none, 2, 1) == 0);
	/* More than the values can give: as if all agreed, for rounding may make it so. */
	assert_true(fabs(detect_bound(value, 3, 1.0000001) + 2 * M_LN2) < 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_the_script_finds),
		cmocka_unit_test(is_never_below_the_true_chance),
		cmocka_unit_test(sinks_as_the_sum_grows),
		cmocka_unit_test(tells_nothing_of_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
