#include "base/hex.h"
#include "crypto/sign.h"
#include "harness.h"

static int start(void **state)
{
	struct err err;

	(void)state;
	return crypto_init(&err) == OK ? 0 : -1;
}

/* RFC 8032 section 7.1, tests 1 and 2. */
static void signatures_match_rfc_8032(void **state)
{
	static const struct {
		const char *seed, *key, *message, *signature;
	} cases[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
			"c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "r",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
			"458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t seed[SIGN_SEED_BYTES];
		struct sign_public key;
		struct sign_secret secret;
		char hex[2 * SIGN_BYTES + 1];

		assert_true(hex_parse(str_from(cases[i].seed), seed, sizeof(seed)));
		sign_from_seed(seed, &key, &secret);
		hex_format(key.bytes, sizeof(key.bytes), hex);
		assert_string_equal(hex, cases[i].key);
		struct signature s = sign_make(&secret, str_from(cases[i].message));

		hex_format(s.bytes, sizeof(s.bytes), hex);
		assert_string_equal(hex, cases[i].signature);
		assert_true(sign_verify(&key, str_from(cases[i].message), &s));
	}
}

static void every_flipped_bit_is_refused(void **state)
{
	struct sign_public key;
	struct sign_secret secret;
	char message[] = "size 7";

	(void)state;
	sign_generate(&key, &secret);
	struct signature s = sign_make(&secret, STR("size 7"));

	for (size_t bit = 0; bit < 8 * SIGN_BYTES; bit++) {
		struct signature bad = s;

		bad.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(sign_verify(&key, STR("size 7"), &bad));
	}
	for (size_t bit = 0; bit < 8 * SIGN_PUBLIC_BYTES; bit++) {
		struct sign_public bad = key;

		bad.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(sign_verify(&bad, STR("size 7"), &s));
	}
	for (size_t bit = 0; bit < 8 * strlen(message); bit++) {
		message[bit / 8] = (char)(message[bit / 8] ^ (1 << bit % 8));
		assert_false(sign_verify(&key, str_from(message), &s));
		message[bit / 8] = (char)(message[bit / 8] ^ (1 << bit % 8));
	}
}

/* S and S + L verify alike in a careless verifier: one act would have two signatures. */
static void a_second_form_of_s_is_refused(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	struct sign_public key;
	struct sign_secret secret;
	unsigned carry = 0;

	(void)state;
	sign_generate(&key, &secret);
	struct signature s = sign_make(&secret, STR("text"));

	for (size_t i = 0; i < 32; i++) {
		carry += s.bytes[32 + i] + (unsigned)order[i];
		s.bytes[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(sign_verify(&key, STR("text"), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_match_rfc_8032),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(a_second_form_of_s_is_refused),
	};

	return cmocka_run_group_tests_name("sign", tests, start, NULL);
}
