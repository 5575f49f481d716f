/*
 * Property: a grid that passes grid_check and holds only what the font covers is drawn, the
 * simple way and the fast one, and either page, read by zlib and by libpng, shows that grid and those marks pixel by
 * pixel; any other grid is refused.
 *
 * Input: theme (and from 128 up: cells in order, again and again, so that words come again) and zoom, then cells (code point u16le, ink and marks) and changes to the grid's bytes.
 */
#include <stdlib.h>

#include "glass/page_fast.h"
#include "png_check.h"

enum {
	HEAD_BYTES = 2,
	CELL_BYTES = 4,
	PNG_BYTES = 2 << 20,
	CELLS = GRID_ROWS * LIMIT_TILE_COLUMNS
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_covered(const struct grid *grid, const struct coverage *coverage)
{
	for (size_t row = 0; row < GRID_ROWS; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			uint32_t c = grid->cells[row][column].code_point;

			if (c != ' ' && !coverage_has(coverage, c))
				return false;
		}
	return true;
}

/* What was drawn is what the grid says. */
static void require_page(const uint8_t *png, size_t len, const struct atlas *atlas,
	const struct grid *grid, const struct marks *marks, const struct page_options *options)
{
	static struct png_picture picture;

	require(len <= PNG_BYTES && len <= page_bytes_max(options->zoom));
	require(png_check_read(png, len, &picture) == NULL);
	require(png_check_compare(&picture, atlas, grid, marks, options) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct atlas *atlas;
	static struct page_encoder *encoder;
	static struct page_fast *fast;
	static struct grid grid;
	static struct marks marks;
	static uint8_t png[PNG_BYTES];
	struct err err;
	size_t len;

	if (size < HEAD_BYTES)
		return 0;
	if (atlas == NULL) {
		uint8_t *font = png_check_load(TEST_FONT, &len);

		require(font != NULL);
		require(atlas_open((struct str){ (char *)font, len }, &atlas, &err) == OK);
		require(page_encoder_open(atlas, &encoder, &err) == OK);
		require(page_fast_open(atlas, &fast, &err) == OK);
		free(font);
	}
	struct page_options options = { data[0] % GLASS_THEMES, data[1] % GLASS_ZOOMS };

	grid_clear(&grid);
	memset(&marks, 0, sizeof(marks));
	grid.lines = grid.lines_here = LIMIT_TILE_LINES;
	size_t given = (size - HEAD_BYTES) / CELL_BYTES;
	bool in_order = data[0] >= 128 && given > 0;

	/* Else cells are strewn: a small input reaches all rows. */
	for (size_t i = 0; i < (in_order ? CELLS : given); i++) {
		const uint8_t *in = data + HEAD_BYTES + i % given * CELL_BYTES;
		size_t row = in_order ? i / LIMIT_TILE_COLUMNS : i * 7 % GRID_ROWS;
		size_t column = (in_order ? i : i * 11) % LIMIT_TILE_COLUMNS;

		grid.cells[row][column].code_point = (uint32_t)in[0] |
			(uint32_t)(in[1] & 0x27) << 8;
		grid.cells[row][column].ink = in[2] & 7;
		marks.paper[row][column] = in[3] & 1;
		marks.shift[row][column] = in[3] >> 1 & 1;
	}
	if (grid_check(&grid, &err) != OK)
		return 0;
	enum err_kind rc = page_encode(encoder, &grid, &marks, &options, png, &len, &err);

	require((rc == OK) == is_covered(&grid, atlas_coverage(atlas)));
	if (rc == OK)
		require_page(png, len, atlas, &grid, &marks, &options);
	require(page_fast_encode(fast, &grid, &marks, &options, png, &len, &err) == rc);
	if (rc == OK)
		require_page(png, len, atlas, &grid, &marks, &options);
	return 0;
}
