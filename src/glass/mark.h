/*
 * mark: the hidden mark, as signs of a session at a place in a file (docs/formats/glass.md).
 *
 * Two layers, each a bit for each of a line's 80 cells:
 *   paper  one of two papers behind an ink run (the bit of its first cell) and behind each aligned pair of
 *          blank cells (the bit of the even one)
 *   shift  a run of glyphs stands one pixel further right, or does not (the bit of its first cell)
 * An ink run begins after a blank, after 12 cells, and once it has 3, at an identifier after punctuation.
 *
 * Invariants
 *  - the bits of a line hang on the session's secret, the file's digest, the absolute line and the column block,
 *    never on where the line stands on a page: to see it often does not wash it out;
 *  - which cells share a bit hangs on the line's cells alone: a detector knows it without any secret;
 *  - the foot carries no mark.
 */
#ifndef GLASS_MARK_H
#define GLASS_MARK_H

#include "crypto/digest.h"
#include "glass/page.h"

/* Where a tile lies: 0-based, multiples of LIMIT_TILE_LINES and LIMIT_TILE_COLUMNS. */
struct mark_place {
	struct sha256 blob;
	uint32_t first_line, first_column;
};

/* HMAC(mark key, session id); its SHA-256 is public in session.start. The caller wipes it. */
struct sha256 mark_secret(struct str mark_key, struct str session);

enum { MARK_LAYERS = 2, MARK_PAPER = 0, MARK_SHIFT = 1 };

/* The bits of a tile's lines, before they meet cells. */
struct mark_bits {
	uint8_t bit[MARK_LAYERS][LIMIT_TILE_LINES][LIMIT_TILE_COLUMNS]; /* 0 or 1 */
};
void mark_bits(const struct sha256 *secret, const struct mark_place *place, struct mark_bits *bits);
/*
 * The same, packed: of a line's bytes the first MARK_LINE_BYTES are layer 0, as many again layer 1; the bit of a
 * column is bit column % 8 of byte column / 8. What follows in a line is not used. The caller wipes it.
 */
enum { MARK_LINE_BYTES = LIMIT_TILE_COLUMNS / 8, MARK_BLOCK_BYTES = 64 };
void mark_stream(const struct sha256 *secret, const struct mark_place *place,
	uint8_t stream[LIMIT_TILE_LINES][MARK_BLOCK_BYTES]);

/*
 * The cell whose bit a cell carries, for each layer: its column in the same line. MARK_NONE: no bit (shift of a
 * blank cell; the foot).
 */
enum { MARK_NONE = 255 };
struct mark_cells {
	uint8_t column[MARK_LAYERS][GRID_ROWS][LIMIT_TILE_COLUMNS];
};
/* grid: checked by grid_check. */
void mark_cells(const struct grid *grid, struct mark_cells *cells);

/* What page_encode draws: the bits of a session on the cells of a grid. */
void mark_page(const struct sha256 *secret, const struct mark_place *place, const struct grid *grid,
	struct marks *marks);

#endif
