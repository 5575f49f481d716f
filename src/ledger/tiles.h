/*
 * tiles: from leaves to the published tiles (C2SP tlog-tiles 0.1.0): keeps the right edge of every level and
 * hands out each tile as it becomes full, and the partial ones when asked. Pure; where tiles go is the
 * caller's: they are written by publish, compared by verify.
 */
#ifndef LEDGER_TILES_H
#define LEDGER_TILES_H

#include "base/limit.h"
#include "ledger/merkle.h"
#include "ledger/tilepath.h"

enum {
	TILE_LEVELS = 8, /* 2^64 leaves */
	TILE_BYTES = TILE_WIDTH * SHA256_BYTES,
	BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + LIMIT_ENTRY_BYTES),
};

/* bytes: of the whole tile or bundle; borrowed for the call. */
typedef enum err_kind tiles_emit_fn(
	void *arg, const struct tile *tile, struct str bytes, struct err *err);

struct tiles {
	uint64_t size; /* leaves taken */
	uint64_t flushed; /* size at the last tiles_flush */
	tiles_emit_fn *emit;
	void *arg;
	struct sha256 hashes[TILE_LEVELS][TILE_WIDTH]; /* of the unfinished tile of each level */
	size_t bundle_len;
	char bundle[BUNDLE_BYTES_MAX]; /* the unfinished bundle */
};

/* *t is large (about 1.1 MiB): to free. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind tiles_new(
	tiles_emit_fn *emit, void *arg, struct tiles **t, struct err *err);
/* entry is at most LIMIT_ENTRY_BYTES (ERR_LIMIT), leaf its hash. Emits what becomes full. */
MUST_CHECK enum err_kind tiles_add(
	struct tiles *t, struct str entry, const struct sha256 *leaf, struct err *err);
/* Emits the partial tiles of the present size, unless they have been emitted already. */
MUST_CHECK enum err_kind tiles_flush(struct tiles *t, struct err *err);

/* The root of 2^k hashes, count = 2^k from 1 to TILE_WIDTH. */
struct sha256 tiles_subtree(const struct sha256 *hashes, size_t count);

#endif
