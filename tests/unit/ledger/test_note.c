#include "harness.h"
#include "ledger/cosignature.h"
#include "ledger/note.h"

enum { MEM_BYTES = 16 << 20 };

static struct sign_public public_key, other_public;
static struct sign_secret secret, other_secret;
static struct note_vkey lab, other, witness;
static struct arena mem;
static struct err err;

static int start(void **state)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 1 }, other_seed[SIGN_SEED_BYTES] = { 2 };

	(void)state;
	if (crypto_init(&err) != OK)
		return -1;
	sign_from_seed(seed, &public_key, &secret);
	sign_from_seed(other_seed, &other_public, &other_secret);
	lab = note_vkey_make(STR("example.org/lab"), NOTE_ED25519, &public_key);
	other = note_vkey_make(STR("example.org/other"), NOTE_ED25519, &other_public);
	witness = note_vkey_make(STR("example.org/witness"), NOTE_COSIGNATURE, &other_public);
	arena_init(&mem, MEM_BYTES);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct str make_note(struct str text)
{
	struct out o;
	struct str bytes = STR("");

	out_init(&o, &mem, NOTE_BYTES_MAX);
	note_put(&o, &lab, &secret, text);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

static struct str join(struct str a, struct str b)
{
	struct out o;
	struct str bytes = STR("");

	out_init(&o, &mem, 2 * NOTE_BYTES_MAX);
	out_put(&o, a);
	out_put(&o, b);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	return bytes;
}

static enum err_kind open_by(struct str bytes, const struct note_vkey *key)
{
	struct note_verdict verdict;
	struct note note;
	enum err_kind rc = note_parse(bytes, &note, &err);

	return rc != OK ? rc : note_verify(&mem, &note, key, 1, &verdict, &err);
}

static void a_signed_note_opens(void **state)
{
	struct str bytes = make_note(STR("one\n\ntwo\n"));
	struct note note;

	(void)state;
	assert_int_equal(note_parse(bytes, &note, &err), OK);
	assert_true(str_eq(note.text, STR("one\n\ntwo\n")));
	assert_int_equal(note.line_count, 1);
	assert_int_equal(open_by(bytes, &lab), OK);
	assert_int_equal(open_by(bytes, &other), ERR_DENIED);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct str bytes = make_note(STR("example.org/lab\n3\n"));
	char *copy = arena_cstr(&mem, bytes);

	(void)state;
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		assert_int_not_equal(open_by(str_of(copy, bytes.len), &lab), OK);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
	}
}

static void malformed_notes_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"\n\n",
		"text\n",
		"text\n\n",
		"text\n\nnot a signature\n",
		"text\n\n\xe2\x80\x94 name\n",
		"text\n\n\xe2\x80\x94 name \n",
		"text\n\n\xe2\x80\x94 name AAAA\n",
		"text\n\n\xe2\x80\x94 name AAAAAA==\n",
		"text\n\n\xe2\x80\x94 name AAAAAAA=",
		"text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
		"text\n\n\xe2\x80\x94 na\xc2\xa0me AAAAAAA=\n",
		"text\n\n\xe2\x80\x94  AAAAAAA=\n",
		"text\n\n\xe2\x80\x94 name AAAAAAA=\n\n",
		"text\n\n\xe2\x80\x94 name  AAAAAAA=\n",
		"text\n\n\xe2\x80\x94 name AAAAAAA= \n",
		"text\n\n- name AAAAAAA=\n",
		"te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n",
		"text\r\n\n\xe2\x80\x94 name AAAAAAA=\n",
		"te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
	};
	struct note note;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(note_parse(str_from(bad[i]), &note, &err), ERR_INPUT);
	assert_int_equal(note_parse(STR("text\n\n\xe2\x80\x94 name AAAAAAA=\n"), &note, &err), OK);
}

static void signatures_are_counted(void **state)
{
	struct str line = STR("\xe2\x80\x94 name AAAAAAA=\n"), bytes = STR("text\n\n");
	struct note note;

	(void)state;
	for (int i = 1; i <= NOTE_SIGNATURES_MAX; i++) {
		bytes = join(bytes, line);
		assert_int_equal(note_parse(bytes, &note, &err), OK);
		assert_int_equal(note.line_count, i);
	}
	assert_int_equal(note_parse(join(bytes, line), &note, &err), ERR_LIMIT);
	bytes.len = NOTE_BYTES_MAX + 1;
	assert_int_equal(note_parse(bytes, &note, &err), ERR_LIMIT);
}

/* Unknown lines do not matter; a known one that fails makes the whole note worthless. */
static void known_and_unknown_lines(void **state)
{
	struct str text = STR("text\n"), bytes = make_note(text), with_other, bad;
	struct note_vkey both[2] = { lab, other }, twice[2] = { lab, lab };
	struct note_verdict verdicts[2];
	struct note note;
	struct out o;

	(void)state;
	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, bytes);
	note_put_signature(&o, &other, &other_secret, text);
	assert_int_equal(out_finish(&o, &with_other, &err), OK);
	assert_int_equal(open_by(with_other, &lab), OK);
	assert_int_equal(note_parse(with_other, &note, &err), OK);
	assert_int_equal(note_verify(&mem, &note, both, 2, verdicts, &err), OK);
	assert_true(verdicts[0].has_signed && verdicts[1].has_signed);
	assert_int_equal(note_verify(&mem, &note, twice, 2, verdicts, &err), ERR_INPUT);

	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, bytes);
	note_put_signature(&o, &other, &secret, text);
	assert_int_equal(out_finish(&o, &bad, &err), OK);
	assert_int_equal(open_by(bad, &lab), OK);
	assert_int_equal(note_parse(bad, &note, &err), OK);
	assert_int_equal(note_verify(&mem, &note, both, 2, verdicts, &err), ERR_CORRUPT);
	/* Also when another line of the same key holds. */
	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, bytes);
	note_put_signature(&o, &lab, &other_secret, text);
	assert_int_equal(out_finish(&o, &bad, &err), OK);
	assert_int_equal(open_by(bad, &lab), ERR_CORRUPT);
}

static void verifier_keys_round_trip(void **state)
{
	const struct note_vkey *keys[] = { &lab, &other, &witness };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct out o;
		struct str text;
		struct note_vkey got;

		out_init(&o, &mem, NOTE_VKEY_BYTES_MAX);
		note_vkey_put(&o, keys[i]);
		assert_int_equal(out_finish(&o, &text, &err), OK);
		assert_int_equal(note_vkey_parse(text, &got, &err), OK);
		assert_true(str_eq(got.name, keys[i]->name));
		assert_int_equal(got.id, keys[i]->id);
		assert_int_equal(got.type, keys[i]->type);
		assert_memory_equal(&got.key, &keys[i]->key, sizeof(got.key));
		for (size_t len = 0; len < text.len; len++)
			assert_int_equal(
				note_vkey_parse(str_head(text, len), &got, &err), ERR_INPUT);
		char *copy = arena_cstr(&mem, text);

		for (size_t bit = 0; bit < 8 * text.len; bit++) {
			copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
			assert_int_equal(
				note_vkey_parse(str_of(copy, text.len), &got, &err), ERR_INPUT);
			copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		}
	}
}

static void cosignatures_bind_their_time(void **state)
{
	struct str text = STR("example.org/lab\n1\n"), bytes;
	struct note_verdict verdict;
	struct note note;
	struct out o;

	(void)state;
	out_init(&o, &mem, 256);
	cosignature_put_message(&o, 1700000000, text);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	assert_true(str_eq(bytes, STR("cosignature/v1\ntime 1700000000\nexample.org/lab\n1\n")));

	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, make_note(text));
	assert_int_equal(
		cosignature_put_line(&mem, &o, &witness, &other_secret, 1700000000, text, &err),
		OK);
	assert_int_equal(out_finish(&o, &bytes, &err), OK);
	assert_int_equal(note_parse(bytes, &note, &err), OK);
	assert_int_equal(note_verify(&mem, &note, &witness, 1, &verdict, &err), OK);
	assert_int_equal(verdict.time_s, 1700000000);
	assert_int_equal(open_by(bytes, &lab), OK);

	/* The same key as a note key does not sign cosignatures, and the other way round. */
	struct note_vkey as_note = note_vkey_make(witness.name, NOTE_ED25519, &other_public);

	assert_int_not_equal(as_note.id, witness.id);
	assert_int_equal(open_by(bytes, &as_note), ERR_DENIED);
	as_note.id = witness.id;
	assert_int_equal(open_by(bytes, &as_note), ERR_CORRUPT);

	char *copy = arena_cstr(&mem, bytes);
	size_t from = make_note(text).len;

	for (size_t bit = 8 * from; bit < 8 * bytes.len; bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		assert_int_not_equal(open_by(str_of(copy, bytes.len), &witness), OK);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_note_opens),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(malformed_notes_are_refused),
		cmocka_unit_test(signatures_are_counted),
		cmocka_unit_test(known_and_unknown_lines),
		cmocka_unit_test(verifier_keys_round_trip),
		cmocka_unit_test(cosignatures_bind_their_time),
	};

	return cmocka_run_group_tests_name("note", tests, start, stop);
}
