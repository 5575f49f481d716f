#include <pthread.h>

#include "crypto/password.h"
#include "crypto/sign.h"
#include "harness.h"

static int start(void **state)
{
	struct err err;

	(void)state;
	return crypto_init(&err) == OK ? 0 : -1;
}

static void the_right_password_opens(void **state)
{
	struct password_hash hash, again;
	struct err err;
	bool matches = false;

	(void)state;
	assert_int_equal(password_make(STR("correct horse"), &hash, &err), OK);
	assert_memory_equal(hash.text, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
	assert_int_equal(password_make(STR("correct horse"), &again, &err), OK);
	assert_string_not_equal(hash.text, again.text);
	assert_int_equal(password_check(&hash, STR("correct horse"), &matches, &err), OK);
	assert_true(matches);
	assert_int_equal(password_check(&hash, STR("correct horsf"), &matches, &err), OK);
	assert_false(matches);
	assert_int_equal(password_check(&hash, STR(""), &matches, &err), OK);
	assert_false(matches);
}

static void nobody_is_checked_like_anybody(void **state)
{
	struct err err;
	bool matches = true;

	(void)state;
	assert_int_equal(password_check(password_nobody(), STR("guess"), &matches, &err), OK);
	assert_false(matches);
}

/* A row of the records could otherwise ask for 4 TiB of memory. */
static void foreign_hashes_are_corrupt(void **state)
{
	static const char *const texts[] = {
		"",
		"$argon2id$",
		"$argon2id$v=19$m=4294967295,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA"
		"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA"
		"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2i$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA"
		"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct err err;
	bool matches = false;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct password_hash hash = { { 0 } };

		memcpy(hash.text, texts[i], strlen(texts[i]));
		assert_int_equal(password_check(&hash, STR("x"), &matches, &err), ERR_CORRUPT);
	}
}

static void overlong_passwords_are_refused(void **state)
{
	static char text[PASSWORD_BYTES_MAX + 1];
	struct password_hash hash;
	struct err err;

	(void)state;
	assert_int_equal(password_make(str_of(text, sizeof(text)), &hash, &err), ERR_INPUT);
}

static void *check_one(void *arg)
{
	struct err err;
	bool matches = true;

	if (password_check(password_nobody(), STR("guess"), &matches, &err) != OK || matches)
		*(bool *)arg = false;
	return NULL;
}

/* More callers than places: all are served, PASSWORD_PARALLEL_MAX at a time. */
static void a_crowd_waits_its_turn(void **state)
{
	enum { CALLERS = PASSWORD_PARALLEL_MAX + 2 };
	pthread_t threads[CALLERS];
	bool served[CALLERS];

	(void)state;
	for (int i = 0; i < CALLERS; i++) {
		served[i] = true;
		assert_int_equal(pthread_create(&threads[i], NULL, check_one, &served[i]), 0);
	}
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(served[i]);
	}
}

/* RFC 6238 appendix B, the SHA-1 column, last six of its eight digits. */
static void codes_match_rfc_6238(void **state)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} cases[] = {
		{ 59, "287082" },
		{ 1111111109, "081804" },
		{ 1111111111, "050471" },
		{ 1234567890, "005924" },
		{ 2000000000, "279037" },
		{ 20000000000, "353130" },
	};
	struct str secret = STR("12345678901234567890");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t step = (uint64_t)cases[i].seconds / TOTP_STEP_S, got = 0;

		assert_int_equal(totp_code(secret, step), strtol(cases[i].code, NULL, 10));
		assert_true(totp_check(
			secret, str_from(cases[i].code), cases[i].seconds * 1000000, 0, &got));
		assert_int_equal(got, step);
	}
}

static void a_code_works_once_and_near_its_time(void **state)
{
	struct str secret = STR("12345678901234567890");
	struct str code = STR("050471");
	int64_t at_us = INT64_C(1111111111) * 1000000, step_us = INT64_C(30) * 1000000;
	uint64_t step = 0, own = 1111111111 / 30;

	(void)state;
	assert_true(totp_check(secret, code, at_us - step_us, 0, &step));
	assert_true(totp_check(secret, code, at_us + step_us, 0, &step));
	assert_int_equal(step, own);
	assert_false(totp_check(secret, code, at_us - 2 * step_us, 0, &step));
	assert_false(totp_check(secret, code, at_us + 2 * step_us, 0, &step));
	assert_true(totp_check(secret, code, at_us, own - 1, &step));
	assert_false(totp_check(secret, code, at_us, own, &step));
	assert_false(totp_check(secret, STR("50471"), at_us, 0, &step));
	assert_false(totp_check(secret, STR("0050471"), at_us, 0, &step));
	assert_false(totp_check(secret, STR(" 50471"), at_us, 0, &step));
	assert_false(totp_check(secret, code, -1, 0, &step));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_opens),
		cmocka_unit_test(nobody_is_checked_like_anybody),
		cmocka_unit_test(foreign_hashes_are_corrupt),
		cmocka_unit_test(overlong_passwords_are_refused),
		cmocka_unit_test(a_crowd_waits_its_turn),
		cmocka_unit_test(codes_match_rfc_6238),
		cmocka_unit_test(a_code_works_once_and_near_its_time),
	};

	return cmocka_run_group_tests_name("password", tests, start, NULL);
}
