#include "crypto/seal.h"
#include "crypto/sign.h"
#include "harness.h"

enum { MEM_BYTES = 1 << 20 };

static int start(void **state)
{
	struct err err;

	(void)state;
	return crypto_init(&err) == OK ? 0 : -1;
}

static void items_round_trip(void **state)
{
	static char bytes[1000];
	struct arena mem;
	struct seal_key key;
	struct err err;
	struct str sealed, plain;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	arena_init(&mem, MEM_BYTES);
	seal_generate(&key);
	for (size_t len = 0; len <= sizeof(bytes); len += 111) {
		struct str in = str_of(bytes, len);

		assert_int_equal(seal_close(&mem, &key, STR("item 1"), in, &sealed, &err), OK);
		assert_int_equal(sealed.len, len + SEAL_OVERHEAD_BYTES);
		assert_int_equal(seal_open(&mem, &key, STR("item 1"), sealed, &plain, &err), OK);
		assert_true(str_eq(plain, in));
		assert_int_equal(
			seal_open(&mem, &key, STR("item 2"), sealed, &plain, &err), ERR_CORRUPT);
	}
	arena_reset(&mem);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct arena mem;
	struct seal_key key, other;
	struct err err;
	struct str sealed, plain = STR("untouched");

	(void)state;
	arena_init(&mem, MEM_BYTES);
	seal_generate(&key);
	assert_int_equal(seal_close(&mem, &key, STR("7"), STR("main.c:12"), &sealed, &err), OK);
	char *bytes = arena_cstr(&mem, sealed);

	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(
			seal_open(&mem, &key, STR("7"), str_of(bytes, sealed.len), &plain, &err),
			ERR_CORRUPT);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
	}
	for (size_t bit = 0; bit < 8 * SEAL_KEY_BYTES; bit++) {
		other = key;
		other.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(
			seal_open(&mem, &other, STR("7"), sealed, &plain, &err), ERR_CORRUPT);
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(
			seal_open(&mem, &key, STR("7"), str_head(sealed, len), &plain, &err),
			ERR_CORRUPT);
	assert_true(str_eq(plain, STR("untouched")));
	arena_reset(&mem);
}

static void boxes_open_for_their_owner_alone(void **state)
{
	struct arena mem;
	struct box_public to, other_to;
	struct box_secret secret, other_secret;
	struct err err;
	struct str sealed, plain;

	(void)state;
	arena_init(&mem, MEM_BYTES);
	box_generate(&to, &secret);
	box_generate(&other_to, &other_secret);
	assert_int_equal(box_close(&mem, &to, STR("a session's key"), &sealed, &err), OK);
	assert_int_equal(sealed.len, strlen("a session's key") + BOX_OVERHEAD_BYTES);
	assert_int_equal(box_open(&mem, &to, &secret, sealed, &plain, &err), OK);
	assert_true(str_eq(plain, STR("a session's key")));
	assert_int_equal(
		box_open(&mem, &other_to, &other_secret, sealed, &plain, &err), ERR_CORRUPT);
	assert_int_equal(box_open(&mem, &to, &other_secret, sealed, &plain, &err), ERR_CORRUPT);

	char *bytes = arena_cstr(&mem, sealed);

	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		/* X25519 ignores the top bit of the sender's ephemeral key, but the nonce binds it. */
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(
			box_open(&mem, &to, &secret, str_of(bytes, sealed.len), &plain, &err),
			ERR_CORRUPT);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
	}
	arena_reset(&mem);
}

static void a_zero_key_gets_no_box(void **state)
{
	struct arena mem;
	struct box_public zero = { { 0 } };
	struct err err;
	struct str sealed;

	(void)state;
	arena_init(&mem, MEM_BYTES);
	assert_int_equal(box_close(&mem, &zero, STR("x"), &sealed, &err), ERR_INPUT);
	arena_reset(&mem);
}

static void short_memory_fails_cleanly(void **state)
{
	struct arena mem;
	struct seal_key key;
	struct err err;
	struct str sealed;

	(void)state;
	arena_init(&mem, 32);
	seal_generate(&key);
	assert_int_equal(seal_close(&mem, &key, STR(""), STR("text"), &sealed, &err), ERR_LIMIT);
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_round_trip),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(boxes_open_for_their_owner_alone),
		cmocka_unit_test(a_zero_key_gets_no_box),
		cmocka_unit_test(short_memory_fails_cleanly),
	};

	return cmocka_run_group_tests_name("seal", tests, start, NULL);
}
