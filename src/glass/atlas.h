/*
 * atlas: the font's glyphs as small pictures of four levels, drawn once for each zoom.
 *
 * Invariants
 *  - a glyph lies inside its cell, and the cell's row 0 is free of ink: the page's encoder relies on it;
 *  - the same font and FreeType give the same atlas: hinting on, no subpixels, no kerning;
 *  - what atlas_coverage names has ink at every zoom and lost none that can be told apart.
 */
#ifndef GLASS_ATLAS_H
#define GLASS_ATLAS_H

#include "base/str.h"
#include "glass/coverage.h"

enum glass_zoom { GLASS_1X, GLASS_1_5X, GLASS_2X, GLASS_ZOOMS };

enum { ATLAS_CELL_WIDTH_MAX = 16, ATLAS_CELL_HEIGHT_MAX = 32, ATLAS_FONT_BYTES_MAX = 8 << 20 };

/* Levels of a pixel: paper, then ink at 36, 68 and 100 %. */
enum { ATLAS_PAPER, ATLAS_LIGHT, ATLAS_MID, ATLAS_FULL, ATLAS_LEVELS };

/* Pixels of a cell; baseline is the row that letters stand on: the first below them. */
struct atlas_cell {
	uint8_t font_px, width, height, baseline;
};
extern const struct atlas_cell atlas_cells[GLASS_ZOOMS];

struct atlas;

/*
 * font  TrueType, of one width; borrowed during the call
 * *atlas to atlas_close. Errors: ERR_CORRUPT (not a font, or not all of ASCII in it), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind atlas_open(struct str font, struct atlas **atlas, struct err *err);
void atlas_close(struct atlas *atlas);
const struct coverage *atlas_coverage(const struct atlas *atlas);
/* width * height levels, row by row; NULL when coverage does not have the code point. */
const uint8_t *atlas_glyph(const struct atlas *atlas, enum glass_zoom zoom, uint32_t code_point);
/* "2.12.1": the FreeType that draws, part of the render profile. */
enum { ATLAS_ENGINE_BYTES = 16 };
void atlas_engine(char text[ATLAS_ENGINE_BYTES]);

#endif
