/*
 * grid: a tile of source as cells of fixed size: what a layout child hands to the vault, and the vault to a
 * draw child. Whoever receives one copies it out of shared memory and calls grid_check before reading on.
 *
 * Invariants (grid_check)
 *  - a cell's code point is a space or visible: no control, no bidi or other hidden character, no surrogate;
 *  - inks, flags, language and counts are in range, padding is zero;
 *  - rows past lines_here are blank, but for the foot;
 *  - hits lie in rows of source, ascend, do not overlap; a hit's id is its ordinal.
 */
#ifndef GLASS_GRID_H
#define GLASS_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limit.h"
#include "base/str.h"
#include "glass/coverage.h"

/* The last row is the foot: the visible line. */
enum { GRID_ROWS = LIMIT_TILE_LINES + 1, GRID_FOOT = LIMIT_TILE_LINES };

enum grid_ink {
	INK_TEXT,
	INK_KEYWORD,
	INK_COMMENT,
	INK_STRING,
	INK_NAME, /* functions, keys, targets */
	INK_NUMBER, /* numbers, preprocessor, escapes */
	INKS
};

/* The cell belongs to an escape or a code point that stands for one character. */
enum grid_flag { GRID_ESCAPE = 1 };

struct grid_cell {
	uint32_t code_point;
	uint8_t ink, flags;
	uint16_t zero;
};

/* A rectangle of cells that can be clicked; no text. */
struct glass_hit {
	uint16_t row, column, columns;
	uint16_t id;
};

struct grid {
	uint32_t lines, columns_max; /* of the whole file */
	uint16_t lines_here, hit_count;
	uint8_t language; /* enum language */
	uint8_t binary; /* 1: a hex page */
	uint16_t zero;
	struct grid_cell cells[GRID_ROWS][LIMIT_TILE_COLUMNS];
	struct glass_hit hits[LIMIT_PAGE_HITS];
};

static_assert(sizeof(struct grid_cell) == 8, "shared layout");
static_assert(sizeof(struct grid) == 16 + 8 * GRID_ROWS * LIMIT_TILE_COLUMNS + 8 * LIMIT_PAGE_HITS,
	"shared layout without padding");

/* A tile without lines: every cell a space. */
void grid_clear(struct grid *grid);
/* Errors: ERR_CORRUPT says which invariant does not hold, never what the cells say. */
MUST_CHECK enum err_kind grid_check(const struct grid *grid, struct err *err);
/*
 * Lay out the visible line in the foot. What the font lacks, and what is hidden, stands as code point or
 * escape; text that does not fit ends in an ellipsis.
 */
void grid_put_foot(struct grid *grid, const struct coverage *coverage, struct str text);

#endif
