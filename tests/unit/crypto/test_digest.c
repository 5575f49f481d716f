#include "base/hex.h"
#include "crypto/digest.h"
#include "harness.h"

static void sha256_matches_fips_180(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sha256 d = sha256_of(str_from(cases[i].in));
		char hex[SHA256_HEX_BYTES];

		sha256_format(&d, hex);
		assert_string_equal(hex, cases[i].want);
	}
}

static void pieces_hash_as_the_whole(void **state)
{
	char bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	struct sha256 whole = sha256_of(str_of(bytes, sizeof(bytes)));

	for (size_t cut = 0; cut <= sizeof(bytes); cut += 7) {
		struct sha256_state s;

		sha256_begin(&s);
		sha256_add(&s, str_of(bytes, cut));
		sha256_add(&s, str_of(bytes + cut, sizeof(bytes) - cut));
		struct sha256 d = sha256_end(&s);

		assert_true(sha256_eq(&d, &whole));
	}
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block). */
static void hmac_matches_rfc_4231(void **state)
{
	char key1[20], key6[131], hex[SHA256_HEX_BYTES];
	struct sha256 code;

	(void)state;
	memset(key1, 0x0b, sizeof(key1));
	memset(key6, 0xaa, sizeof(key6));
	code = hmac_sha256(str_of(key1, sizeof(key1)), STR("Hi There"));
	sha256_format(&code, hex);
	assert_string_equal(
		hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	code = hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"));
	sha256_format(&code, hex);
	assert_string_equal(
		hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	code = hmac_sha256(str_of(key6, sizeof(key6)),
		STR("Test Using Larger Than Block-Size Key - Hash Key First"));
	sha256_format(&code, hex);
	assert_string_equal(
		hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void digests_are_read_strictly(void **state)
{
	static const char good[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct sha256 d, kept;

	(void)state;
	assert_true(sha256_parse(str_from(good), &d));
	kept = d;
	assert_false(sha256_parse(str_of(good, 63), &d));
	assert_false(sha256_parse(
		STR("E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), &d));
	assert_memory_equal(&d, &kept, sizeof(d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_matches_fips_180),
		cmocka_unit_test(pieces_hash_as_the_whole),
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(digests_are_read_strictly),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
