#include "base/arena.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/out.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/when.h"
#include "harness.h"

static void err_context_prefixes(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, ERR_IO, "end of file"), ERR_IO);
	err_context(&err, "read manifest of %s", "zlib");
	assert_string_equal(err.msg, "read manifest of zlib: end of file");
	assert_int_equal(err.kind, ERR_IO);
}

static void err_context_keeps_long_messages_bounded(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_IO, "%0300d", 7);
	for (int i = 0; i < 40; i++)
		err_context(&err, "step %d", i);
	assert_true(strlen(err.msg) < ERR_MSG_BYTES_MAX);
}

static void every_kind_has_a_word_and_codes(void **state)
{
	(void)state;
	for (int kind = OK; kind < ERR_KINDS; kind++) {
		assert_non_null(err_word((enum err_kind)kind));
		assert_in_range(err_http_status((enum err_kind)kind), 200, 503);
		assert_in_range(err_exit_code((enum err_kind)kind), 0, 9);
	}
}

static void arena_refuses_beyond_its_limit(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1024);
	assert_non_null(arena_alloc(&a, 1, 1000));
	assert_null(arena_alloc(&a, 1, 64));
	assert_null(arena_alloc(&a, SIZE_MAX, 16));
	assert_true(a.used_bytes <= a.limit_bytes);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1, 1024));
	arena_reset(&a);
}

static void arena_memory_is_zero(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (int round = 0; round < 2; round++) {
		unsigned char *p = arena_alloc(&a, 100, 100);

		assert_non_null(p);
		for (size_t i = 0; i < 10000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 10000);
		arena_reset(&a);
	}
}

static void out_fails_once_and_for_all(void **state)
{
	struct arena a;
	struct out o;
	struct str got;
	struct err err;

	(void)state;
	arena_init(&a, 4096);
	out_init(&o, &a, 8);
	out_put(&o, STR("12345678"));
	assert_int_equal(out_finish(&o, &got, &err), OK);
	assert_int_equal(got.len, 8);
	out_char(&o, '9');
	out_put(&o, STR(""));
	assert_int_equal(out_finish(&o, &got, &err), ERR_LIMIT);
	arena_reset(&a);
}

static void out_survives_every_budget(void **state)
{
	bool done = false;

	(void)state;
	for (size_t budget = 1; !done && budget < 65536; budget += 16) {
		struct arena a;
		struct out o;
		struct str got;
		struct err err;

		arena_init(&a, budget);
		out_init(&o, &a, 4096);
		for (int i = 0; i < 200; i++)
			out_i64(&o, i - 100);
		enum err_kind rc = out_finish(&o, &got, &err);

		assert_true(rc == OK || rc == ERR_LIMIT);
		done = rc == OK;
		arena_reset(&a);
	}
	assert_true(done);
}

static void numbers_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "01", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "1 ", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;

		assert_int_equal(str_to_u64(str_from(cases[i].text), &value), cases[i].ok);
		if (cases[i].ok)
			assert_true(value == cases[i].value);
	}
}

static void base64_is_canonical(void **state)
{
	static const struct {
		const char *text;
		int len; /* -1: refused */
	} cases[] = {
		{ "", 0 },
		{ "Zg==", 1 },
		{ "Zm8=", 2 },
		{ "Zm9v", 3 },
		{ "Zh==", -1 },
		{ "Zg=", -1 },
		{ "Zg", -1 },
		{ "Z===", -1 },
		{ "Zm9v\n", -1 },
		{ "Zm-v", -1 },
		{ "====", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char bytes[8];
		size_t len = 0;
		bool ok = base64_parse(str_from(cases[i].text), bytes, sizeof(bytes), &len);

		assert_int_equal(ok ? (int)len : -1, cases[i].len);
	}
}

static void hex_round_trips(void **state)
{
	unsigned char bytes[3] = { 0, 0xab, 0xff }, back[3];
	char digits[7];

	(void)state;
	hex_format(bytes, 3, digits);
	assert_string_equal(digits, "00abff");
	assert_true(hex_parse(STR("00abff"), back, 3));
	assert_memory_equal(bytes, back, 3);
	assert_false(hex_parse(STR("00ABFF"), back, 3));
	assert_false(hex_parse(STR("00abf"), back, 3));
}

static void hex_is_written_in_pieces(void **state)
{
	unsigned char bytes[200];
	char digits[2 * sizeof(bytes) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct arena a;
		struct out o;
		struct str text;
		struct err err;

		arena_init(&a, 4096);
		out_init(&o, &a, 2 * len);
		out_hex(&o, bytes, len);
		assert_int_equal(out_finish(&o, &text, &err), OK);
		hex_format(bytes, len, digits);
		assert_string_equal(text.ptr, digits);
		arena_reset(&a);
	}
}

static void utf8_refuses_what_rfc_3629_refuses(void **state)
{
	static const struct str bad[] = {
		{ "\xc0\x80", 2 },
		{ "\xe0\x80\x80", 3 },
		{ "\xed\xa0\x80", 3 },
		{ "\xf4\x90\x80\x80", 4 },
		{ "\xff", 1 },
		{ "\xc3", 1 },
		{ "\x80", 1 },
		{ "\xf0\x8f\xbf\xbf", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(bad[i]));
	assert_true(utf8_valid(STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92")));
}

static void hidden_characters_are_shown(void **state)
{
	struct arena a;
	struct out o;
	struct str got;
	struct err err;

	(void)state;
	arena_init(&a, 4096);
	out_init(&o, &a, 1024);
	out_shown(&o,
		STR("a\xe2\x80\xae"
		    "b\\\xff\n"));
	assert_int_equal(out_finish(&o, &got, &err), OK);
	assert_string_equal(got.ptr, "a\\u{202e}b\\\\\\xff\\u{a}");
	arena_reset(&a);
}

static void times_round_trip(void **state)
{
	static const char *const times[] = { "1970-01-01T00:00:00.000000Z",
		"2026-11-22T15:04:05.123456Z", "2000-02-29T23:59:59.999999Z",
		"9999-12-31T23:59:59.999999Z" };
	static const char *const bad[] = { "2026-02-29", "2026-13-01", "1969-12-31",
		"2026-11-22T24:00:00Z", "2026-11-22T15:04:05", "2026-11-22 15:04:05Z",
		"2026-11-22T15:04:05.Z", "2026-11-22T15:04:05.1234567Z", "" };
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[WHEN_TEXT_BYTES];

		assert_true(when_parse(str_from(times[i]), &us));
		when_format(us, text);
		assert_string_equal(text, times[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(when_parse(str_from(bad[i]), &us));
	assert_true(when_parse(STR("2026-11-22T15:04:05.5Z"), &us));
	assert_int_equal(us % 1000000, 500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_context_prefixes),
		cmocka_unit_test(err_context_keeps_long_messages_bounded),
		cmocka_unit_test(every_kind_has_a_word_and_codes),
		cmocka_unit_test(arena_refuses_beyond_its_limit),
		cmocka_unit_test(arena_memory_is_zero),
		cmocka_unit_test(out_fails_once_and_for_all),
		cmocka_unit_test(out_survives_every_budget),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(base64_is_canonical),
		cmocka_unit_test(hex_round_trips),
		cmocka_unit_test(hex_is_written_in_pieces),
		cmocka_unit_test(utf8_refuses_what_rfc_3629_refuses),
		cmocka_unit_test(hidden_characters_are_shown),
		cmocka_unit_test(times_round_trip),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
