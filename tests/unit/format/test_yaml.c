#include "base/limit.h"
#include "format/json.h"
#include "format/yaml.h"
#include "harness.h"

static struct arena mem;

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

/* Canonical JSON of what was read, or "". */
static const char *as_json(const char *text, struct err *err)
{
	json_t *root = NULL;
	struct out o;
	struct str got = STR("");

	if (yaml_parse(str_from(text), LIMIT_JSON_BYTES, &root, err) != OK) {
		assert_null(root);
		return "";
	}
	out_init(&o, &mem, 4096);
	assert_int_equal(json_canonical(root, &o, err), OK);
	assert_int_equal(out_finish(&o, &got, err), OK);
	json_decref(root);
	return got.ptr;
}

static void the_part_that_we_read(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "kind: grant\nfields:\n  - name: until\n    required: true\n",
			"{\"fields\":[{\"name\":\"until\",\"required\":true}],\"kind\":\"grant\"}" },
		{ "# a comment\n---\na: 1\n...\n", "{\"a\":1}" },
		{ "a: [1, -2, '3', \"4\", 05, 1.5, +6, 1_0, 0x1f, -0, 0]",
			"{\"a\":[1,-2,\"3\",\"4\",\"05\",\"1.5\",\"+6\",\"1_0\",\"0x1f\",0,0]}" },
		{ "[true, false, True, yes, no, on, off, null, ~, Null, 'true', '']",
			"[true,false,\"True\",\"yes\",\"no\",\"on\",\"off\",null,null,\"Null\",\"true\","
			"\"\"]" },
		{ "a:\nb: |\n  two\n  lines\nc: >-\n  one\n  line\n",
			"{\"a\":null,\"b\":\"two\\nlines\\n\",\"c\":\"one line\"}" },
		{ "true: 1\n2: x\n", "{\"2\":\"x\",\"true\":1}" },
		{ "day: 2026-11-22\ntime: 12:30:00\nversion: 1.7.15-1\n",
			"{\"day\":\"2026-11-22\",\"time\":\"12:30:00\",\"version\":\"1.7.15-1\"}" },
		{ "{}", "{}" },
		{ "plain", "\"plain\"" },
		{ "\"caf\\u00e9\"", "\"caf\xc3\xa9\"" },
		{ "'<<': 1", "{\"<<\":1}" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(as_json(cases[i].in, &err), cases[i].want);
}

static void the_rest_is_refused_where_it_stands(void **state)
{
	static const struct {
		const char *in, *where;
		enum err_kind kind;
	} cases[] = {
		{ "", "no document", ERR_INPUT },
		{ "# nothing\n", "no document", ERR_INPUT },
		{ "a: 1\na: 2\n", "line 2, column 1", ERR_INPUT },
		{ "a: 1\n\"a\": 2\n", "line 2, column 1", ERR_INPUT },
		{ "a: &x 1\n", "line 1, column 4", ERR_INPUT },
		{ "a: &x [1]\nb: *x\n", "line 1, column 4", ERR_INPUT },
		{ "b: *x\n", "line 1, column 4", ERR_INPUT },
		{ "a: !!int 1\n", "line 1, column 4", ERR_INPUT },
		{ "a: !local {b: 1}\n", "line 1, column 4", ERR_INPUT },
		{ "%YAML 1.1\n---\na: 1\n", "directives", ERR_INPUT },
		{ "%TAG ! tag:x,2000:\n---\na: 1\n", "directives", ERR_INPUT },
		{ "a: 1\n---\nb: 1\n", "more than one document", ERR_INPUT },
		{ "<<: {a: 1}\n", "merge", ERR_INPUT },
		{ "[a, b]: 1\n", "key must be text", ERR_INPUT },
		{ "? {a: 1}\n: 1\n", "key must be text", ERR_INPUT },
		{ ": 1\n", "line 1", ERR_INPUT },
		{ "'': 1\n", "a key is empty", ERR_INPUT },
		{ "a: \"x\\0y\"\n", "NUL", ERR_INPUT },
		{ "\"x\\0y\": 1\n", "NUL", ERR_INPUT },
		{ "a: 9223372036854775808\n", "too large", ERR_INPUT },
		{ "a: [1, 2\n", "line 2", ERR_INPUT },
		{ "a:\n\t- 1\n", "line 2", ERR_INPUT },
		{ "a: b: c\n", "line 1", ERR_INPUT },
		{ "a: \xff\n", "UTF-8", ERR_INPUT },
		{ "a: \x01\n", "line", ERR_INPUT },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "too deep", ERR_LIMIT },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(as_json(cases[i].in, &err), "");
		assert_int_equal(err.kind, cases[i].kind);
		assert_non_null(strstr(err.msg, cases[i].where));
	}
	assert_string_not_equal(as_json("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", &err), "");
}

static void bytes_are_bounded(void **state)
{
	json_t *root = NULL;
	struct err err;

	(void)state;
	assert_int_equal(yaml_parse(STR("a: 1"), 3, &root, &err), ERR_LIMIT);
	/* UTF-16, as a byte order mark would tell: we do not guess. */
	assert_int_equal(yaml_parse(STR("\xff\xfe"
					"a\0:\0"),
				 100, &root, &err),
		ERR_INPUT);
	assert_null(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_part_that_we_read),
		cmocka_unit_test(the_rest_is_refused_where_it_stands),
		cmocka_unit_test(bytes_are_bounded),
	};

	return cmocka_run_group_tests_name("yaml", tests, start, stop);
}
