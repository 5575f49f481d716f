#include "ledger/merkle.h"

struct sha256 merkle_leaf(struct str entry)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, STR("\0"));
	sha256_add(&s, entry);
	return sha256_end(&s);
}

struct sha256 merkle_node(const struct sha256 *left, const struct sha256 *right)
{
	/* One call for both children: 65 bytes, two blocks. */
	uint8_t bytes[1 + 2 * SHA256_BYTES];

	bytes[0] = 1;
	memcpy(bytes + 1, left->bytes, SHA256_BYTES);
	memcpy(bytes + 1 + SHA256_BYTES, right->bytes, SHA256_BYTES);
	return sha256_of(str_of(bytes, sizeof(bytes)));
}

struct sha256 merkle_empty(void)
{
	return sha256_of(STR(""));
}

void merkle_append(struct merkle_edge *edge, const struct sha256 *leaf)
{
	struct sha256 h = *leaf;
	unsigned level = 0;

	assert(edge->size < UINT64_MAX);
	for (; edge->size >> level & 1; level++)
		h = merkle_node(&edge->nodes[level], &h);
	edge->nodes[level] = h;
	edge->size++;
}

struct sha256 merkle_root(const struct merkle_edge *edge)
{
	struct sha256 root;
	bool any = false;

	for (unsigned level = 0; level < 64; level++) {
		if ((edge->size >> level & 1) == 0)
			continue;
		root = any ? merkle_node(&edge->nodes[level], &root) : edge->nodes[level];
		any = true;
	}
	return any ? root : merkle_empty();
}

/* Largest power of two below n; n > 1. RFC 6962 section 2.1. */
static uint64_t split(uint64_t n)
{
	assert(n > 1);
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/*
 * Hash of the subtree of `count` leaves that begins at leaf `from`. It is cut into full subtrees, the largest
 * first, as its own Merkle tree is; `from` is a multiple of the largest's size, so each lies on its grid.
 */
static enum err_kind subtree(uint64_t from, uint64_t count, merkle_read_fn *read, void *arg,
	struct sha256 *hash, struct err *err)
{
	struct sha256 h, node;
	bool any = false;
	uint64_t end = from + count;

	assert(count > 0 && end > from);
	for (unsigned level = 0; level < 64; level++) {
		if ((count >> level & 1) == 0)
			continue;
		uint64_t first = end - (UINT64_C(1) << level);

		assert((first & ((UINT64_C(1) << level) - 1)) == 0);
		if (read(arg, level, first >> level, &node, err) != OK)
			return err->kind;
		h = any ? merkle_node(&node, &h) : node;
		any = true;
		end = first;
	}
	*hash = h;
	return OK;
}

static enum err_kind path_add(struct merkle_path *path, uint64_t from, uint64_t count,
	merkle_read_fn *read, void *arg, struct err *err)
{
	assert(path->count < MERKLE_PATH_MAX);
	enum err_kind rc = subtree(from, count, read, arg, &path->nodes[path->count], err);

	if (rc == OK)
		path->count++;
	return rc;
}

/* Found from the root down; a proof goes from the leaf up. */
static void path_reverse(struct merkle_path *path)
{
	for (size_t i = 0, j = path->count; i + 1 < j; i++) {
		struct sha256 kept = path->nodes[i];

		j--;
		path->nodes[i] = path->nodes[j];
		path->nodes[j] = kept;
	}
}

/* Source: RFC 9162 section 2.1.3.1, its recursion unrolled from the root. */
enum err_kind merkle_inclusion(uint64_t leaf_index, uint64_t tree_size, merkle_read_fn *read,
	void *arg, struct merkle_path *path, struct err *err)
{
	struct merkle_path found = { .count = 0 };
	uint64_t from = 0, count = tree_size;

	if (leaf_index >= tree_size)
		return err_set(err, ERR_INPUT, "entry %llu is not in a tree of size %llu",
			(unsigned long long)leaf_index, (unsigned long long)tree_size);
	while (count > 1) {
		uint64_t k = split(count);
		bool left = leaf_index - from < k;

		if (path_add(&found, left ? from + k : from, left ? count - k : k, read, arg,
			    err) != OK)
			return err->kind;
		from = left ? from : from + k;
		count = left ? k : count - k;
	}
	path_reverse(&found);
	*path = found;
	return OK;
}

static enum err_kind check_sizes(uint64_t old_size, uint64_t new_size, struct err *err)
{
	if (old_size > new_size)
		return err_set(err, ERR_INPUT, "tree size %llu is larger than %llu",
			(unsigned long long)old_size, (unsigned long long)new_size);
	return OK;
}

/* Source: RFC 9162 section 2.1.4.1, its recursion unrolled from the root. */
enum err_kind merkle_consistency(uint64_t old_size, uint64_t new_size, merkle_read_fn *read,
	void *arg, struct merkle_path *path, struct err *err)
{
	struct merkle_path found = { .count = 0 };
	uint64_t from = 0, count = new_size, old = old_size;
	bool whole = true; /* the old tree's root is this subtree: the verifier has it */

	if (check_sizes(old_size, new_size, err) != OK)
		return err->kind;
	while (old_size > 0 && old != count) {
		uint64_t k = split(count);
		bool left = old <= k;

		if (path_add(&found, left ? from + k : from, left ? count - k : k, read, arg,
			    err) != OK)
			return err->kind;
		if (!left) {
			from += k;
			old -= k;
			whole = false;
		}
		count = left ? k : count - k;
	}
	if (!whole && path_add(&found, from, count, read, arg, err) != OK)
		return err->kind;
	path_reverse(&found);
	*path = found;
	return OK;
}

static enum err_kind wrong_length(struct err *err)
{
	return err_set(err, ERR_INPUT, "proof has the wrong number of nodes");
}

/* Source: RFC 9162 section 2.1.3.2. */
enum err_kind merkle_verify_inclusion(uint64_t leaf_index, uint64_t tree_size,
	const struct sha256 *leaf, const struct merkle_path *path, const struct sha256 *root,
	struct err *err)
{
	uint64_t fn = leaf_index, sn = tree_size - 1;
	struct sha256 r = *leaf;

	assert(path->count <= MERKLE_PATH_MAX);
	if (leaf_index >= tree_size)
		return err_set(err, ERR_INPUT, "entry %llu is not in a tree of size %llu",
			(unsigned long long)leaf_index, (unsigned long long)tree_size);
	for (size_t i = 0; i < path->count; i++) {
		if (sn == 0)
			return wrong_length(err);
		if ((fn & 1) == 1 || fn == sn) {
			r = merkle_node(&path->nodes[i], &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = merkle_node(&r, &path->nodes[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return wrong_length(err);
	if (!sha256_eq(&r, root))
		return err_set(err, ERR_CORRUPT, "inclusion proof does not lead to the root");
	return OK;
}

/* Source: RFC 9162 section 2.1.4.2. 0 < old_size < new_size. */
static enum err_kind verify_growth(uint64_t old_size, uint64_t new_size,
	const struct sha256 *old_root, const struct sha256 *new_root,
	const struct merkle_path *path, struct err *err)
{
	uint64_t fn = old_size - 1, sn = new_size - 1;
	bool power_of_two = (old_size & (old_size - 1)) == 0;
	size_t next = power_of_two ? 0 : 1;

	if (path->count == 0)
		return wrong_length(err);
	struct sha256 fr = power_of_two ? *old_root : path->nodes[0], sr = fr;

	while ((fn & 1) == 1) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; next < path->count; next++) {
		const struct sha256 *c = &path->nodes[next];

		if (sn == 0)
			return wrong_length(err);
		if ((fn & 1) == 1 || fn == sn) {
			fr = merkle_node(c, &fr);
			sr = merkle_node(c, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = merkle_node(&sr, c);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return wrong_length(err);
	if (!sha256_eq(&fr, old_root) || !sha256_eq(&sr, new_root))
		return err_set(err, ERR_CORRUPT, "consistency proof does not lead to both roots");
	return OK;
}

enum err_kind merkle_verify_consistency(uint64_t old_size, uint64_t new_size,
	const struct sha256 *old_root, const struct sha256 *new_root,
	const struct merkle_path *path, struct err *err)
{
	struct sha256 empty = merkle_empty();

	assert(path->count <= MERKLE_PATH_MAX);
	if (check_sizes(old_size, new_size, err) != OK)
		return err->kind;
	if (old_size > 0 && old_size < new_size)
		return verify_growth(old_size, new_size, old_root, new_root, path, err);
	if (path->count != 0)
		return wrong_length(err);
	/* Any tree extends the empty one; but then the old root must be that of no leaves. */
	if (old_size == 0 && !sha256_eq(old_root, &empty))
		return err_set(err, ERR_CORRUPT, "a tree of size 0 has another root");
	if (old_size == new_size && !sha256_eq(old_root, new_root))
		return err_set(err, ERR_CORRUPT, "two roots for a tree of size %llu",
			(unsigned long long)old_size);
	return OK;
}
