#include "harness.h"
#include "ledger/merkle.h"

enum { LEAVES = 70 };

static struct sha256 leaves[LEAVES];

static int make_leaves(void **state)
{
	(void)state;
	for (int i = 0; i < LEAVES; i++) {
		char text[2] = { (char)('A' + i), (char)i };

		leaves[i] = merkle_leaf(str_of(text, sizeof(text)));
	}
	return 0;
}

/* MTH of RFC 6962 section 2.1, word for word: the oracle. */
static struct sha256 root_by_definition(const struct sha256 *leaf, size_t count)
{
	size_t k = 1;

	if (count == 0)
		return sha256_of(STR(""));
	if (count == 1)
		return leaf[0];
	while (k * 2 < count)
		k *= 2;
	struct sha256 left = root_by_definition(leaf, k);
	struct sha256 right = root_by_definition(leaf + k, count - k);

	return merkle_node(&left, &right);
}

static enum err_kind read_full(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *err)
{
	uint64_t size = *(uint64_t *)arg;

	(void)err;
	assert_true((index + 1) << level <= size);
	*node = root_by_definition(leaves + (index << level), (size_t)1 << level);
	return OK;
}

static enum err_kind read_fails(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *err)
{
	(void)arg;
	(void)level;
	(void)index;
	(void)node;
	return err_set(err, ERR_IO, "disk");
}

static void roots_match_the_definition(void **state)
{
	struct merkle_edge edge = { .size = 0 };

	(void)state;
	for (size_t n = 0; n <= LEAVES; n++) {
		struct sha256 want = root_by_definition(leaves, n), got = merkle_root(&edge);

		assert_memory_equal(&got, &want, sizeof(got));
		if (n < LEAVES)
			merkle_append(&edge, &leaves[n]);
	}
}

static void inclusion_of_every_leaf_in_every_tree(void **state)
{
	struct err err;

	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size++) {
		struct sha256 root = root_by_definition(leaves, size);

		for (uint64_t i = 0; i < size; i++) {
			struct merkle_path path;

			assert_int_equal(
				merkle_inclusion(i, size, read_full, &size, &path, &err), OK);
			assert_int_equal(
				merkle_verify_inclusion(i, size, &leaves[i], &path, &root, &err),
				OK);
			/* One node less, one more, another place, another leaf. */
			if (path.count > 0) {
				path.count--;
				assert_int_equal(merkle_verify_inclusion(
							 i, size, &leaves[i], &path, &root, &err),
					ERR_INPUT);
				path.count++;
				assert_int_equal(
					merkle_verify_inclusion(i, size, &leaves[(i + 1) % size],
						&path, &root, &err),
					ERR_CORRUPT);
			}
			path.nodes[path.count++] = leaves[0];
			assert_int_equal(
				merkle_verify_inclusion(i, size, &leaves[i], &path, &root, &err),
				ERR_INPUT);
			path.count--;
			for (uint64_t other = 0; other < size; other++)
				if (other != i)
					assert_int_not_equal(
						merkle_verify_inclusion(other, size, &leaves[i],
							&path, &root, &err),
						OK);
		}
	}
}

static void consistency_of_every_pair(void **state)
{
	struct err err;

	(void)state;
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct sha256 root = root_by_definition(leaves, size);

		for (uint64_t old = 0; old <= size; old++) {
			struct sha256 old_root = root_by_definition(leaves, old);
			struct merkle_path path;

			assert_int_equal(
				merkle_consistency(old, size, read_full, &size, &path, &err), OK);
			assert_int_equal(
				merkle_verify_consistency(old, size, &old_root, &root, &path, &err),
				OK);
			for (size_t n = 0; n < path.count; n++) {
				path.nodes[n].bytes[31] ^= 1;
				assert_int_equal(merkle_verify_consistency(
							 old, size, &old_root, &root, &path, &err),
					ERR_CORRUPT);
				path.nodes[n].bytes[31] ^= 1;
			}
			path.nodes[path.count++] = root;
			assert_int_equal(
				merkle_verify_consistency(old, size, &old_root, &root, &path, &err),
				ERR_INPUT);
			path.count--;
			old_root.bytes[0] ^= 1;
			assert_int_equal(
				merkle_verify_consistency(old, size, &old_root, &root, &path, &err),
				ERR_CORRUPT);
		}
	}
}

static void sizes_and_places_are_checked(void **state)
{
	struct merkle_path path = { .count = 0 };
	struct sha256 h = merkle_empty();
	uint64_t size = 4;
	struct err err;

	(void)state;
	assert_int_equal(merkle_inclusion(4, 4, read_full, &size, &path, &err), ERR_INPUT);
	assert_int_equal(merkle_inclusion(0, 0, read_full, &size, &path, &err), ERR_INPUT);
	assert_int_equal(merkle_consistency(5, 4, read_full, &size, &path, &err), ERR_INPUT);
	assert_int_equal(merkle_verify_inclusion(0, 0, &h, &path, &h, &err), ERR_INPUT);
	assert_int_equal(merkle_verify_consistency(5, 4, &h, &h, &path, &err), ERR_INPUT);
	assert_int_equal(merkle_verify_consistency(3, 4, &h, &h, &path, &err), ERR_INPUT);
	assert_int_equal(merkle_verify_inclusion(UINT64_MAX - 1, UINT64_MAX, &h, &path, &h, &err),
		ERR_INPUT);
	assert_int_equal(merkle_inclusion(1, 4, read_fails, NULL, &path, &err), ERR_IO);
	assert_int_equal(path.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_match_the_definition),
		cmocka_unit_test(inclusion_of_every_leaf_in_every_tree),
		cmocka_unit_test(consistency_of_every_pair),
		cmocka_unit_test(sizes_and_places_are_checked),
	};

	return cmocka_run_group_tests_name("merkle", tests, make_leaves, NULL);
}
