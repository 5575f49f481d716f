#include "format/dsse.h"
#include "harness.h"

static struct arena mem;
static struct err err;

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

/* A signature is "k" and the key's number; it is right when the payload is "hello world". */
static bool check_letter(
	void *arg, struct str pae, const struct dsse_signature *signature, size_t *key)
{
	(void)arg;
	if (signature->bytes.len != 2 || signature->bytes.ptr[0] != 'k' ||
		!str_eq(pae, STR("DSSEv1 29 http://example.com/HelloWorld 11 hello world")))
		return false;
	*key = (size_t)(signature->bytes.ptr[1] - '0');
	return true;
}

#define BODY "{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":\"http://example.com/HelloWorld\","

static void keys_count_once(void **state)
{
	struct dsse e;

	(void)state;
	/* k1, k2, k1 again, and bytes of nobody's. */
	assert_int_equal(
		dsse_parse(&mem,
			STR(BODY
				"\"new\":1,\"signatures\":[{\"keyid\":\"a\",\"sig\":\"azE=\"},"
				"{\"sig\":\"azI=\"},{\"keyid\":null,\"sig\":\"azE\"},{\"sig\":\"_w==\"}]}"),
			4096, &e, &err),
		OK);
	assert_int_equal(e.signature_count, 4);
	assert_true(str_eq(e.signatures[0].key_id, STR("a")));
	assert_true(str_eq(e.signatures[3].bytes, STR("\xff")));
	assert_true(str_eq(e.payload, STR("hello world")));
	assert_int_equal(dsse_verify(&mem, &e, 1, check_letter, NULL, &err), OK);
	assert_int_equal(dsse_verify(&mem, &e, 2, check_letter, NULL, &err), OK);
	assert_int_equal(dsse_verify(&mem, &e, 3, check_letter, NULL, &err), ERR_DENIED);
	e.payload = STR("hello worle");
	assert_int_equal(dsse_verify(&mem, &e, 1, check_letter, NULL, &err), ERR_DENIED);
}

static void malformed_envelopes_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", BODY "\"signatures\":[]}", BODY "\"signatures\":{}}",
		BODY "\"signatures\":[{}]}", BODY "\"signatures\":[1]}",
		BODY "\"signatures\":[{\"sig\":\"\"}]}", BODY "\"signatures\":[{\"sig\":\"*\"}]}",
		BODY "\"signatures\":[{\"sig\":\"azE=\",\"keyid\":1}]}",
		BODY "\"payload\":\"\",\"signatures\":[{\"sig\":\"azE=\"}]}",
		"{\"payload\":\"aGk=\",\"payloadType\":\"\",\"signatures\":[{\"sig\":\"azE=\"}]}",
		"{\"payload\":1,\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"azE=\"}]}",
		"{\"payload\":\"aGl=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"azE=\"}]}"
	};
	struct dsse e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(dsse_parse(&mem, str_from(bad[i]), 4096, &e, &err), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_count_once),
		cmocka_unit_test(malformed_envelopes_are_refused),
	};

	return cmocka_run_group_tests_name("dsse", tests, start, stop);
}
