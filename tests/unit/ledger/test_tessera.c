/* transparency-dev/tessera: signed tlog-tiles trees of 0 to 15 entries, rebuilt from their entry bundles. */
#include "conformance.h"
#include "ledger/bundle.h"
#include "ledger/checkpoint.h"
#include "ledger/tilepath.h"

enum { SIZE_MAX_IN_DATA = 15 };

static const char VKEY[] =
	"example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

static struct arena mem;
static struct err err;
static struct note_vkey vkey;

static int start(void **state)
{
	(void)state;
	arena_init(&mem, 8 << 20);
	return crypto_init(&err) == OK && note_vkey_parse(str_from(VKEY), &vkey, &err) == OK ? 0
											     : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct str tile_file(const struct tile *tile)
{
	char path[TILEPATH_BYTES_MAX];

	tilepath_format(tile, path);
	return conformance_file(&mem, path);
}

/* Leaf hashes of the bundle of a tree of this size. */
static void read_leaves(uint64_t size, struct sha256 *leaves)
{
	struct tile tile = { .is_bundle = true, .width = (uint16_t)tile_width_at(size, 0, 0) };
	struct str rest = tile_file(&tile), entry;
	uint64_t n = 0;

	while (rest.len > 0) {
		assert_true(n < size && bundle_next(&rest, &entry));
		leaves[n++] = merkle_leaf(entry);
	}
	assert_int_equal(n, size);
}

static void every_checkpoint_and_tile(void **state)
{
	(void)state;
	for (uint64_t size = 0; size <= SIZE_MAX_IN_DATA; size++) {
		struct sha256 leaves[SIZE_MAX_IN_DATA], root;
		struct merkle_edge edge = { .size = 0 };
		struct checkpoint c;
		char *name = arena_printf(&mem, "checkpoint.%llu", (unsigned long long)size);

		assert_int_equal(
			checkpoint_open(&mem, conformance_file(&mem, name), &vkey, &c, &err), OK);
		assert_int_equal(c.size, size);
		if (size > 0) {
			struct tile tile = { .width = (uint16_t)tile_width_at(size, 0, 0) };
			struct str hashes = tile_file(&tile);

			read_leaves(size, leaves);
			assert_int_equal(hashes.len, size * SHA256_BYTES);
			assert_memory_equal(hashes.ptr, leaves, hashes.len);
		}
		for (uint64_t i = 0; i < size; i++)
			merkle_append(&edge, &leaves[i]);
		root = merkle_root(&edge);
		assert_memory_equal(&root, &c.root, sizeof(root));
	}
}

static enum err_kind read_leaf_tree(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *e)
{
	struct merkle_edge edge = { .size = 0 };
	const struct sha256 *leaves = arg;

	(void)e;
	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		merkle_append(&edge, &leaves[i]);
	*node = merkle_root(&edge);
	return OK;
}

/* Each of its checkpoints extends each earlier one. */
static void checkpoints_are_consistent(void **state)
{
	struct sha256 leaves[SIZE_MAX_IN_DATA], roots[SIZE_MAX_IN_DATA + 1];
	struct merkle_edge edge = { .size = 0 };

	(void)state;
	read_leaves(SIZE_MAX_IN_DATA, leaves);
	roots[0] = merkle_empty();
	for (size_t i = 0; i < SIZE_MAX_IN_DATA; i++) {
		merkle_append(&edge, &leaves[i]);
		roots[i + 1] = merkle_root(&edge);
	}
	for (uint64_t new_size = 0; new_size <= SIZE_MAX_IN_DATA; new_size++) {
		for (uint64_t old = 0; old <= new_size; old++) {
			struct merkle_path path;

			assert_int_equal(merkle_consistency(old, new_size, read_leaf_tree, leaves,
						 &path, &err),
				OK);
			assert_int_equal(merkle_verify_consistency(old, new_size, &roots[old],
						 &roots[new_size], &path, &err),
				OK);
		}
	}
}

static void another_key_does_not_open_them(void **state)
{
	struct note_vkey other = vkey;
	struct checkpoint c;

	(void)state;
	other.key.bytes[0] ^= 1;
	assert_int_equal(
		checkpoint_open(&mem, conformance_file(&mem, "checkpoint"), &other, &c, &err),
		ERR_CORRUPT);
	other.id ^= 1;
	assert_int_equal(
		checkpoint_open(&mem, conformance_file(&mem, "checkpoint"), &other, &c, &err),
		ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_checkpoint_and_tile),
		cmocka_unit_test(checkpoints_are_consistent),
		cmocka_unit_test(another_key_does_not_open_them),
	};

	return conformance_run("tessera", "tlog/tessera-log", tests, 3, start, stop);
}
