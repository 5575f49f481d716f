/* Our own vectors (tests/vectors/make_ledger_vectors.py): trees, proofs, notes, checkpoints, tile paths. */
#include <jansson.h>

#include "base/hex.h"
#include "harness.h"
#include "ledger/cosignature.h"
#include "ledger/tilepath.h"
#include "ledger/tlogproof.h"

enum { SMALL_LEAVES = 41 };

static struct arena mem;
static struct err err;
static json_t *vectors;
static struct sha256 leaves[SMALL_LEAVES];

static int start(void **state)
{
	const char *file = getenv("VITRINE_VECTORS");

	(void)state;
	arena_init(&mem, 16 << 20);
	for (int i = 0; i < SMALL_LEAVES; i++)
		leaves[i] = merkle_leaf(str_from(arena_printf(&mem, "entry %d", i)));
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
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
	const char *s = json_string_value(json_object_get(object, key));

	assert_non_null(s);
	return str_from(s);
}

/* A number, or one that is written as a string because it is large. */
static uint64_t number_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	uint64_t n = 0;

	if (json_is_integer(v))
		return (uint64_t)json_integer_value(v);
	assert_true(str_to_u64(text_of(object, key), &n));
	return n;
}

static struct sha256 hash_of(const json_t *hex)
{
	struct sha256 h;

	assert_true(sha256_parse(str_from(json_string_value(hex)), &h));
	return h;
}

static void assert_path(const struct merkle_path *got, const json_t *want)
{
	assert_int_equal(got->count, json_array_size(want));
	for (size_t i = 0; i < got->count; i++) {
		struct sha256 node = hash_of(json_array_get(want, i));

		assert_memory_equal(&got->nodes[i], &node, sizeof(node));
	}
}

static struct str finish(struct out *o)
{
	struct str s = STR("");

	assert_int_equal(out_finish(o, &s, &err), OK);
	return s;
}

static enum err_kind read_small(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *e)
{
	struct merkle_edge edge = { .size = 0 };

	(void)arg;
	(void)e;
	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		merkle_append(&edge, &leaves[i]);
	*node = merkle_root(&edge);
	return OK;
}

static void small_trees(void **state)
{
	const json_t *merkle = json_object_get(vectors, "merkle"), *v;
	const json_t *roots = json_object_get(merkle, "roots");
	struct merkle_edge edge = { .size = 0 };
	struct merkle_path path;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(roots), SMALL_LEAVES);
	json_array_foreach(roots, i, v)
	{
		struct sha256 want = hash_of(v), got = merkle_root(&edge);

		assert_memory_equal(&got, &want, sizeof(got));
		merkle_append(&edge, &leaves[i]);
	}
	json_array_foreach(json_object_get(merkle, "inclusion"), i, v)
	{
		assert_int_equal(merkle_inclusion(number_of(v, "index"), number_of(v, "size"),
					 read_small, NULL, &path, &err),
			OK);
		assert_path(&path, json_object_get(v, "path"));
	}
	json_array_foreach(json_object_get(merkle, "consistency"), i, v)
	{
		assert_int_equal(merkle_consistency(number_of(v, "old_size"), number_of(v, "size"),
					 read_small, NULL, &path, &err),
			OK);
		assert_path(&path, json_object_get(v, "path"));
	}
}

static void a_tree_of_seventy_thousand(void **state)
{
	const json_t *list = json_object_get(json_object_get(vectors, "merkle"), "decimal_entries");
	struct merkle_edge edge = { .size = 0 };
	const json_t *v;
	size_t i;

	(void)state;
	json_array_foreach(list, i, v)
	{
		struct sha256 want = hash_of(json_object_get(v, "root"));

		while (edge.size < number_of(v, "size")) {
			char digits[24];
			int n = snprintf(
				digits, sizeof(digits), "%llu", (unsigned long long)edge.size);
			struct sha256 leaf = merkle_leaf(str_of(digits, (size_t)n));

			merkle_append(&edge, &leaf);
		}
		struct sha256 got = merkle_root(&edge);

		assert_memory_equal(&got, &want, sizeof(got));
	}
}

/* Every leaf is the same: a full subtree is its child twice. */
static enum err_kind read_equal(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *e)
{
	struct sha256 h = *(const struct sha256 *)arg;

	(void)index;
	(void)e;
	for (; level > 0; level--)
		h = merkle_node(&h, &h);
	*node = h;
	return OK;
}

static void trees_up_to_the_last_size(void **state)
{
	const json_t *merkle = json_object_get(vectors, "merkle"), *v;
	struct sha256 leaf = hash_of(json_object_get(merkle, "equal_leaf"));
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(merkle, "equal_leaves"), i, v)
	{
		uint64_t size = number_of(v, "size"), index = number_of(v, "index");
		uint64_t old_size = number_of(v, "old_size");
		struct sha256 root = hash_of(json_object_get(v, "root"));
		struct sha256 old_root = hash_of(json_object_get(v, "old_root"));
		struct merkle_path path;

		assert_int_equal(merkle_inclusion(index, size, read_equal, &leaf, &path, &err), OK);
		assert_path(&path, json_object_get(v, "inclusion"));
		assert_int_equal(
			merkle_verify_inclusion(index, size, &leaf, &path, &root, &err), OK);
		assert_int_equal(
			merkle_consistency(old_size, size, read_equal, &leaf, &path, &err), OK);
		assert_path(&path, json_object_get(v, "consistency"));
		assert_int_equal(
			merkle_verify_consistency(old_size, size, &old_root, &root, &path, &err),
			OK);
	}
}

static struct note_vkey key_of(const char *who, enum note_type type, struct sign_secret *secret)
{
	const json_t *v = json_object_get(json_object_get(vectors, "notes"), who);
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_public public_key;
	struct out o;

	assert_true(hex_parse(text_of(v, "seed"), seed, sizeof(seed)));
	sign_from_seed(seed, &public_key, secret);
	struct note_vkey key = note_vkey_make(text_of(v, "name"), type, &public_key);

	out_init(&o, &mem, NOTE_VKEY_BYTES_MAX);
	note_vkey_put(&o, &key);
	assert_true(str_eq(finish(&o), text_of(v, "vkey")));
	return key;
}

static void checkpoints_and_cosignatures(void **state)
{
	const json_t *list = json_object_get(json_object_get(vectors, "notes"), "checkpoints"), *v;
	struct sign_secret log_secret, witness_secret;
	struct note_vkey log = key_of("log", NOTE_ED25519, &log_secret);
	struct note_vkey witness = key_of("witness", NOTE_COSIGNATURE, &witness_secret);
	size_t i;

	(void)state;
	json_array_foreach(list, i, v)
	{
		struct checkpoint c = { .origin = log.name, .size = number_of(v, "size") }, got;
		struct note_verdict verdict;
		struct note note;
		struct str text;
		struct out o;

		c.root = hash_of(json_object_get(v, "root"));
		assert_int_equal(checkpoint_sign(&mem, &c, &log, &log_secret, &text, &err), OK);
		assert_true(str_eq(text, text_of(v, "note")));
		assert_int_equal(checkpoint_open(&mem, text, &log, &got, &err), OK);
		assert_int_equal(got.size, c.size);

		out_init(&o, &mem, NOTE_BYTES_MAX);
		assert_int_equal(cosignature_put_line(&mem, &o, &witness, &witness_secret,
					 number_of(v, "time"), text_of(v, "text"), &err),
			OK);
		assert_true(str_eq(finish(&o), text_of(v, "cosignature")));
		out_init(&o, &mem, NOTE_BYTES_MAX);
		out_put(&o, text);
		out_put(&o, text_of(v, "cosignature"));
		assert_int_equal(note_parse(finish(&o), &note, &err), OK);
		assert_int_equal(note_verify(&mem, &note, &witness, 1, &verdict, &err), OK);
		assert_int_equal(verdict.time_s, number_of(v, "time"));
	}
}

static void names_and_texts(void **state)
{
	const json_t *notes = json_object_get(vectors, "notes"), *v;
	struct sign_secret secret;
	struct note_vkey log = key_of("log", NOTE_ED25519, &secret), parsed;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(notes, "names"), i, v)
	{
		struct note_vkey key = note_vkey_make(text_of(v, "name"), NOTE_ED25519, &log.key);
		struct note_verdict verdict;
		struct note note;
		struct out o;

		assert_int_equal(note_vkey_parse(text_of(v, "vkey"), &parsed, &err), OK);
		assert_int_equal(parsed.id, key.id);
		out_init(&o, &mem, NOTE_BYTES_MAX);
		note_put(&o, &key, &secret, text_of(notes, "names_text"));
		assert_true(str_eq(finish(&o), text_of(v, "note")));
		assert_int_equal(note_parse(text_of(v, "note"), &note, &err), OK);
		assert_true(str_eq(note.text, text_of(notes, "names_text")));
		assert_int_equal(note_verify(&mem, &note, &parsed, 1, &verdict, &err), OK);
	}
}

static void log_proofs(void **state)
{
	const json_t *list = json_object_get(json_object_get(vectors, "notes"), "proofs"), *v;
	struct sign_secret secret;
	struct note_vkey log = key_of("log", NOTE_ED25519, &secret);
	size_t i;

	(void)state;
	json_array_foreach(list, i, v)
	{
		struct sha256 leaf = hash_of(json_object_get(v, "leaf"));
		struct tlogproof proof;
		struct checkpoint c;
		struct out o;

		assert_int_equal(tlogproof_parse(text_of(v, "text"), &proof, &err), OK);
		assert_int_equal(proof.index, number_of(v, "index"));
		assert_int_equal(proof.has_extra, json_is_string(json_object_get(v, "extra")));
		assert_int_equal(tlogproof_verify(&mem, &proof, &log, &leaf, &c, &err), OK);
		assert_int_equal(c.size, 13);
		out_init(&o, &mem, TLOGPROOF_BYTES_MAX);
		tlogproof_put(&o, &proof);
		assert_true(str_eq(finish(&o), text_of(v, "text")));
	}
}

static void tile_paths(void **state)
{
	const json_t *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(vectors, "tiles"), i, v)
	{
		struct tile tile = { .is_bundle = json_is_true(json_object_get(v, "bundle")),
			.level = (uint8_t)number_of(v, "level"),
			.index = number_of(v, "index"),
			.width = (uint16_t)number_of(v, "width") },
			    got;
		char path[TILEPATH_BYTES_MAX];

		tilepath_format(&tile, path);
		assert_true(str_eq(str_from(path), text_of(v, "path")));
		assert_true(tilepath_parse(text_of(v, "path"), &got));
		assert_true(got.index == tile.index && got.width == tile.width &&
			got.level == tile.level && got.is_bundle == tile.is_bundle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_trees),
		cmocka_unit_test(a_tree_of_seventy_thousand),
		cmocka_unit_test(trees_up_to_the_last_size),
		cmocka_unit_test(checkpoints_and_cosignatures),
		cmocka_unit_test(names_and_texts),
		cmocka_unit_test(log_proofs),
		cmocka_unit_test(tile_paths),
	};

	return cmocka_run_group_tests_name("ledger_vectors", tests, start, stop);
}
