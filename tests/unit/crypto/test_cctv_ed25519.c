#include "base/hex.h"
#include "conformance.h"
#include "crypto/sign.h"

static int start(void **state)
{
	struct err err;

	(void)state;
	return crypto_init(&err) == OK ? 0 : -1;
}

/* What the rule of crypto/sign.h says of a vector with these flags. */
static bool accepted_by_rule(const json_t *flags)
{
	static const char *const refused[] = { "low_order_A", "low_order_R", "non_canonical_A",
		"non_canonical_R", "low_order_residue" };

	for (size_t i = 0; i < json_array_size(flags); i++)
		for (size_t j = 0; j < sizeof(refused) / sizeof(refused[0]); j++)
			if (strcmp(json_string_value(json_array_get(flags, i)), refused[j]) == 0)
				return false;
	return true;
}

static void one_rule_for_every_edge_case(void **state)
{
	struct arena mem;
	size_t accepted = 0, wrong = 0;

	(void)state;
	arena_init(&mem, 8 << 20);
	json_t *vectors = conformance_json(&mem, "ed25519vectors.json");

	assert_int_equal(json_array_size(vectors), 914);
	for (size_t i = 0; i < json_array_size(vectors); i++) {
		const json_t *v = json_array_get(vectors, i);
		struct sign_public key;
		struct signature signature;

		assert_true(hex_parse(str_from(json_string_value(json_object_get(v, "key"))),
			key.bytes, sizeof(key.bytes)));
		assert_true(hex_parse(str_from(json_string_value(json_object_get(v, "sig"))),
			signature.bytes, sizeof(signature.bytes)));
		struct str message = str_from(json_string_value(json_object_get(v, "msg")));
		bool got = sign_verify(&key, message, &signature);

		accepted += got;
		wrong += got != accepted_by_rule(json_object_get(v, "flags"));
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(accepted, 43);
	json_decref(vectors);
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_rule_for_every_edge_case),
	};

	return conformance_run("cctv_ed25519", "tlog/cctv-ed25519", tests, 1, start, NULL);
}
