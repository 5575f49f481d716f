/*
 * published: reads the static files of a log, LAB/ledger/ or a copy of it, and makes proofs from them. Every
 * tile is asked for as a client would: the partial one of the size, else the full one that replaced it.
 */
#ifndef LEDGER_PUBLISHED_H
#define LEDGER_PUBLISHED_H

#include "ledger/checkpoint.h"
#include "ledger/tiles.h"

/* Whole file into mem. Errors: ERR_NOT_FOUND, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err_kind published_checkpoint(
	int dir_fd, struct arena *mem, struct str *note, struct err *err);
/* log.vkey, parsed; *vkey borrows from mem. Errors: those of note_vkey_parse and fs_read. */
MUST_CHECK enum err_kind published_vkey(
	int dir_fd, struct arena *mem, struct note_vkey *vkey, struct err *err);
/*
 * The bytes of a tile or bundle, cut to tile->width. mem holds the whole file.
 * Errors: ERR_NOT_FOUND, ERR_CORRUPT (too short, or a bundle that breaks off).
 */
MUST_CHECK enum err_kind published_tile(
	int dir_fd, const struct tile *tile, struct arena *mem, struct str *bytes, struct err *err);

/*
 * tlog-proof text of an entry in a tree, copied into mem.
 *
 * checkpoint  what `note` states; index is below its size (ERR_NOT_FOUND)
 * leaf        hash of the entry
 * Errors: ERR_CORRUPT when the tiles do not prove it; nothing is handed out then.
 */
MUST_CHECK enum err_kind published_proof(int dir_fd, struct arena *mem,
	const struct checkpoint *checkpoint, struct str note, uint64_t index,
	const struct sha256 *leaf, struct str *text, struct err *err);

/*
 * The path from one size to another, and the root of a size, in a tree of tree_size, all at most that. From 0, and
 * between equal sizes, the path is empty.
 */
MUST_CHECK enum err_kind published_path(int dir_fd, uint64_t tree_size, uint64_t old_size,
	uint64_t new_size, struct merkle_path *path, struct err *err);
MUST_CHECK enum err_kind published_root(
	int dir_fd, uint64_t tree_size, uint64_t size, struct sha256 *root, struct err *err);

/*
 * Proof that the tree of new_size extends that of old_size, both at most the checkpoint's size and old_size above 0
 * (ERR_INPUT), from the tiles, which must bear the checkpoint out. docs/formats/ledger.md has the text; it is copied
 * into mem. Errors: ERR_CORRUPT when the tiles do not prove it; nothing is handed out then.
 */
MUST_CHECK enum err_kind published_consistency(int dir_fd, struct arena *mem,
	const struct checkpoint *checkpoint, uint64_t old_size, uint64_t new_size, struct str *text,
	struct err *err);

#endif
