/* golang/mod sumdb: signed notes and verifier keys; tile paths where they mean the same (height 8). */
#include <stdio.h>

#include "base/hex.h"
#include "conformance.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "ledger/tilepath.h"

static struct arena mem;
static struct err err;
static json_t *vectors;

static int start(void **state)
{
	(void)state;
	arena_init(&mem, 8 << 20);
	vectors = conformance_json(&mem, "vectors.json");
	return crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	arena_reset(&mem);
	return 0;
}

static struct str note_member(const char *key)
{
	return str_from(json_string_value(json_object_get(json_object_get(vectors, "note"), key)));
}

static struct note_vkey vkey_member(const char *key)
{
	struct note_vkey vkey;

	assert_int_equal(note_vkey_parse(note_member(key), &vkey, &err), OK);
	return vkey;
}

static struct str finish(struct out *o)
{
	struct str s = STR("");

	assert_int_equal(out_finish(o, &s, &err), OK);
	return s;
}

static struct str make_note(struct str line, struct str more)
{
	struct out o;

	out_init(&o, &mem, NOTE_BYTES_MAX);
	out_put(&o, note_member("text"));
	out_char(&o, '\n');
	out_put(&o, line);
	out_put(&o, more);
	return finish(&o);
}

static enum err_kind open_by(
	struct str bytes, const struct note_vkey *keys, size_t count, struct note_verdict *verdicts)
{
	struct note note;
	enum err_kind rc = note_parse(bytes, &note, &err);

	return rc != OK ? rc : note_verify(&mem, &note, keys, count, verdicts, &err);
}

static void open_rules(void **state)
{
	struct note_vkey keys[2] = { vkey_member("vkey"), vkey_member("vkey2") };
	struct str sig1 = note_member("sig1"), sig2 = note_member("sig2"), mangled, many = sig1;
	struct note_verdict verdicts[2];
	struct out o;

	(void)state;
	assert_int_equal(open_by(make_note(sig1, sig2), keys, 1, verdicts), OK);
	assert_int_equal(open_by(make_note(sig1, sig2), keys, 2, verdicts), OK);
	assert_true(verdicts[0].has_signed && verdicts[1].has_signed);
	assert_int_equal(open_by(make_note(sig2, STR("")), keys, 1, verdicts), ERR_DENIED);

	out_init(&o, &mem, 4096);
	out_put(&o, str_head(sig1, 60));
	out_put(&o, STR("ABCD"));
	out_put(&o, str_skip(sig1, 60));
	mangled = finish(&o);
	assert_int_equal(open_by(make_note(mangled, sig2), keys, 2, verdicts), ERR_CORRUPT);

	for (int i = 1; i < 100; i++) {
		out_init(&o, &mem, NOTE_BYTES_MAX);
		out_put(&o, many);
		out_put(&o, sig2);
		many = finish(&o);
	}
	assert_int_equal(open_by(make_note(many, STR("")), keys, 2, verdicts), OK);
	assert_int_equal(open_by(make_note(many, sig2), keys, 2, verdicts), ERR_LIMIT);
}

static void bad_verifier_keys(void **state)
{
	const json_t *list = json_object_get(json_object_get(vectors, "note"), "bad_vkeys");
	struct str good = note_member("vkey");
	char *copy = arena_cstr(&mem, good);
	struct note_vkey vkey;

	(void)state;
	assert_true(json_array_size(list) > 0);
	for (size_t i = 0; i < json_array_size(list); i++)
		assert_int_equal(
			note_vkey_parse(
				str_from(json_string_value(json_array_get(list, i))), &vkey, &err),
			ERR_INPUT);
	/* The mangling rule: every proper substring, and every byte plus one. */
	for (size_t from = 0; from < good.len; from++)
		for (size_t len = 0; len <= good.len - from; len++)
			if (len < good.len)
				assert_int_equal(
					note_vkey_parse(str_of(good.ptr + from, len), &vkey, &err),
					ERR_INPUT);
	for (size_t i = 0; i < good.len; i++) {
		copy[i]++;
		assert_int_equal(note_vkey_parse(str_of(copy, good.len), &vkey, &err), ERR_INPUT);
		copy[i]--;
	}
}

/* "PRIVATE+KEY+name+id+base64(type || seed)": signing gives their line, byte for byte. */
static void signing_gives_the_same_line(void **state)
{
	struct str rest = note_member("skey"), piece;
	struct note_vkey vkey = vkey_member("vkey"), made;
	uint8_t type_and_seed[1 + SIGN_SEED_BYTES];
	struct sign_public public_key;
	struct sign_secret secret;
	struct out o;
	size_t len;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(str_cut(rest, '+', &piece, &rest));
	assert_true(base64_parse(rest, type_and_seed, sizeof(type_and_seed), &len));
	assert_int_equal(len, sizeof(type_and_seed));
	sign_from_seed(type_and_seed + 1, &public_key, &secret);
	made = note_vkey_make(vkey.name, NOTE_ED25519, &public_key);
	assert_int_equal(made.id, vkey.id);
	out_init(&o, &mem, 4096);
	note_vkey_put(&o, &made);
	assert_true(str_eq(finish(&o), note_member("vkey")));
	out_init(&o, &mem, 4096);
	note_put_signature(&o, &made, &secret, note_member("text"));
	assert_true(str_eq(finish(&o), note_member("sig1")));
}

/* Their tree text states the root of a record as base64 of a leaf hash. */
static void the_leaf_hash_is_theirs(void **state)
{
	const json_t *tree = json_object_get(vectors, "tree_text");
	struct sha256 leaf = merkle_leaf(
		str_from(json_string_value(json_object_get(tree, "leaf"))));
	struct out o;

	(void)state;
	out_init(&o, &mem, 128);
	out_base64(&o, str_of(leaf.bytes, sizeof(leaf.bytes)));
	assert_non_null(strstr(json_string_value(json_object_get(tree, "text")), finish(&o).ptr));
}

/* Theirs carry a height, which tlog-tiles fixes at 8; the numbers' form is the same. */
static void numbers_in_tile_paths(void **state)
{
	const json_t *list = json_object_get(vectors, "tile_paths");

	(void)state;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i), *want = json_array_get(pair, 1);
		struct str path = str_from(json_string_value(json_array_get(pair, 0))), rest;
		double level = json_real_value(json_object_get(want, "L"));
		bool is_data = json_is_object(want) && level < 0;
		struct tile tile;
		struct out o;

		/* tile/<height>/<level>/… without the height; data tiles are called entries. */
		rest = str_skip(path, strlen("tile/3/"));
		out_init(&o, &mem, 128);
		out_put(&o, STR("tile/"));
		out_put(&o, is_data ? STR("entries") : STR(""));
		out_put(&o, is_data ? str_skip(rest, strlen("data")) : rest);
		bool parsed = tilepath_parse(finish(&o), &tile);

		assert_int_equal(parsed, json_is_object(want));
		if (!parsed)
			continue;
		assert_int_equal(tile.index, (uint64_t)json_real_value(json_object_get(want, "N")));
		assert_int_equal(tile.is_bundle, is_data);
		assert_int_equal(tile.level, is_data ? 0 : (int)level);
		/* A full tile of height 1 has width 2; of ours the width is written when below 256. */
		if (tile.width != TILE_WIDTH)
			assert_int_equal(
				tile.width, (int)json_real_value(json_object_get(want, "W")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_rules),
		cmocka_unit_test(bad_verifier_keys),
		cmocka_unit_test(signing_gives_the_same_line),
		cmocka_unit_test(the_leaf_hash_is_theirs),
		cmocka_unit_test(numbers_in_tile_paths),
	};

	return conformance_run("go_sumdb", "tlog/go-sumdb", tests, 5, start, stop);
}
