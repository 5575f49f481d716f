#include "tree.h"

static struct span bytes_of(const struct hash *hash)
{
	return (struct span){ (const char *)hash->bytes, HASH_BYTES };
}

struct hash tree_leaf(struct span entry)
{
	return check_sha256_of(0x00, entry, (struct span){ NULL, 0 });
}

static struct hash node(const struct hash *left, const struct hash *right)
{
	return check_sha256_of(0x01, bytes_of(left), bytes_of(right));
}

bool tree_path_parse(struct span lines, struct tree_path *path)
{
	struct span line;

	for (path->count = 0; lines.len > 0; path->count++)
		if (path->count == TREE_PATH_MAX || !span_cut(&lines, '\n', &line) ||
			!span_base64_n(line, path->nodes[path->count].bytes, HASH_BYTES))
			return false;
	return true;
}

bool tree_includes(uint64_t index, uint64_t size, const struct hash *leaf,
	const struct tree_path *path, const struct hash *root)
{
	uint64_t fn = index, sn = size - 1;
	struct hash r = *leaf;

	if (index >= size)
		return false;
	for (size_t i = 0; i < path->count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			r = node(&path->nodes[i], &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = node(&r, &path->nodes[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&r, root);
}

bool tree_extends(uint64_t old_size, const struct hash *old_root, uint64_t new_size,
	const struct hash *new_root, const struct tree_path *path)
{
	uint64_t fn = old_size - 1, sn = new_size - 1;
	struct hash empty = check_sha256(SPAN("")), fr, sr;
	size_t i = 0;

	if (old_size > new_size)
		return false;
	if (old_size == 0)
		return path->count == 0 && hash_eq(old_root, &empty);
	if (old_size == new_size)
		return path->count == 0 && hash_eq(old_root, new_root);
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	if (path->count == 0)
		return false;
	/* A size that is a power of two is a node of the new tree itself: the path leaves it out. */
	fr = sr = (old_size & (old_size - 1)) == 0 ? *old_root : path->nodes[i++];
	for (; i < path->count; i++) {
		const struct hash *c = &path->nodes[i];

		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			fr = node(c, &fr);
			sr = node(c, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = node(&sr, c);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&fr, old_root) && hash_eq(&sr, new_root);
}
