#include "base/hex.h"
#include "base/when.h"
#include "format/json.h"
#include "harness.h"
#include "ledger/entry.h"

static struct arena mem;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&mem, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct str format(const struct entry_draft *draft)
{
	struct out o;
	struct str text = STR("");
	struct entry_nonce nonce = { .bytes = { 1 } };
	struct sha256 commit = entry_commit(&nonce, draft->detail);

	out_init(&o, &mem, 8192);
	if (entry_format(draft, &commit, &o, &err) != OK || out_finish(&o, &text, &err) != OK)
		return STR("");
	return text;
}

static struct entry_draft sample(void)
{
	struct entry_draft d = {
		.kind = "source.view",
		.time_us = INT64_C(1795000000123456),
		.detail = STR("{\"path\":\"cJSON.c\"}"),
		.field_count = 3,
	};

	d.fields[0] = (struct entry_field){ .name = "zeta", .text = STR("a\"b\\c\n\x01\xc3\xa9/") };
	d.fields[1] = (struct entry_field){ .name = "count", .number = -7, .is_number = true };
	d.fields[2] = (struct entry_field){ .name = "engagement", .text = STR("") };
	return d;
}

static void the_text_is_exactly_this(void **state)
{
	struct entry_draft d = sample();

	(void)state;
	assert_string_equal(format(&d).ptr,
		"{\"commit\":\"bca1be7430152e7a40f46f4c47566f8f81b83c4f8e541eb369edf808623abe86\","
		"\"kind\":\"source.view\","
		"\"public\":{\"count\":-7,\"engagement\":\"\",\"zeta\":\"a\\\"b\\\\c\\n\\u0001\xc3\xa9/\"},"
		"\"time\":\"2026-11-18T11:06:40.123456Z\",\"v\":1}");
}

static void what_was_written_is_read_back(void **state)
{
	struct entry_draft d = sample();
	struct entry e;

	(void)state;
	for (int with_request = 0; with_request < 2; with_request++) {
		memset(d.request.bytes, with_request, SHA256_BYTES);
		struct str text = format(&d);

		if (entry_parse(&mem, text, &e, &err) != OK)
			fail_msg("%s", err.msg);
		assert_int_equal(e.time_us, d.time_us);
		assert_true(str_eq(e.kind, STR("source.view")));
		assert_int_equal(e.has_request, with_request == 1);
		struct entry_nonce nonce = { .bytes = { 1 } };
		struct sha256 commit = entry_commit(&nonce, d.detail);

		assert_memory_equal(e.commit.bytes, commit.bytes, SHA256_BYTES);
		assert_true(str_starts(e.public_json, STR("{\"count\":-7,")));
	}
}

static void bad_drafts_are_refused(void **state)
{
	static char long_text[LIMIT_ENTRY_BYTES];
	struct entry_draft d = sample();

	(void)state;
	d.fields[0].text = STR("\xff");
	assert_int_equal(format(&d).len, 0);
	assert_int_equal(err.kind, ERR_INPUT);
	d.fields[0].text = (struct str){ "a\0b", 3 };
	assert_int_equal(format(&d).len, 0);
	d.fields[0].text = STR("fine");
	d.fields[1].number = JSON_INT_MAX + 1;
	assert_int_equal(format(&d).len, 0);
	d.fields[1].number = JSON_INT_MAX;
	assert_int_not_equal(format(&d).len, 0);
	d.fields[2].name = "zeta";
	assert_int_equal(format(&d).len, 0);
	assert_int_equal(err.kind, ERR_INPUT);
	d.fields[2].name = "Not a name";
	assert_int_equal(format(&d).len, 0);
	d.fields[2].name = "other";
	memset(long_text, 'x', sizeof(long_text));
	d.fields[2].text = str_of(long_text, sizeof(long_text));
	assert_int_equal(format(&d).len, 0);
	assert_int_equal(err.kind, ERR_LIMIT);
	d.fields[2].text = str_of(long_text, 3000);
	assert_int_not_equal(format(&d).len, 0);
	d.kind = "source view";
	assert_int_equal(format(&d).len, 0);
}

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TIME "\"time\":\"2026-11-18T09:06:40.123456Z\",\"v\":1}"

static void only_the_canonical_form_is_read(void **state)
{
	static const struct {
		const char *text;
		enum err_kind want;
	} cases[] = {
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{}," TIME, OK },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{},\"request\":\"" HEX64
		  "\"," TIME,
			OK },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{\"a\":\"x\",\"b\":2}," TIME,
			OK },
		{ "", ERR_INPUT },
		{ "[]", ERR_INPUT },
		{ " {\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{}," TIME, ERR_INPUT },
		{ "{\"kind\":\"a\",\"commit\":\"" HEX64 "\",\"public\":{}," TIME, ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{\"b\":2,\"a\":\"x\"}," TIME,
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{\"a\":\"\\u0041\"}," TIME,
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{\"a\":1.5}," TIME,
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":{\"a\":[]}," TIME,
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"a\",\"public\":[]," TIME, ERR_INPUT },
		{ "{\"commit\":\"short\",\"kind\":\"a\",\"public\":{}," TIME, ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"kind\":\"A\",\"public\":{}," TIME, ERR_INPUT },
		{ "{\"commit\":\"" HEX64 "\",\"extra\":1,\"kind\":\"a\",\"public\":{}," TIME,
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64
		  "\",\"kind\":\"a\",\"public\":{},\"time\":\"2026-11-18\",\"v\":1}",
			ERR_INPUT },
		{ "{\"commit\":\"" HEX64
		  "\",\"kind\":\"a\",\"public\":{},\"time\":\"2026-11-18T09:06:40.123456Z\",\"v\":2}",
			ERR_INPUT },
	};
	struct entry e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (entry_parse(&mem, str_from(cases[i].text), &e, &err) != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].text);
}

static void parsing_survives_every_budget(void **state)
{
	struct entry_draft d = sample();
	struct str text = format(&d);
	bool done = false;

	(void)state;
	for (size_t budget = 0; !done; budget += 64) {
		struct arena small;
		struct entry e;

		arena_init(&small, budget);
		enum err_kind rc = entry_parse(&small, text, &e, &err);

		assert_true(rc == OK || rc == ERR_LIMIT);
		done = rc == OK;
		arena_reset(&small);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_text_is_exactly_this),
		T(what_was_written_is_read_back),
		T(bad_drafts_are_refused),
		T(only_the_canonical_form_is_read),
		T(parsing_survives_every_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
