/* tree: Merkle arithmetic of the log (RFC 6962 section 2.1, RFC 9162 section 2.1). */
#ifndef TREE_H
#define TREE_H

#include "check.h"

enum { TREE_PATH_MAX = 64 };

struct tree_path {
	size_t count;
	struct hash nodes[TREE_PATH_MAX];
};

struct hash tree_leaf(struct span entry);
/* Lines of base64, a node each, all of `lines`. */
bool tree_path_parse(struct span lines, struct tree_path *path);
/* RFC 9162 section 2.1.3.2; the path is used up exactly. */
bool tree_includes(uint64_t index, uint64_t size, const struct hash *leaf,
	const struct tree_path *path, const struct hash *root);
/* RFC 9162 section 2.1.4.2; from size 0 and between equal sizes the path is empty. */
bool tree_extends(uint64_t old_size, const struct hash *old_root, uint64_t new_size,
	const struct hash *new_root, const struct tree_path *path);

#endif
