#include "base/limit.h"
#include "format/json.h"
#include "harness.h"

enum { MEM_BYTES = 1 << 20 };

static enum err_kind parse_kind(struct str text)
{
	json_t *root = NULL;
	struct err err;
	enum err_kind rc = json_parse(text, LIMIT_JSON_BYTES, &root, &err);

	if (rc == OK)
		json_decref(root);
	else
		assert_null(root);
	return rc;
}

static void strict_reading(void **state)
{
	static const struct {
		const char *text;
		enum err_kind want;
	} cases[] = {
		{ "{}", OK },
		{ " [1, \"a\", null, true, {\"k\": -5}] ", OK },
		{ "7", OK },
		{ "\"\\u00e9\\ud83d\\ude00\"", OK },
		{ "", ERR_INPUT },
		{ "{} x", ERR_INPUT },
		{ "{\"a\":1,\"a\":2}", ERR_INPUT },
		{ "{\"a\":1,\"\\u0061\":2}", ERR_INPUT },
		{ "[1,]", ERR_INPUT },
		{ "{'a':1}", ERR_INPUT },
		{ "[01]", ERR_INPUT },
		{ "[+1]", ERR_INPUT },
		{ "[NaN]", ERR_INPUT },
		{ "[99999999999999999999]", ERR_INPUT },
		{ "\"\xff\"", ERR_INPUT },
		{ "\"\xc0\x80\"", ERR_INPUT },
		{ "\"\xed\xa0\x80\"", ERR_INPUT },
		{ "\"\\ud83d\"", ERR_INPUT },
		{ "\"\\u0000\"", ERR_INPUT },
		{ "{\"\\u0000\":1}", ERR_INPUT },
		{ "\"a\nb\"", ERR_INPUT },
		{ "/* c */ {}", ERR_INPUT },
		{ "\xef\xbb\xbf{}", ERR_INPUT },
		{ "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", OK },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", ERR_LIMIT },
		{ "[\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"]", OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse_kind(str_from(cases[i].text)), cases[i].want);
	assert_int_equal(parse_kind(STR("\"a\0b\"")), ERR_INPUT);
	assert_int_equal(parse_kind(STR("{}\0")), ERR_INPUT);
}

static void too_long_is_refused(void **state)
{
	json_t *root = NULL;
	struct err err;

	(void)state;
	assert_int_equal(json_parse(STR("[1,2,3]"), 6, &root, &err), ERR_LIMIT);
	assert_int_equal(json_parse(STR("[1,2,3]"), 7, &root, &err), OK);
	json_decref(root);
}

static void errors_say_where_and_quote_nothing(void **state)
{
	json_t *root = NULL;
	struct err err;

	(void)state;
	assert_int_equal(
		json_parse(STR("{\n \"password\": hunter2}"), LIMIT_JSON_BYTES, &root, &err),
		ERR_INPUT);
	assert_non_null(strstr(err.msg, "line 2"));
	assert_null(strstr(err.msg, "hunter2"));
}

static void look_ups_are_typed(void **state)
{
	json_t *root = NULL;
	struct err err;
	struct str s = STR("kept");
	int64_t n = 42;
	bool flag = true;

	(void)state;
	assert_int_equal(json_parse(STR("{\"s\":\"text\",\"n\":-9,\"f\":false,\"r\":1.5}"),
				 LIMIT_JSON_BYTES, &root, &err),
		OK);
	assert_false(json_str(root, "n", &s) || json_str(root, "none", &s) ||
		json_str(NULL, "s", &s) || json_str(json_object_get(root, "s"), "s", &s));
	assert_true(str_eq(s, STR("kept")));
	assert_false(json_i64(root, "s", &n) || json_i64(root, "r", &n));
	assert_false(json_flag(root, "n", &flag));
	assert_true(json_str(root, "s", &s) && str_eq(s, STR("text")));
	assert_true(json_i64(root, "n", &n) && n == -9);
	assert_true(json_flag(root, "f", &flag) && !flag);
	json_decref(root);
}

static void finds_members_in_the_text(void **state)
{
	static const struct {
		const char *object, *name, *value; /* NULL: there is none */
	} cases[] = {
		{ "{\"a\":1,\"b\":\"x\"}", "a", "1" },
		{ "{\"a\":1,\"b\":\"x\"}", "b", "\"x\"" },
		{ "{\"a\":1,\"b\":\"x\"}", "c", NULL },
		{ "{\"a\":{\"b\":[1,{}]},\"b\":[]}", "b", "[]" },
		{ "{\"a\":\"\\\",\\\"b\\\":2,\\\\\",\"b\":3}", "b", "3" },
		{ "{\"a\":\"}]\",\"b\":null}", "b", "null" },
		{ "{\"a\":[\"b\",\"b\"]}", "b", NULL },
		{ "{\"ab\":1}", "a", NULL },
		{ "{}", "a", NULL },
		{ "[\"a\",1]", "a", NULL },
		{ "", "a", NULL },
		/* Texts that break off, or that we do not write. */
		{ "{", "a", NULL },
		{ "{\"a", "a", NULL },
		{ "{\"a\"", "a", NULL },
		{ "{\"a\":", "a", NULL },
		{ "{\"a\":1", "a", NULL },
		{ "{\"a\":\"\\", "a", NULL },
		{ "{ \"a\": 1 }", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str value;

		assert_int_equal(json_member(str_from(cases[i].object), cases[i].name, &value),
			cases[i].value != NULL);
		if (cases[i].value != NULL)
			assert_true(str_eq(value, str_from(cases[i].value)));
	}
}

static void the_emitter_takes_members_over(void **state)
{
	struct arena mem;
	struct out o;
	struct jw w;
	struct str text;
	struct err err;

	(void)state;
	arena_init(&mem, MEM_BYTES);
	out_init(&o, &mem, 256);
	jw_init(&w, &o);
	jw_array(&w);
	jw_object(&w);
	jw_members(&w, STR("{\"a\":1,\"b\":{}}"));
	jw_object_end(&w);
	jw_object(&w);
	jw_ki64(&w, "n", 7);
	jw_members(&w, STR("{\"a\":1}"));
	jw_kbool(&w, "z", true);
	jw_object_end(&w);
	jw_array_end(&w);
	assert_int_equal(out_finish(&o, &text, &err), OK);
	assert_string_equal(text.ptr, "[{\"a\":1,\"b\":{}},{\"n\":7,\"a\":1,\"z\":true}]");
	arena_reset(&mem);
}

static void the_emitter_writes_every_shape(void **state)
{
	struct arena mem;
	struct out out;
	struct jw w;
	struct str text;
	struct err err;
	const uint8_t bytes[] = { 0xde, 0xad };
	json_t *tree = NULL;

	(void)state;
	arena_init(&mem, MEM_BYTES);
	out_init(&out, &mem, 4096);
	jw_init(&w, &out);
	assert_int_equal(
		json_parse(STR("{\"z\":[1,{},2.0,-0.5e-7],\"a\":\"\\n\"}"), 100, &tree, &err), OK);
	jw_object(&w);
	jw_kstr(&w, "s", STR("a\"b\\c\n\x01\xff\xc3\xa9"));
	jw_ki64(&w, "i", INT64_MIN);
	jw_kbool(&w, "b", true);
	jw_kwhen(&w, "t", 0);
	jw_khex(&w, "h", bytes, sizeof(bytes));
	jw_key(&w, "list");
	jw_array(&w);
	jw_u64(&w, UINT64_MAX);
	jw_null(&w);
	jw_array(&w);
	jw_array_end(&w);
	jw_object(&w);
	jw_object_end(&w);
	jw_array_end(&w);
	jw_key(&w, "raw");
	jw_raw(&w, STR("[1]"));
	jw_key(&w, "tree");
	jw_value(&w, tree);
	jw_object_end(&w);
	assert_int_equal(out_finish(&out, &text, &err), OK);
	assert_string_equal(text.ptr,
		"{\"s\":\"a\\\"b\\\\c\\n\\u0001\xef\xbf\xbd\xc3\xa9\",\"i\":-9223372036854775808,"
		"\"b\":true,\"t\":\"1970-01-01T00:00:00.000000Z\",\"h\":\"dead\","
		"\"list\":[18446744073709551615,null,[],{}],\"raw\":[1],"
		"\"tree\":{\"z\":[1,{},2.0,-4.9999999999999998e-08],\"a\":\"\\n\"}}");
	json_decref(tree);
	arena_reset(&mem);
}

static enum err_kind canonical(struct arena *mem, const char *text, struct str *got)
{
	json_t *root = NULL;
	struct out out;
	struct err err;
	enum err_kind rc = json_parse(str_from(text), LIMIT_JSON_BYTES, &root, &err);

	assert_int_equal(rc, OK);
	out_init(&out, mem, 4096);
	rc = json_canonical(root, &out, &err);
	json_decref(root);
	return rc == OK ? out_finish(&out, got, &err) : rc;
}

static void canonical_text(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ " { \"b\" : 1 , \"a\" : [ true , null ] } ", "{\"a\":[true,null],\"b\":1}" },
		{ "{\"\":0,\"a\":1,\"aa\":2,\"A\":3}", "{\"\":0,\"A\":3,\"a\":1,\"aa\":2}" },
		{ "\"\\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"\\/\"",
			"\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"" },
		{ "[-0, 9007199254740991, -9007199254740991]",
			"[0,9007199254740991,-9007199254740991]" },
		/* RFC 8785 section 3.2.3: a supplementary character sorts before U+FB33. */
		{ "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew\","
		  "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\","
		  "\"\\u00f6\":\"O\"}",
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
			"\"\xc3\xb6\":\"O\",\"\xe2\x82\xac\":\"Euro Sign\","
			"\"\xf0\x9f\x98\x80\":\"Emoji\",\"\xef\xac\xb3\":\"Hebrew\"}" },
	};
	struct arena mem;
	struct str got;

	(void)state;
	arena_init(&mem, MEM_BYTES);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(canonical(&mem, cases[i].in, &got), OK);
		assert_string_equal(got.ptr, cases[i].want);
	}
	assert_int_equal(canonical(&mem, "9007199254740992", &got), ERR_INPUT);
	assert_int_equal(canonical(&mem, "-9007199254740992", &got), ERR_INPUT);
	assert_int_equal(canonical(&mem, "[1.0]", &got), ERR_INPUT);
	assert_int_equal(canonical(&mem, "[1e2]", &got), ERR_INPUT);
	arena_reset(&mem);
}

/* Every budget below the one needed must fail cleanly. */
static void canonical_survives_every_budget(void **state)
{
	bool done = false;

	(void)state;
	for (size_t budget = 16; !done && budget < 65536; budget += 16) {
		struct arena mem;
		struct str got;

		arena_init(&mem, budget);
		enum err_kind rc = canonical(&mem, "{\"b\":{\"d\":1,\"c\":[2]},\"a\":3}", &got);

		assert_true(rc == OK || rc == ERR_LIMIT);
		done = rc == OK;
		arena_reset(&mem);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_reading),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(errors_say_where_and_quote_nothing),
		cmocka_unit_test(look_ups_are_typed),
		cmocka_unit_test(finds_members_in_the_text),
		cmocka_unit_test(the_emitter_takes_members_over),
		cmocka_unit_test(the_emitter_writes_every_shape),
		cmocka_unit_test(canonical_text),
		cmocka_unit_test(canonical_survives_every_budget),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
