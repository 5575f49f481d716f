#include "format/base32.h"
#include "harness.h"

/* RFC 4648 section 10, without the padding. */
static void matches_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *text;
	} cases[] = {
		{ "", "" },
		{ "f", "MY" },
		{ "fo", "MZXQ" },
		{ "foo", "MZXW6" },
		{ "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" },
		{ "foobar", "MZXW6YTBOI" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem;
		struct out o;
		struct str text;
		struct err err;
		char bytes[8];
		size_t len = 99;

		arena_init(&mem, 4096);
		out_init(&o, &mem, 64);
		base32_put(&o, str_from(cases[i].plain));
		assert_int_equal(out_finish(&o, &text, &err), OK);
		assert_string_equal(text.ptr, cases[i].text);
		assert_true(base32_parse(text, bytes, strlen(cases[i].plain), &len));
		assert_true(str_eq(str_of(bytes, len), str_from(cases[i].plain)));
		if (len > 0)
			assert_false(base32_parse(text, bytes, len - 1, &len));
		arena_reset(&mem);
	}
}

static void only_one_spelling(void **state)
{
	static const char *const bad[] = { "M", "MZX", "MZXW6Y", "mz", "MY======", "M Y", "M1",
		"M8", "MZ", "MZXR", "MZXW7", "MZXW6YR", "A", "AAA" };
	char bytes[8];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(base32_parse(str_from(bad[i]), bytes, sizeof(bytes), &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_rfc_4648),
		cmocka_unit_test(only_one_spelling),
	};

	return cmocka_run_group_tests_name("base32", tests, NULL, NULL);
}
