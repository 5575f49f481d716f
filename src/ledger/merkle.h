/*
 * merkle: RFC 6962 section 2.1 trees and the proofs of RFC 9162 sections 2.1.3 and 2.1.4. Pure arithmetic.
 * Sizes count leaves; an index is below its size; a proof is 32-byte nodes, leaf side first.
 */
#ifndef LEDGER_MERKLE_H
#define LEDGER_MERKLE_H

#include "crypto/digest.h"

enum { MERKLE_PATH_MAX = 64 };

struct merkle_path {
	size_t count;
	struct sha256 nodes[MERKLE_PATH_MAX];
};

/* The right edge of a tree: what is needed to append. Copyable. */
struct merkle_edge {
	uint64_t size;
	/* nodes[level] is a full subtree of 2^level leaves when bit `level` of size is set */
	struct sha256 nodes[64];
};

struct sha256 merkle_leaf(struct str entry);
struct sha256 merkle_node(const struct sha256 *left, const struct sha256 *right);
struct sha256 merkle_empty(void);
void merkle_append(struct merkle_edge *edge, const struct sha256 *leaf);
struct sha256 merkle_root(const struct merkle_edge *edge);

/* Hash of the full subtree of 2^level leaves that starts at leaf index << level. */
typedef enum err_kind merkle_read_fn(
	void *arg, unsigned level, uint64_t index, struct sha256 *node, struct err *err);

/* Errors: ERR_INPUT (index or sizes out of range) and those of read. */
MUST_CHECK enum err_kind merkle_inclusion(uint64_t leaf_index, uint64_t tree_size,
	merkle_read_fn *read, void *arg, struct merkle_path *path, struct err *err);
MUST_CHECK enum err_kind merkle_consistency(uint64_t old_size, uint64_t new_size,
	merkle_read_fn *read, void *arg, struct merkle_path *path, struct err *err);
/*
 * The path is consumed exactly. Consistency from size 0, and between equal sizes, has an empty path; the old
 * root of size 0 is merkle_empty().
 * Errors: ERR_INPUT (wrong length, index, sizes), ERR_CORRUPT (root differs).
 */
MUST_CHECK enum err_kind merkle_verify_inclusion(uint64_t leaf_index, uint64_t tree_size,
	const struct sha256 *leaf, const struct merkle_path *path, const struct sha256 *root,
	struct err *err);
MUST_CHECK enum err_kind merkle_verify_consistency(uint64_t old_size, uint64_t new_size,
	const struct sha256 *old_root, const struct sha256 *new_root,
	const struct merkle_path *path, struct err *err);

#endif
