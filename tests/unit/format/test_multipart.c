/* Bodies as browsers send them, and as nobody should: a case a line. */
#include "harness.h"

#include <stdio.h>

#include "format/multipart.h"

#define TYPE "multipart/form-data; boundary=B"
#define PART(name, value)                                                                          \
	"--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value)                                                                     \
	"--B\r\nContent-Disposition: form-data; name=\"" name                                      \
	"\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static struct arena mem;
static struct form form;
static struct multipart_file file;

static enum err_kind parse(const char *type, struct str body)
{
	struct err err;

	arena_reset(&mem);
	arena_init(&mem, 1 << 20);
	return multipart_parse(&mem, str_from(type), body, &form, &file, &err);
}

static void reads_fields_and_a_file(void **state)
{
	struct str value;

	(void)state;
	assert_int_equal(parse(TYPE,
				 STR(PART("a", "1") PART("b", "two\r\nlines")
						 FILE_PART("p", "\x89PNG\r\n--b\r\n\0") END)),
		OK);
	assert_int_equal(form.count, 2);
	assert_true(form_get(&form, "a", &value) && str_eq(value, STR("1")));
	assert_true(form_get(&form, "b", &value) && str_eq(value, STR("two\r\nlines")));
	assert_true(str_eq(file.name, STR("p")));
	assert_true(str_eq(file.bytes, STR("\x89PNG\r\n--b\r\n\0")));
	assert_int_equal(parse(TYPE, STR(PART("a", "") END)), OK);
	assert_int_equal(form.count, 1);
	assert_int_equal(file.name.len, 0);
	assert_int_equal(parse("Multipart/Form-Data; charset=utf-8; boundary=\"B\"",
				 STR(PART("a", "1") "--B--")),
		OK);
	assert_int_equal(parse(TYPE, STR(FILE_PART("p", "") END)), OK);
	assert_int_equal(file.bytes.len, 0);
}

static void refuses_what_is_malformed(void **state)
{
	const struct {
		const char *type;
		struct str body;
	} cases[] = {
		{ TYPE, STR("") },
		{ TYPE, STR("--C\r\n") },
		{ TYPE, STR(PART("a", "1")) },
		{ TYPE, STR(PART("a", "1") "--B") },
		{ TYPE, STR("x" PART("a", "1") END) },
		{ TYPE, STR("--B\r\nContent-Type: text/plain\r\n\r\nv\r\n" END) },
		{ TYPE, STR("--B\r\nContent-Disposition: form-data\r\n\r\nv\r\n" END) },
		{ TYPE, STR("--B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nv\r\n" END) },
		{ TYPE, STR("--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nv\r\n" END) },
		{ TYPE,
			STR("--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
			    "name=\"b\"\r\n\r\nv\r\n" END) },
		{ TYPE, STR("--B\r\nContent-Disposition: form-data; name=\"a\\\"b\"\r\n\r\nv\r\n" END) },
		{ TYPE, STR(PART("a", "\xff") END) },
		{ TYPE, STR(PART("a", "x\0y") END) },
		{ TYPE, STR(FILE_PART("p", "1") FILE_PART("q", "2") END) },
		{ "multipart/form-data", STR(PART("a", "1") END) },
		{ "multipart/form-data; boundary=", STR(PART("a", "1") END) },
		{ "multipart/form-data; boundary=a b", STR(PART("a", "1") END) },
		{ "multipart/form-datax; boundary=B", STR(PART("a", "1") END) },
		{ "application/x-www-form-urlencoded", STR("a=1") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (parse(cases[i].type, cases[i].body) != ERR_INPUT)
			fail_msg("case %zu is taken", i);
}

static void is_bounded(void **state)
{
	static char body[MULTIPART_FIELDS_MAX * 128 + 4096];
	size_t len = 0;

	(void)state;
	for (int i = 0; i <= MULTIPART_FIELDS_MAX; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, "%s", PART("a", "1"));
	assert_int_equal(parse(TYPE, str_of(body, len)), ERR_INPUT);
	len += (size_t)snprintf(body + len, sizeof(body) - len, "%s", END);
	assert_int_equal(parse(TYPE, str_of(body, len)), ERR_LIMIT);
	len = (size_t)snprintf(body, sizeof(body),
		"--B\r\nX: %2000d\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n" END,
		1);
	assert_int_equal(parse(TYPE, str_of(body, len)), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields_and_a_file),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(is_bounded),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_reset(&mem);
	return failed;
}
