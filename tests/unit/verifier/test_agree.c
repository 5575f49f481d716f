/*
 * Two implementations, one answer: what src/ledger and the verifier, written apart, say to the same bytes of other
 * projects: trees and proofs, signed checkpoints, the edge cases of Ed25519.
 */
#include <ftw.h>
#include <stdio.h>

#include "base/hex.h"
#include "conformance.h"
#include "ledger/checkpoint.h"
#include "verify.h"

static struct arena mem;
static unsigned cases, differences;

static struct span span_of(struct str s)
{
	return (struct span){ s.ptr, s.len };
}

static struct span text_of(const json_t *v, const char *key)
{
	const char *text = json_string_value(json_object_get(v, key));

	return text == NULL ? SPAN("") : (struct span){ text, strlen(text) };
}

static struct str str_of_span(struct span s)
{
	return (struct str){ s.ptr, s.len };
}

static uint64_t number(const json_t *v, const char *key)
{
	double d = json_real_value(json_object_get(v, key));

	return d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

/* Both readers of base64; they must agree as well. */
static bool hash_by_both(struct span text, struct hash *theirs, struct sha256 *ours)
{
	size_t len;
	bool one = span_base64_n(text, theirs->bytes, HASH_BYTES);
	bool other = base64_parse(str_of_span(text), ours->bytes, SHA256_BYTES, &len) &&
		len == SHA256_BYTES;

	assert_int_equal(one, other);
	return one;
}

struct proof_case {
	uint64_t sizes[2];
	struct hash roots[2];
	struct sha256 our_roots[2];
	struct path path;
	struct merkle_path our_path;
};

/* Names: of the two sizes and of the two hashes. False: some hash is no hash, which ends it for both. */
static bool read_case(const json_t *v, const char *const names[4], struct proof_case *c)
{
	const json_t *list = json_object_get(v, "proof");

	for (size_t i = 0; i < 2; i++) {
		c->sizes[i] = number(v, names[i]);
		if (!hash_by_both(text_of(v, names[2 + i]), &c->roots[i], &c->our_roots[i]))
			return false;
	}
	c->path.count = c->our_path.count = json_array_size(list);
	if (c->path.count > MERKLE_PATH_MAX)
		return false;
	for (size_t i = 0; i < c->path.count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL ||
			!hash_by_both((struct span){ text, strlen(text) }, &c->path.nodes[i],
				&c->our_path.nodes[i]))
			return false;
	}
	return true;
}

static int each(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static const char *const inclusion[] = { "leafIdx", "treeSize", "leafHash", "root" };
	static const char *const consistency[] = { "size1", "size2", "root1", "root2" };
	struct proof_case c;
	struct err err;
	bool theirs, ours;

	(void)st;
	(void)ftw;
	if (type != FTW_F || !str_ends(str_from(path), STR(".json")))
		return 0;
	json_t *v = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
	bool includes = json_object_get(v, "leafIdx") != NULL;

	assert_non_null(v);
	if (read_case(v, includes ? inclusion : consistency, &c)) {
		if (includes) {
			theirs = tree_includes(
				c.sizes[0], c.sizes[1], &c.roots[0], &c.path, &c.roots[1]);
			ours = merkle_verify_inclusion(c.sizes[0], c.sizes[1], &c.our_roots[0],
				       &c.our_path, &c.our_roots[1], &err) == OK;
		} else {
			theirs = tree_extends(
				c.sizes[0], &c.roots[0], c.sizes[1], &c.roots[1], &c.path);
			ours = merkle_verify_consistency(c.sizes[0], c.sizes[1], &c.our_roots[0],
				       &c.our_roots[1], &c.our_path, &err) == OK;
		}
		cases++;
		differences += theirs != ours;
		if (theirs != ours)
			print_error("%s: verifier %d, ledger %d\n", path, theirs, ours);
	}
	json_decref(v);
	return 0;
}

static void trees_and_proofs(void **state)
{
	(void)state;
	cases = differences = 0;
	assert_int_equal(
		nftw(conformance_path(&mem, "transparency-dev-merkle"), each, 16, FTW_PHYS), 0);
	assert_int_equal(differences, 0);
	assert_true(cases > 50);
}

static void edge_cases_of_ed25519(void **state)
{
	json_t *vectors = conformance_json(&mem, "cctv-ed25519/ed25519vectors.json");
	unsigned accepted = 0;

	(void)state;
	assert_int_equal(json_array_size(vectors), 914);
	for (size_t i = 0; i < json_array_size(vectors); i++) {
		const json_t *v = json_array_get(vectors, i);
		struct span message = text_of(v, "msg");
		struct sign_public key;
		struct signature signature;

		assert_true(
			hex_parse(str_of_span(text_of(v, "key")), key.bytes, sizeof(key.bytes)));
		assert_true(hex_parse(
			str_of_span(text_of(v, "sig")), signature.bytes, sizeof(signature.bytes)));
		bool ours = sign_verify(&key, str_of_span(message), &signature);

		assert_int_equal(
			ours, ed25519_holds(key.bytes, message, SPAN(""), signature.bytes));
		accepted += ours;
	}
	assert_int_equal(accepted, 43);
	json_decref(vectors);
}

struct opening {
	struct span note, key;
	struct head head;
	bool is_signed;
};

static void open_head(void *arg)
{
	struct opening *o = arg;
	struct key key;
	uint64_t time_s;

	key_parse(o->key, KEY_LOG, &key);
	head_parse(o->note, &o->head);
	o->is_signed = span_eq(o->head.origin, key.name) && head_signed(&o->head, &key, &time_s);
}

static bool verifier_opens(struct span note, struct span key, struct head *head)
{
	static struct opening o;
	struct why why;

	o = (struct opening){ .note = note, .key = key };
	bool opened = judge(open_head, &o, &why) == HOLDS && o.is_signed;

	*head = o.head;
	return opened;
}

/* Whole, and with each of its bytes spoilt in two ways. */
static void signed_checkpoints(void **state)
{
	static const char key[] =
		"example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
	struct note_vkey vkey;
	static struct head head;
	struct err err;

	(void)state;
	assert_int_equal(note_vkey_parse(str_from(key), &vkey, &err), OK);
	for (int size = 0; size <= 15; size += size == 0 ? 1 : size == 6 ? 2 : 1) {
		const char *name = arena_printf(&mem, "tessera-log/checkpoint.%d", size);
		struct str note = conformance_file(&mem, name);

		for (size_t at = 0; at <= 2 * note.len; at++) {
			struct checkpoint ours;
			struct str copy;

			assert_true(arena_copy(&mem, note, &copy));
			if (at < 2 * note.len)
				((char *)(uintptr_t)copy.ptr)[at / 2] ^= at % 2 == 0 ? 1 : 0x20;
			bool one = checkpoint_open(&mem, copy, &vkey, &ours, &err) == OK;
			bool other = verifier_opens(span_of(copy),
				SPAN("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"),
				&head);

			assert_int_equal(one, other);
			assert_int_equal(one, at == 2 * note.len);
			assert_true(!one ||
				(ours.size == head.size &&
					memcmp(ours.root.bytes, head.root.bytes, HASH_BYTES) == 0));
		}
	}
}

static int start(void **state)
{
	struct err err;

	(void)state;
	arena_init(&mem, 64 << 20);
	return crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_and_proofs),
		cmocka_unit_test(edge_cases_of_ed25519),
		cmocka_unit_test(signed_checkpoints),
	};

	return conformance_run("agree", "tlog", tests, 3, start, stop);
}
