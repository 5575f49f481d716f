/*
 * tilepath: names of the published tiles (C2SP tlog-tiles 0.1.0), tiles of 256 hashes, and what a tree of some
 * size has of them.
 */
#ifndef LEDGER_TILEPATH_H
#define LEDGER_TILEPATH_H

#include "base/err.h"
#include "base/str.h"

enum {
	TILE_WIDTH = 256, /* hashes of a full tile, entries of a full bundle */
	TILE_LEVEL_MAX = 63, /* as the specification has it; 2^64 leaves need 8 levels */
	TILEPATH_BYTES_MAX = 64, /* "tile/entries/", 7 groups of "x123/", ".p/255", NUL */
};

struct tile {
	bool is_bundle; /* tile/entries/…; level is 0 */
	uint8_t level; /* hashes of level L are subtrees of 256^L leaves */
	uint64_t index;
	uint16_t width; /* 1 to TILE_WIDTH; below it: a partial tile */
};

/* "tile/1/x001/234.p/5". Only the one spelling that tilepath_format gives is accepted. */
bool tilepath_parse(struct str path, struct tile *tile);
void tilepath_format(const struct tile *tile, char path[TILEPATH_BYTES_MAX]);
/* Hashes that tile `index` of `level` has in a tree of `size` leaves; 0: there is no such tile. */
unsigned tile_width_at(uint64_t size, unsigned level, uint64_t index);

#endif
