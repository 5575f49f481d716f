/*
 * Keys and decisions against tests/vectors/decision.json, which other code made from the specifications: texts in their
 * one spelling, statements, signatures on P-256, what security keys and browsers say.
 */
#include "harness.h"

#include "app/decision_text.h"
#include "app/key_statement.h"
#include "app/webauthn.h"
#include "base/hex.h"
#include "format/json.h"

enum { MEM_BYTES = 4 << 20, BYTES_MAX = 4096 };

static json_t *vectors;
static struct arena mem;

static int start(void **state)
{
	const char *file = getenv("VITRINE_DECISION_VECTORS");
	struct err err;

	(void)state;
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
	arena_init(&mem, MEM_BYTES);
	return vectors != NULL && crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	arena_reset(&mem);
	return 0;
}

static struct str text_of(const json_t *object, const char *key)
{
	struct str text;

	assert_true(json_str(object, key, &text));
	return text;
}

static struct str bytes_of(const json_t *object, const char *key)
{
	uint8_t *bytes = arena_array(&mem, uint8_t, BYTES_MAX);
	size_t len;

	assert_non_null(bytes);
	assert_true(base64_parse(text_of(object, key), bytes, BYTES_MAX, &len));
	return str_of(bytes, len);
}

static struct public_key key_of(const json_t *object)
{
	struct public_key key;

	assert_true(public_key_parse(text_of(object, "key"), &key));
	return key;
}

/* Every row of the list under `name`; at least `least` of them, so that an empty file is no success. */
static void each(const char *name, size_t least, void (*check)(const json_t *row))
{
	const json_t *rows = json_object_get(vectors, name), *row;
	size_t i;

	assert_true(json_array_size(rows) >= least);
	json_array_foreach(rows, i, row)
	{
		check(row);
		arena_reset(&mem);
	}
}

static void check_es256(const json_t *row)
{
	struct str point = bytes_of(row, "key");
	struct es256_public key;

	assert_int_equal(point.len, sizeof(key.bytes));
	memcpy(key.bytes, point.ptr, point.len);
	if (es256_verify(&key, bytes_of(row, "message"), bytes_of(row, "signature")) !=
		json_is_true(json_object_get(row, "holds")))
		fail_msg("%s", text_of(row, "why").ptr);
}

static void signatures_on_p256(void **state)
{
	(void)state;
	each("es256", 20, check_es256);
}

static void check_statement(const json_t *row)
{
	struct str text = text_of(row, "text"), message, made = bytes_of(row, "signature"), again;
	struct key_statement statement;
	struct signature signature;
	struct sign_public root;
	struct err err;
	size_t len;
	bool reads = key_statement_parse(&mem, text, &statement, &err) == OK;

	if (reads != json_is_true(json_object_get(row, "reads")))
		fail_msg("%s: %s", text_of(row, "why").ptr, reads ? "was read" : err.msg);
	if (!reads)
		return;
	assert_int_equal(key_statement_format(&mem, &statement, &again, &err), OK);
	assert_true(str_eq(again, text));
	assert_true(base64_parse(text_of(vectors, "root"), root.bytes, sizeof(root.bytes), &len));
	assert_memory_equal(root.bytes, statement.root.bytes, sizeof(root.bytes));
	assert_int_equal(key_statement_message(&mem, text, &message, &err), OK);
	assert_int_equal(made.len, sizeof(signature.bytes));
	memcpy(signature.bytes, made.ptr, made.len);
	if (sign_verify(&root, message, &signature) != json_is_true(json_object_get(row, "holds")))
		fail_msg("%s: its signature", text_of(row, "why").ptr);
}

static void statements_have_one_spelling(void **state)
{
	(void)state;
	each("statements", 20, check_statement);
}

static void check_decision(const json_t *row)
{
	struct str text = text_of(row, "text"), message;
	struct public_key key = key_of(vectors);
	struct decision_text decision;
	struct err err;
	bool reads = decision_text_parse(&mem, text, &decision, &err) == OK;

	if (reads != json_is_true(json_object_get(row, "reads")))
		fail_msg("%s: %s", text_of(row, "why").ptr, reads ? "was read" : err.msg);
	if (!reads)
		return;
	assert_int_equal(decision_text_message(&mem, text, &message, &err), OK);
	assert_true(public_key_verify(&key, message, bytes_of(row, "signature")));
	assert_false(public_key_verify(&key, text, bytes_of(row, "signature")));
}

static void decisions_have_one_spelling(void **state)
{
	(void)state;
	each("decisions", 10, check_decision);
}

static struct webauthn_place place_of(struct sha256 *challenge)
{
	struct str bytes = bytes_of(vectors, "challenge");

	assert_int_equal(bytes.len, SHA256_BYTES);
	memcpy(challenge->bytes, bytes.ptr, bytes.len);
	return (struct webauthn_place){ text_of(vectors, "rp_id"), text_of(vectors, "origin") };
}

static void check_want(const json_t *row, enum err_kind rc, const struct err *err)
{
	if (!str_eq(text_of(row, "want"), rc == OK ? STR("ok") : str_from(err_word(rc))))
		fail_msg("%s: %s (%s)", text_of(row, "why").ptr, err_word(rc),
			rc == OK ? "" : err->msg);
}

static void check_new(const json_t *row)
{
	struct webauthn_said said = { .authenticator = bytes_of(row, "authenticator"),
		.client = bytes_of(row, "client") };
	struct public_key key = key_of(row);
	struct str credential;
	struct sha256 challenge;
	struct webauthn_place place = place_of(&challenge);
	uint32_t counter;
	struct err err;
	enum err_kind rc = webauthn_check_new(
		&place, &challenge, &key, &said, &credential, &counter, &err);

	check_want(row, rc, &err);
	if (rc != OK)
		return;
	assert_true(str_eq(credential, bytes_of(vectors, "credential")));
	assert_int_equal(counter, 3);
}

static void new_security_keys(void **state)
{
	(void)state;
	each("new", 20, check_new);
}

static void check_assertion(const json_t *row)
{
	struct webauthn_said said = { .authenticator = bytes_of(row, "authenticator"),
		.client = bytes_of(row, "client"),
		.signature = bytes_of(row, "signature") };
	uint32_t counter = (uint32_t)json_integer_value(json_object_get(row, "counter"));
	uint32_t before = counter;
	struct public_key key = key_of(row);
	struct sha256 challenge;
	struct webauthn_place place = place_of(&challenge);
	struct err err;
	enum err_kind rc = webauthn_check_assertion(
		&place, &challenge, &key, &said, &counter, &err);

	check_want(row, rc, &err);
	assert_true(rc == OK ? counter >= before : counter == before);
}

static void assertions_of_security_keys(void **state)
{
	(void)state;
	each("assertions", 20, check_assertion);
}

/* No site is named in the lab's settings: nothing passes, whatever hashes to it. */
static void without_a_site_there_is_no_security_key(void **state)
{
	const json_t *row = json_array_get(json_object_get(vectors, "assertions"), 0);
	struct webauthn_said said = { .authenticator = bytes_of(row, "authenticator"),
		.client = bytes_of(row, "client"),
		.signature = bytes_of(row, "signature") };
	struct webauthn_place nowhere = { STR(""), STR("") };
	struct public_key key = key_of(row);
	struct sha256 challenge;
	uint32_t counter = 0;
	struct err err;

	(void)state;
	place_of(&challenge);
	assert_int_equal(
		webauthn_check_assertion(&nowhere, &challenge, &key, &said, &counter, &err),
		ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_on_p256),
		cmocka_unit_test(statements_have_one_spelling),
		cmocka_unit_test(decisions_have_one_spelling),
		cmocka_unit_test(new_security_keys),
		cmocka_unit_test(assertions_of_security_keys),
		cmocka_unit_test(without_a_site_there_is_no_security_key),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
