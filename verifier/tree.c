#include "span.h"

static struct span bytes_of(const struct hash *hash) { return (struct span){ (const char *)hash->bytes, HASH_BYTES }; }

static struct hash node(const struct hash *left, const struct hash *right)
{
	return hash_of_parts(0x01, bytes_of(left), bytes_of(right));
}

bool path_parse(struct span lines, struct path *path)
{
	struct span line;
	for (path->count = 0; lines.len > 0; path->count++)
		if (path->count == sizeof(path->nodes) / sizeof(path->nodes[0]) || !span_cut(&lines, '\n', &line) ||
			!span_base64_n(line, path->nodes[path->count].bytes, HASH_BYTES))
			return false;
	return true;
}

/*
 * The loop that both algorithms share, from the path's node `at` on: *whole climbs to the root, *old (may be NULL) to the
 * root of the smaller tree. RFC 9162 sections 2.1.3.2 and 2.1.4.2.
 */
static bool climb(uint64_t fn, uint64_t sn, const struct path *path, size_t at, struct hash *whole, struct hash *old)
{
	for (; at < path->count && sn != 0; at++, fn >>= 1, sn >>= 1) {
		const struct hash *c = &path->nodes[at];
		if ((fn & 1) == 0 && fn != sn) {
			*whole = node(whole, c);
			continue;
		}
		*whole = node(c, whole);
		if (old != NULL) *old = node(c, old);
		for (; (fn & 1) == 0 && fn != 0; fn >>= 1) sn >>= 1;
	}
	return at == path->count && sn == 0;
}

bool tree_includes(
	uint64_t index, uint64_t size, const struct hash *leaf, const struct path *path, const struct hash *root)
{
	struct hash whole = *leaf;
	return index < size && climb(index, size - 1, path, 0, &whole, NULL) && hash_eq(&whole, root);
}

bool tree_extends(uint64_t old_size, const struct hash *old_root, uint64_t new_size, const struct hash *new_root,
	const struct path *path)
{
	uint64_t fn = old_size - 1, sn = new_size - 1;
	struct hash empty = hash_of(SPAN(""));
	if (old_size == 0) return path->count == 0 && hash_eq(old_root, &empty);
	if (old_size == new_size) return path->count == 0 && hash_eq(old_root, new_root);
	if (old_size > new_size || path->count == 0) return false;
	for (; (fn & 1) != 0; fn >>= 1) sn >>= 1;
	/* A size that is a power of two is a node of the new tree itself: the path leaves it out. */
	bool is_node = (old_size & (old_size - 1)) == 0;
	struct hash old = is_node ? *old_root : path->nodes[0], whole = old;
	return climb(fn, sn, path, is_node ? 0 : 1, &whole, &old) && hash_eq(&old, old_root) &&
		hash_eq(&whole, new_root);
}
