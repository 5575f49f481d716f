/* transparency-dev/merkle: inclusion and consistency proofs, good and spoilt, and a reference tree. */
#include <ftw.h>
#include <stdio.h>

#include "base/hex.h"
#include "conformance.h"
#include "ledger/merkle.h"

static struct arena mem;
static unsigned cases, wrong;

static uint64_t number(const json_t *v, const char *key)
{
	double d = json_real_value(json_object_get(v, key));

	return d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

/* A hash that is not 32 bytes is refused before any arithmetic. */
static bool hash(const json_t *text, struct sha256 *h)
{
	size_t len;

	return json_is_string(text) &&
		base64_parse(str_from(json_string_value(text)), h->bytes, SHA256_BYTES, &len) &&
		len == SHA256_BYTES;
}

static bool read_path(const json_t *list, struct merkle_path *path)
{
	path->count = 0;
	if (json_array_size(list) > MERKLE_PATH_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!hash(json_array_get(list, i), &path->nodes[path->count++]))
			return false;
	return true;
}

static bool inclusion_holds(const json_t *v)
{
	struct sha256 root, leaf;
	struct merkle_path path;
	struct err err;

	return hash(json_object_get(v, "root"), &root) &&
		hash(json_object_get(v, "leafHash"), &leaf) &&
		read_path(json_object_get(v, "proof"), &path) &&
		merkle_verify_inclusion(number(v, "leafIdx"), number(v, "treeSize"), &leaf, &path,
			&root, &err) == OK;
}

static bool consistency_holds(const json_t *v)
{
	struct sha256 old_root, new_root;
	struct merkle_path path;
	struct err err;

	return hash(json_object_get(v, "root1"), &old_root) &&
		hash(json_object_get(v, "root2"), &new_root) &&
		read_path(json_object_get(v, "proof"), &path) &&
		merkle_verify_consistency(number(v, "size1"), number(v, "size2"), &old_root,
			&new_root, &path, &err) == OK;
}

static int each(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type != FTW_F || !str_ends(str_from(path), STR(".json")))
		return 0;
	json_t *v = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
	bool holds = json_object_get(v, "leafIdx") != NULL ? inclusion_holds(v)
							   : consistency_holds(v);

	assert_non_null(v);
	if (holds == json_is_true(json_object_get(v, "wantErr"))) {
		print_error("%s\n", path);
		wrong++;
	}
	cases++;
	json_decref(v);
	return 0;
}

static void inclusion_cases(void **state)
{
	(void)state;
	cases = wrong = 0;
	assert_int_equal(nftw(conformance_path(&mem, "inclusion"), each, 8, FTW_PHYS), 0);
	assert_int_equal(wrong, 0);
	assert_true(cases >= 50);
}

static void consistency_cases(void **state)
{
	(void)state;
	cases = wrong = 0;
	assert_int_equal(nftw(conformance_path(&mem, "consistency"), each, 8, FTW_PHYS), 0);
	assert_int_equal(wrong, 0);
	assert_true(cases >= 50);
}

static void the_reference_tree(void **state)
{
	struct merkle_edge edge = { .size = 0 };
	json_t *v = conformance_json(&mem, "reference_tree.json");
	const json_t *leaves = json_object_get(v, "leaves");
	const json_t *hashes = json_object_get(v, "leaf_hashes"),
		     *roots = json_object_get(v, "roots");

	(void)state;
	assert_int_equal(json_array_size(leaves), 8);
	assert_int_equal(json_array_size(roots), 9); /* from size 0 */
	for (size_t i = 0; i < json_array_size(leaves); i++) {
		struct str hex = str_from(json_string_value(json_array_get(leaves, i)));
		struct sha256 want, got;
		uint8_t bytes[64];

		assert_true(hex_parse(hex, bytes, hex.len / 2));
		got = merkle_leaf(str_of(bytes, hex.len / 2));
		assert_true(sha256_parse(
			str_from(json_string_value(json_array_get(hashes, i))), &want));
		assert_memory_equal(&got, &want, sizeof(got));
		merkle_append(&edge, &got);
		got = merkle_root(&edge);
		assert_true(sha256_parse(
			str_from(json_string_value(json_array_get(roots, i + 1))), &want));
		assert_memory_equal(&got, &want, sizeof(got));
	}
	json_decref(v);
}

static int start(void **state)
{
	(void)state;
	arena_init(&mem, 8 << 20);
	return 0;
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
		cmocka_unit_test(inclusion_cases),
		cmocka_unit_test(consistency_cases),
		cmocka_unit_test(the_reference_tree),
	};

	return conformance_run(
		"merkle_vectors", "tlog/transparency-dev-merkle", tests, 3, start, stop);
}
