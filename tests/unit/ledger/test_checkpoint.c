#include "harness.h"
#include "ledger/tlogproof.h"

enum { MEM_BYTES = 1 << 20 };

static struct sign_public public_key;
static struct sign_secret secret;
static struct note_vkey lab;
static struct arena mem;
static struct err err;

static int start(void **state)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 1 };

	(void)state;
	if (crypto_init(&err) != OK)
		return -1;
	sign_from_seed(seed, &public_key, &secret);
	lab = note_vkey_make(STR("example.org/lab"), NOTE_ED25519, &public_key);
	arena_init(&mem, MEM_BYTES);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static void checkpoints_round_trip(void **state)
{
	struct checkpoint c = { .origin = lab.name, .size = 7, .root = merkle_empty() }, got;
	struct note_vkey other = note_vkey_make(
		STR("example.org/other"), NOTE_ED25519, &public_key);
	struct str note;

	(void)state;
	assert_int_equal(checkpoint_sign(&mem, &c, &lab, &secret, &note, &err), OK);
	assert_true(str_starts(note,
		STR("example.org/lab\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
		    "\xe2\x80\x94 example.org/lab ")));
	assert_int_equal(checkpoint_open(&mem, note, &lab, &got, &err), OK);
	assert_true(str_eq(got.origin, lab.name));
	assert_int_equal(got.size, 7);
	assert_memory_equal(&got.root, &c.root, sizeof(got.root));
	assert_int_equal(checkpoint_open(&mem, note, &other, &got, &err), ERR_DENIED);
}

/* A key that signs for two logs does not make one log's checkpoint the other's. */
static void the_origin_is_the_key_name(void **state)
{
	struct str note,
		text = STR("example.org/other\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	struct checkpoint c;
	struct out o;

	(void)state;
	out_init(&o, &mem, NOTE_BYTES_MAX);
	note_put(&o, &lab, &secret, text);
	assert_int_equal(out_finish(&o, &note, &err), OK);
	assert_int_equal(checkpoint_open(&mem, note, &lab, &c, &err), ERR_DENIED);
}

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

static void malformed_checkpoints_are_refused(void **state)
{
	static const char *const bad[] = { "", "a\n", "a\n1\n", "a\n1\n" ROOT "extension\n",
		"\n1\n" ROOT, "a b\n1\n" ROOT, "a+b\n1\n" ROOT, "a\n01\n" ROOT, "a\n-1\n" ROOT,
		"a\n\n" ROOT, "a\n18446744073709551616\n" ROOT, "a\n1 \n" ROOT, "a\n1\n\n",
		"a\n1\nAAAA\n", "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
		"a\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" };
	struct checkpoint c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(checkpoint_parse(str_from(bad[i]), &c, &err), ERR_INPUT);
	assert_int_equal(checkpoint_parse(STR("a\n0\n" ROOT), &c, &err), OK);
	assert_int_equal(checkpoint_parse(STR("a\n18446744073709551615\n" ROOT), &c, &err), OK);
}

/* Two leaves: the path of leaf 1 is leaf 0. */
static struct str make_proof(struct tlogproof *p, struct sha256 *leaf)
{
	struct sha256 first = merkle_leaf(STR("a"));
	struct checkpoint c = { .origin = lab.name, .size = 2 };
	struct str text = STR("");
	struct out o;

	*leaf = merkle_leaf(STR("b"));
	c.root = merkle_node(&first, leaf);
	*p = (struct tlogproof){ .index = 1, .path = { .count = 1, .nodes = { first } } };
	assert_int_equal(checkpoint_sign(&mem, &c, &lab, &secret, &p->checkpoint, &err), OK);
	out_init(&o, &mem, TLOGPROOF_BYTES_MAX);
	tlogproof_put(&o, p);
	assert_int_equal(out_finish(&o, &text, &err), OK);
	return text;
}

static void proofs_round_trip(void **state)
{
	struct tlogproof p, got;
	struct sha256 leaf, other = merkle_leaf(STR("c"));
	struct checkpoint c;
	struct str text = make_proof(&p, &leaf);

	(void)state;
	assert_true(str_starts(text, STR("c2sp.org/tlog-proof@v1\nindex 1\n")));
	assert_int_equal(tlogproof_parse(text, &got, &err), OK);
	assert_int_equal(got.index, 1);
	assert_int_equal(got.path.count, 1);
	assert_false(got.has_extra);
	assert_int_equal(tlogproof_verify(&mem, &got, &lab, &leaf, &c, &err), OK);
	assert_int_equal(c.size, 2);
	assert_int_equal(tlogproof_verify(&mem, &got, &lab, &other, &c, &err), ERR_CORRUPT);
	got.index = 0;
	assert_int_equal(tlogproof_verify(&mem, &got, &lab, &leaf, &c, &err), ERR_CORRUPT);
}

static void every_flipped_bit_of_a_proof_is_refused(void **state)
{
	struct tlogproof p;
	struct sha256 leaf;
	struct str text = make_proof(&p, &leaf);
	char *copy = arena_cstr(&mem, text);

	(void)state;
	for (size_t bit = 0; bit < 8 * text.len; bit++) {
		struct tlogproof got;
		struct checkpoint c;

		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		enum err_kind rc = tlogproof_parse(str_of(copy, text.len), &got, &err);

		assert_true(rc != OK || tlogproof_verify(&mem, &got, &lab, &leaf, &c, &err) != OK);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
	}
}

#define HEAD "c2sp.org/tlog-proof@v1\n"
#define NOTE "\na\n\n\xe2\x80\x94 name AAAAAAA=\n"

static void malformed_proofs_are_refused(void **state)
{
	static const char *const bad[] = { "", HEAD, "c2sp.org/tlog-proof@v2\nindex 0\n" NOTE,
		HEAD "index\n" NOTE, HEAD "index 01\n" NOTE, HEAD "index -1\n" NOTE,
		HEAD "index 0\nextra AAAA\n" NOTE, HEAD "extra A\nindex 0\n" NOTE,
		HEAD "extra AAAA\nextra AAAA\nindex 0\n" NOTE, HEAD "index 0\nAAAA\n" NOTE,
		HEAD "index 0\n" ROOT, HEAD "index 0\n\n", HEAD "Index 0\n" NOTE,
		HEAD "index 0\n \n" NOTE };
	struct tlogproof p;
	struct out o;
	struct str text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tlogproof_parse(str_from(bad[i]), &p, &err), ERR_INPUT);
	assert_int_equal(tlogproof_parse(STR(HEAD "index 0\n" NOTE), &p, &err), OK);
	assert_int_equal(
		tlogproof_parse(STR(HEAD "extra AAAA\nindex 0\n" ROOT NOTE), &p, &err), OK);
	assert_true(p.has_extra && str_eq(p.extra_base64, STR("AAAA")));

	out_init(&o, &mem, TLOGPROOF_BYTES_MAX);
	out_put(&o, STR(HEAD "index 0\n"));
	for (int i = 0; i <= MERKLE_PATH_MAX; i++)
		out_put(&o, STR(ROOT));
	out_put(&o, STR(NOTE));
	assert_int_equal(out_finish(&o, &text, &err), OK);
	assert_int_equal(tlogproof_parse(text, &p, &err), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoints_round_trip),
		cmocka_unit_test(the_origin_is_the_key_name),
		cmocka_unit_test(malformed_checkpoints_are_refused),
		cmocka_unit_test(proofs_round_trip),
		cmocka_unit_test(every_flipped_bit_of_a_proof_is_refused),
		cmocka_unit_test(malformed_proofs_are_refused),
	};

	return cmocka_run_group_tests_name("checkpoint", tests, start, stop);
}
