/*
 * page: a grid with its marks as PNG. The simple way: all pixels, fixed filters, libdeflate. Whatever draws
 * faster is measured against it, pixel by pixel.
 *
 * PNG of 4-bit palette, no interlace, one IDAT. Filters are fixed by the row k of a text line: None for k = 0
 * and for the baseline of a line with ink, Up for all others. A page is GRID_ROWS cells high and
 * LIMIT_TILE_COLUMNS wide, and nothing else.
 */
#ifndef GLASS_PAGE_H
#define GLASS_PAGE_H

#include "base/arena.h"
#include "glass/palette.h"

/*
 * What marks a page, cell by cell.
 * paper  index of the paper behind the cell, 0 low or 1 high; not used in the foot
 * shift  1: the glyph stands one pixel further right (at 1x; wider in step with the cell)
 */
struct marks {
	uint8_t paper[GRID_ROWS][LIMIT_TILE_COLUMNS];
	uint8_t shift[GRID_ROWS][LIMIT_TILE_COLUMNS];
};

struct page_options {
	enum glass_theme theme;
	enum glass_zoom zoom;
};

uint32_t page_width(enum glass_zoom zoom);
uint32_t page_height(enum glass_zoom zoom);
/* No page is larger, whatever its cells hold. */
size_t page_bytes_max(enum glass_zoom zoom);
/* Pixels that a shifted glyph moves by. */
uint32_t page_shift_px(enum glass_zoom zoom);

struct page_encoder;
/* *encoder to page_encoder_close; one thread at a time. The atlas stays the caller's. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind page_encoder_open(
	const struct atlas *atlas, struct page_encoder **encoder, struct err *err);
void page_encoder_close(struct page_encoder *encoder);
/*
 * grid   checked by grid_check
 * png    room for page_bytes_max(zoom) bytes; *len says how many were written
 * Errors: ERR_CORRUPT when the atlas lacks a code point of the grid.
 */
MUST_CHECK enum err_kind page_encode(struct page_encoder *encoder, const struct grid *grid,
	const struct marks *marks, const struct page_options *options, uint8_t *png, size_t *len,
	struct err *err);

#endif
