/*
 * Every bit of a bundle that holds, turned over one at a time: none of the results may hold. And every vector of
 * tests/vectors/bundle.json gets its verdict in this process, as a part of the program's own test.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "verify.h"

static json_t *vectors;
static struct verification v;

static int start(void **state)
{
	const char *file = getenv("VITRINE_VECTORS");

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

static struct span text_of(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	return (struct span){ json_string_value(text), json_string_length(text) };
}

/* An exact-size copy, so that the sanitizer sees a read past the end. */
static enum verdict verify(struct span text, struct span digest)
{
	struct why why;
	char *copy = malloc(text.len == 0 ? 1 : text.len);

	assert_non_null(copy);
	memcpy(copy, text.ptr, text.len);
	v.file = (struct span){ copy, text.len };
	v.digest = digest;
	enum verdict verdict = judge(verification_run, &v, &why);

	assert_true(verdict == HOLDS || why.text[0] != '\0');
	free(copy);
	return verdict;
}

static void take_policy(const json_t *item)
{
	v.policy = text_of(json_object_get(vectors, "policies"), text_of(item, "policy").ptr);
	assert_non_null(v.policy.ptr);
}

static void each_vector_gets_its_verdict(void **state)
{
	size_t index;
	json_t *item;

	(void)state;
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		int wanted = (int)json_integer_value(json_object_get(item, "exit"));
		int got;

		take_policy(item);
		got = (int)verify(text_of(item, "bundle"), text_of(item, "digest"));

		if (got != wanted)
			print_error("%s: %d, wanted %d\n", text_of(item, "name").ptr, got, wanted);
		assert_int_equal(got, wanted);
	}
	assert_true(index > 50);
}

static size_t flip_all(const json_t *item)
{
	struct span text = text_of(item, "bundle"), digest = text_of(item, "digest");
	size_t flips = 0;

	take_policy(item);
	assert_int_equal(verify(text, digest), HOLDS);
	char *copy = malloc(text.len);

	assert_non_null(copy);
	memcpy(copy, text.ptr, text.len);
	for (size_t bit = 0; bit < 8 * text.len; bit++, flips++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		if (verify((struct span){ copy, text.len }, digest) == HOLDS) {
			print_error("%s: bit %zu of byte %zu may be turned over: %.40s\n",
				text_of(item, "name").ptr, bit % 8, bit / 8, copy + bit / 8);
			fail();
		}
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	free(copy);
	return flips;
}

static void no_bit_may_be_turned_over(void **state)
{
	size_t index, flips = 0, bundles = 0;
	json_t *item;

	(void)state;
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		if (json_is_true(json_object_get(item, "flips"))) {
			flips += flip_all(item);
			bundles++;
		}
	}
	print_message("# %zu bits of %zu bundles\n", flips, bundles);
	assert_true(bundles >= 4);
}

/* Cut anywhere, doubled anywhere: a byte too few or too many is no bundle. */
static void no_byte_may_be_missing_or_doubled(void **state)
{
	size_t index;
	json_t *item;

	(void)state;
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		struct span text = text_of(item, "bundle");
		char *copy;

		if (!json_is_true(json_object_get(item, "flips")))
			continue;
		take_policy(item);
		copy = malloc(text.len + 1);
		assert_non_null(copy);
		for (size_t at = 0; at < text.len; at++) {
			assert_int_not_equal(
				verify((struct span){ text.ptr, at }, text_of(item, "digest")),
				HOLDS);
			memcpy(copy, text.ptr, at + 1);
			memcpy(copy + at + 1, text.ptr + at, text.len - at);
			assert_int_not_equal(verify((struct span){ copy, text.len + 1 },
						     text_of(item, "digest")),
				HOLDS);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vector_gets_its_verdict),
		cmocka_unit_test(no_bit_may_be_turned_over),
		cmocka_unit_test(no_byte_may_be_missing_or_doubled),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
