/* Policies: what is one, what is none, and that the one spelling of ours says the same. */
#include "harness.h"
#include "ledger/policy.h"

static struct arena mem;
static struct err err;

static int start(void **state)
{
	(void)state;
	arena_init(&mem, 8 << 20);
	return crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

/* %1 to %9: verifier keys of witnesses, %a to %i: of logs, each of a key of its own; %A: a witness with %a's key. */
static struct str expand(const char *text)
{
	struct out o;
	struct str s;

	out_init(&o, &mem, 2 * POLICY_BYTES_MAX);
	for (; *text != '\0'; text++) {
		struct sign_public public_key;
		struct sign_secret secret;
		uint8_t seed[SIGN_SEED_BYTES] = { 5 };
		bool is_log;

		if (*text != '%') {
			out_char(&o, *text);
			continue;
		}
		text++;
		is_log = *text >= 'a';
		seed[1] = (uint8_t)(*text >= 'A' ? *text | 0x20 : *text);
		sign_from_seed(seed, &public_key, &secret);
		struct note_vkey vkey = note_vkey_make(STR("example.org/k"),
			is_log ? NOTE_ED25519 : NOTE_COSIGNATURE, &public_key);

		note_vkey_put(&o, &vkey);
	}
	assert_int_equal(out_finish(&o, &s, &err), OK);
	return s;
}

static void what_is_a_policy(void **state)
{
	static const struct {
		const char *text;
		enum err_kind want;
	} rows[] = {
		{ "quorum none\n", OK },
		{ " \t quorum\t none \n\n", OK },
		{ "# a comment\n\t# another\nlog %a\nwitness w %1\nquorum w\n", OK },
		{ "log %a https://example.org/\nwitness w %1 https://w.example/\nquorum w\n", OK },
		{ "witness a %1\nwitness b %2\ngroup g any a b\nquorum g\n", OK },
		{ "witness a %1\nwitness b %2\ngroup g 2 a b\nquorum g\n", OK },
		{ "witness a %1\nwitness b %2\ngroup g all a\ngroup h 1 g b\nquorum h\n", OK },
		{ "witness caf\xe9 %1\nquorum caf\xe9\n", OK },
		{ "", ERR_INPUT },
		{ "quorum none", ERR_INPUT },
		{ "quorum none\r\n", ERR_INPUT },
		{ "quorum none\nquorum none\n", ERR_INPUT },
		{ "quorum w\nwitness w %1\n", ERR_INPUT },
		{ "witness w %1\nwitness w %2\nquorum w\n", ERR_INPUT },
		{ "witness w %1\nwitness v %1\nquorum w\n", ERR_INPUT },
		{ "log %a\nlog %a\nquorum none\n", ERR_INPUT },
		{ "log %a\nwitness w %A\nquorum w\n", ERR_INPUT },
		{ "log %1\nquorum none\n", ERR_INPUT },
		{ "witness w %a\nquorum w\n", ERR_INPUT },
		{ "witness none %1\nquorum none\n", ERR_INPUT },
		{ "witness w %1\ngroup none any w\nquorum none\n", ERR_INPUT },
		{ "witness w %1\ngroup w any w\nquorum w\n", ERR_INPUT },
		{ "group g any w\nwitness w %1\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g any g\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g any w w\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g any w\ngroup h any w\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g 0 w\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g 2 w\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g 01 w\nquorum g\n", ERR_INPUT },
		{ "witness w %1\ngroup g any\nquorum g\n", ERR_INPUT },
		{ "witness w\nquorum w\n", ERR_INPUT },
		{ "witness w %1 url more\nquorum w\n", ERR_INPUT },
		{ "witness w example.org/k+00000000+AAAA\nquorum w\n", ERR_INPUT },
		{ "Quorum none\n", ERR_INPUT },
		{ "quorum none\n\x7f\n", ERR_INPUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy p;

		if (policy_parse(expand(rows[i].text), &p, &err) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

static void owners_and_the_one_spelling(void **state)
{
	struct str text = expand(
		"# owner b:  Ministry of Transport \nlog\t%a\n  witness a %1 u\nwitness b %2\n"
		"#owner a: Operator: North\n# owner nobody: x\n# owner a: Second\n# ownership is hard\n"
		"group g all a b\nquorum g\n");
	struct str want = expand(
		"log %a\nwitness a %1 u\n# owner a: Operator: North\nwitness b %2\n"
		"# owner b: Ministry of Transport\ngroup g 2 a b\nquorum g\n");
	struct policy p;
	struct out o;
	struct str got;

	(void)state;
	assert_int_equal(policy_parse(text, &p, &err), OK);
	out_init(&o, &mem, POLICY_BYTES_MAX);
	policy_put(&o, &p);
	assert_int_equal(out_finish(&o, &got, &err), OK);
	assert_true(str_eq(got, want));
	assert_int_equal(policy_owner_count(&p), 2);
	assert_int_equal(policy_counted(&p), 3);
}

static void bounds_are_those_of_the_draft(void **state)
{
	(void)state;
	for (unsigned count = 32; count <= 33; count++) {
		struct policy p;
		struct out o;
		struct str text;

		out_init(&o, &mem, POLICY_BYTES_MAX);
		for (unsigned i = 0; i < count; i++) {
			struct sign_public public_key;
			struct sign_secret secret;
			uint8_t seed[SIGN_SEED_BYTES] = { 6, (uint8_t)i };

			sign_from_seed(seed, &public_key, &secret);
			struct note_vkey vkey = note_vkey_make(
				STR("w"), NOTE_COSIGNATURE, &public_key);

			out_printf(&o, "witness w%u ", i);
			note_vkey_put(&o, &vkey);
			out_char(&o, '\n');
		}
		out_put(&o, STR("quorum w31\n"));
		assert_int_equal(out_finish(&o, &text, &err), OK);
		assert_int_equal(policy_parse(text, &p, &err), count == 32 ? OK : ERR_LIMIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_policy),
		cmocka_unit_test(owners_and_the_one_spelling),
		cmocka_unit_test(bounds_are_those_of_the_draft),
	};

	return cmocka_run_group_tests_name("policy", tests, start, stop);
}
