/* test_args: one line a case, a verb that has an argument of each type. */
#include "app/args.h"
#include "harness.h"

static const struct verb_arg rows[] = {
	{ "line", ARG_LINE, 0, 1, 8, NULL, "" },
	{ "text", ARG_TEXT, 0, 0, 12, NULL, "" },
	{ "id", ARG_ID, 0, 0, 0, "eng rel", "" },
	{ "any", ARG_ID, 0, 0, 0, NULL, "" },
	{ "int", ARG_INT, 0, -3, 10, NULL, "" },
	{ "bool", ARG_BOOL, 0, 0, 0, NULL, "" },
	{ "time", ARG_TIME, 0, 0, 0, NULL, "" },
	{ "path", ARG_PATH, 0, 1, 0, NULL, "" },
	{ "folder", ARG_PATH, 0, 0, 0, NULL, "" },
	{ "enum", ARG_ENUM, 0, 0, 0, "light dark", "" },
	{ "secret", ARG_SECRET, 0, 4, 9, NULL, "" },
	{ "list", ARG_LIST, 0, 1, 2, NULL, "" },
	{ "words", ARG_LIST, 0, 0, 0, "view scan", "" },
	{ "bytes", ARG_BYTES, 0, 1, 3, NULL, "" },
	{ 0 },
};
static const struct verb verb = { .name = "trial.args", .args = rows };
static const struct verb_arg needed[] = { { "name", ARG_LINE, ARG_REQUIRED, 0, 0, NULL, "" },
	{ 0 } };
static const struct verb strict = { .name = "trial.strict", .args = needed };

static const struct {
	const char *json;
	const char *why; /* what the message begins with; NULL: passes */
} cases[] = {
	{ "{}", NULL },
	{ "[]", "the arguments" },
	{ "{\"nobody\":1}", "nobody: no such argument" },
	{ "{\"\xe2\x80\xae\":1}", "\\u{202e}: no such argument" },
	{ "{\"line\":\"caf\xc3\xa9\"}", NULL },
	{ "{\"line\":\"\"}", "line: may not be empty" },
	{ "{\"line\":\"123456789\"}", "line: longer" },
	{ "{\"line\":7}", "line: must be text" },
	{ "{\"line\":null}", "line: must be text" },
	{ "{\"line\":\"a\\nb\"}", "line: holds the character U+000A" },
	{ "{\"line\":\"a\\u202eb\"}", "line: holds the character U+202E" },
	{ "{\"line\":\"a\\u007fb\"}", "line: holds the character U+007F" },
	{ "{\"text\":\"a\\r\\n\\tb\"}", NULL },
	{ "{\"text\":\"\"}", NULL },
	{ "{\"text\":\"a\\u001bb\"}", "text: holds the character U+001B" },
	{ "{\"id\":\"eng_7k2m9q4xw3ht\"}", NULL },
	{ "{\"id\":\"rel_7k2m9q4xw3ht\"}", NULL },
	{ "{\"id\":\"per_7k2m9q4xw3ht\"}", "id: must be an id" },
	{ "{\"id\":\"eng_\"}", "id: must be an id" },
	{ "{\"id\":\"eng_ILOU\"}", "id: must be an id" },
	{ "{\"id\":\"eng_7k2m9q4xw3ht7k2m9q4xw3ht\"}", "id: must be an id" },
	{ "{\"id\":\"\"}", "id: must be an id" },
	{ "{\"any\":\"per_7k2m9q4xw3ht\"}", NULL },
	{ "{\"any\":\"p'r_7k2m9q4xw3ht\"}", "any: must be an id" },
	{ "{\"int\":-3}", NULL },
	{ "{\"int\":10}", NULL },
	{ "{\"int\":11}", "int: must be from -3 to 10" },
	{ "{\"int\":-4}", "int: must be from" },
	{ "{\"int\":1.0}", "int: must be a whole number" },
	{ "{\"int\":\"1\"}", "int: must be a whole number" },
	{ "{\"int\":true}", "int: must be a whole number" },
	{ "{\"bool\":false}", NULL },
	{ "{\"bool\":0}", "bool: must be true or false" },
	{ "{\"time\":\"2026-11-22\"}", NULL },
	{ "{\"time\":\"2026-11-22T15:04:05Z\"}", NULL },
	{ "{\"time\":\"2026-11-22T15:04:05+01:00\"}", "time: must be" },
	{ "{\"time\":\"tomorrow\"}", "time: must be" },
	{ "{\"path\":\"src/main.c\"}", NULL },
	{ "{\"path\":\"\"}", "path: may not be empty" },
	{ "{\"folder\":\"\"}", NULL },
	{ "{\"path\":\"/etc/passwd\"}", "path: must be relative" },
	{ "{\"path\":\"a/../b\"}", "path: must be relative" },
	{ "{\"path\":\"a//b\"}", "path: must be relative" },
	{ "{\"path\":\"a/\"}", "path: must be relative" },
	{ "{\"path\":\"./a\"}", "path: must be relative" },
	{ "{\"path\":\"caf\\\\xe9.c\"}", NULL },
	{ "{\"path\":\"a\\\\\\\\b\"}", NULL },
	{ "{\"path\":\"a\\\\u{202e}b\"}", NULL },
	{ "{\"path\":\"a\\u202eb\"}", "path: must be spelled" },
	{ "{\"path\":\"\\\\x41\"}", "path: must be spelled" },
	{ "{\"path\":\"\\\\x2e\\\\x2e/a\"}", "path: must be relative" },
	{ "{\"path\":\"\\\\x00\"}", "path: must be" },
	{ "{\"path\":\"\\\\\"}", "path: a backslash" },
	{ "{\"path\":\"\\\\u{110000}\"}", "path: a backslash" },
	{ "{\"path\":\"\\\\u{d800}\"}", "path: a backslash" },
	{ "{\"path\":\"\\\\xE9\"}", "path: a backslash" },
	{ "{\"enum\":\"dark\"}", NULL },
	{ "{\"enum\":\"light dark\"}", "enum: must be one of: light dark" },
	{ "{\"enum\":\"\"}", "enum: must be one of" },
	{ "{\"enum\":\"lig\"}", "enum: must be one of" },
	{ "{\"secret\":\"hunter2\"}", NULL },
	{ "{\"secret\":\"abc\"}", "secret: shorter than 4 bytes" },
	{ "{\"list\":[\"a\",\"b\"]}", NULL },
	{ "{\"list\":[]}", "list: may not be empty" },
	{ "{\"list\":[\"a\",\"b\",\"c\"]}", "list: longer than 2 items" },
	{ "{\"list\":[1]}", "list: every item" },
	{ "{\"list\":[\"\"]}", "list: every item" },
	{ "{\"list\":\"a\"}", "list: must be a list" },
	{ "{\"words\":[\"scan\"]}", NULL },
	{ "{\"words\":[\"fly\"]}", "words: every item must be one of: view scan" },
	{ "{\"bytes\":\"AQID\"}", NULL },
	{ "{\"bytes\":\"AQIDBA==\"}", "bytes: longer than 3 bytes" },
	{ "{\"bytes\":\"AQI\"}", "bytes: must be base64" },
	{ "{\"bytes\":\"\"}", "bytes: may not be empty" },
};

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena mem;
		struct err err = { 0 };
		json_t *args;

		arena_init(&mem, 1 << 20);
		assert_int_equal(
			json_parse(str_from(cases[i].json), LIMIT_JSON_BYTES, &args, &err), OK);
		enum err_kind rc = args_check(&verb, args, &mem, &err);

		if (rc != (cases[i].why == NULL ? OK : ERR_INPUT) ||
			(rc != OK && strncmp(err.msg, cases[i].why, strlen(cases[i].why)) != 0))
			fail_msg("%s: %s, %s", cases[i].json, err_word(rc), err.msg);
		json_decref(args);
		arena_reset(&mem);
	}
}

static void a_missing_argument_is_named(void **state)
{
	(void)state;
	struct arena mem;
	struct err err;
	json_t *args = json_object();

	arena_init(&mem, 1 << 16);
	assert_int_equal(args_check(&strict, args, &mem, &err), ERR_INPUT);
	assert_string_equal(err.msg, "name: is missing");
	json_decref(args);
	arena_reset(&mem);
}

static void a_secret_is_never_repeated(void **state)
{
	(void)state;
	struct arena mem;
	struct err err;
	json_t *args = json_pack("{s:s}", "secret", "far too long to be one");

	arena_init(&mem, 1 << 16);
	assert_int_equal(args_check(&verb, args, &mem, &err), ERR_INPUT);
	assert_null(strstr(err.msg, "far"));
	json_decref(args);
	arena_reset(&mem);
}

static void getters_give_what_was_checked(void **state)
{
	(void)state;
	struct arena mem;
	struct err err;
	struct str path, bytes;
	json_t *args = json_pack("{s:s, s:i, s:b, s:s, s:[s,s], s:s, s:s}", "line", "x", "int", 4,
		"bool", 1, "path", "caf\\xe9.c", "list", "a", "b", "bytes", "AQID", "time",
		"1970-01-01T00:00:01Z");
	struct ctx ctx = { .verb = &verb, .mem = &mem, .args = args };

	arena_init(&mem, 1 << 16);
	assert_int_equal(args_check(&verb, args, &mem, &err), OK);
	assert_true(str_eq(arg_str(&ctx, "line"), STR("x")));
	assert_int_equal(arg_str(&ctx, "text").len, 0);
	assert_int_equal(arg_i64(&ctx, "int", 9), 4);
	assert_int_equal(arg_i64(&ctx, "time", 9), 1000000);
	assert_true(arg_flag(&ctx, "bool"));
	assert_false(arg_given(&ctx, "enum"));
	assert_int_equal(arg_count(&ctx, "list"), 2);
	assert_int_equal(arg_count(&ctx, "words"), 0);
	assert_true(str_eq(arg_item(&ctx, "list", 1), STR("b")));
	assert_int_equal(arg_path(&ctx, "path", &path, &err), OK);
	assert_true(str_eq(path, STR("caf\xe9.c")));
	assert_int_equal(arg_path(&ctx, "folder", &path, &err), OK);
	assert_int_equal(path.len, 0);
	assert_int_equal(arg_bytes(&ctx, "bytes", &bytes, &err), OK);
	assert_true(str_eq(bytes, STR("\1\2\3")));
	json_decref(args);
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(a_missing_argument_is_named),
		cmocka_unit_test(a_secret_is_never_repeated),
		cmocka_unit_test(getters_give_what_was_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
