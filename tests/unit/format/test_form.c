#include "format/form.h"
#include "harness.h"

static struct arena mem;
static struct err err;

static int start(void **state)
{
	(void)state;
	arena_init(&mem, 1 << 20);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static void pairs_are_decoded(void **state)
{
	struct form f;
	struct str value = STR("kept");

	(void)state;
	assert_int_equal(form_parse(&mem, STR("&a=1&&b=x+y%20%2b%C3%a9&c&=e&p=1&p=2&a%3Db=%26="),
				 4096, &f, &err),
		OK);
	assert_int_equal(f.count, 7);
	assert_true(form_get(&f, "a", &value) && str_eq(value, STR("1")));
	assert_true(form_get(&f, "b", &value) && str_eq(value, STR("x y +\xc3\xa9")));
	assert_true(form_get(&f, "c", &value) && value.len == 0);
	assert_true(form_get(&f, "", &value) && str_eq(value, STR("e")));
	assert_true(form_get(&f, "a=b", &value) && str_eq(value, STR("&=")));
	assert_false(form_get(&f, "p", &value));
	assert_false(form_get(&f, "none", &value));
	assert_true(str_eq(value, STR("&=")));
	assert_true(str_eq(f.pairs[5].value, STR("2")));
	assert_int_equal(form_parse(&mem, STR(""), 4096, &f, &err), OK);
	assert_int_equal(f.count, 0);
}

static void bad_text_is_refused(void **state)
{
	static const char *const bad[] = { "a=%", "a=%4", "a=%4g", "%zz=1", "a=%00", "a=%ff",
		"a=%c0%80", "a=%ed%a0%80", "a=%+1" };
	struct form f;
	struct str segment;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(form_parse(&mem, str_from(bad[i]), 4096, &f, &err), ERR_INPUT);
	assert_int_equal(form_parse(&mem, STR("a=\0"), 4096, &f, &err), ERR_INPUT);
	assert_int_equal(form_parse(&mem, STR("a=1"), 2, &f, &err), ERR_LIMIT);
	assert_int_equal(form_decode_segment(&mem, STR("%2"), &segment, &err), ERR_INPUT);
	assert_int_equal(form_decode_segment(&mem, STR("a+b%2Fc"), &segment, &err), OK);
	assert_true(str_eq(segment, STR("a+b/c")));
}

static void fields_are_counted(void **state)
{
	static char text[FORM_PAIRS_MAX + 1];
	struct form f;

	(void)state;
	memset(text, '&', sizeof(text));
	assert_int_equal(form_parse(&mem, str_of(text, FORM_PAIRS_MAX - 1), 4096, &f, &err), OK);
	assert_int_equal(form_parse(&mem, str_of(text, FORM_PAIRS_MAX), 4096, &f, &err), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_decoded),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(fields_are_counted),
	};

	return cmocka_run_group_tests_name("form", tests, start, stop);
}
