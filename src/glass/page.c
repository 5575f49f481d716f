#include "glass/page.h"

#include <libdeflate.h>

#include "glass/png_frame.h"

enum {
	WIDTH_MAX = LIMIT_TILE_COLUMNS * ATLAS_CELL_WIDTH_MAX,
	HEIGHT_MAX = GRID_ROWS * ATLAS_CELL_HEIGHT_MAX,
	ROW_BYTES_MAX = WIDTH_MAX / 2,
	RAW_BYTES_MAX = HEIGHT_MAX * (ROW_BYTES_MAX + 1),
	LEVEL = 1
};

enum { FILTER_NONE = 0, FILTER_UP = 2 };

struct page_encoder {
	const struct atlas *atlas;
	struct libdeflate_compressor *compressor;
	uint8_t pixels[HEIGHT_MAX][ROW_BYTES_MAX]; /* two a byte, the left one in the high half */
	uint8_t raw[RAW_BYTES_MAX]; /* filtered rows */
};

uint32_t page_width(enum glass_zoom zoom)
{
	return (uint32_t)LIMIT_TILE_COLUMNS * atlas_cells[zoom].width;
}

uint32_t page_height(enum glass_zoom zoom)
{
	return (uint32_t)GRID_ROWS * atlas_cells[zoom].height;
}

static size_t raw_bytes(enum glass_zoom zoom)
{
	return (size_t)page_height(zoom) * (page_width(zoom) / 2 + 1);
}

size_t page_bytes_max(enum glass_zoom zoom)
{
	return PNG_HEAD_BYTES + PNG_TAIL_BYTES +
		libdeflate_zlib_compress_bound(NULL, raw_bytes(zoom));
}

uint32_t page_shift_px(enum glass_zoom zoom)
{
	return (uint32_t)atlas_cells[zoom].width / atlas_cells[GLASS_1X].width;
}

enum err_kind page_encoder_open(
	const struct atlas *atlas, struct page_encoder **encoder, struct err *err)
{
	struct page_encoder *e = calloc(1, sizeof(*e));

	if (e != NULL)
		e->compressor = libdeflate_alloc_compressor(LEVEL);
	if (e == NULL || e->compressor == NULL) {
		free(e);
		return err_set(err, ERR_LIMIT, "glass: no memory for a page");
	}
	e->atlas = atlas;
	*encoder = e;
	return OK;
}

void page_encoder_close(struct page_encoder *encoder)
{
	if (encoder == NULL)
		return;
	libdeflate_free_compressor(encoder->compressor);
	free(encoder);
}

/* The pixels of one cell. glyph NULL: blank. */
static void draw_cell(struct page_encoder *e, enum glass_zoom zoom, size_t row, size_t column,
	const uint8_t *glyph, uint8_t ink, uint8_t paper, uint32_t shift_px)
{
	const struct atlas_cell *cell = &atlas_cells[zoom];

	for (uint32_t y = 0; y < cell->height; y++) {
		uint8_t *to = &e->pixels[row * cell->height + y][column * cell->width / 2];
		uint8_t index[ATLAS_CELL_WIDTH_MAX];

		memset(index, paper, sizeof(index));
		for (uint32_t x = shift_px; glyph != NULL && x < cell->width; x++)
			index[x] = palette_index(glyph[y * cell->width + x - shift_px], ink, paper);
		for (uint32_t x = 0; x < cell->width; x += 2)
			to[x / 2] = (uint8_t)(index[x] << 4 | index[x + 1]);
	}
}

static enum err_kind draw_cells(struct page_encoder *e, const struct grid *grid,
	const struct marks *marks, enum glass_zoom zoom, struct err *err)
{
	for (size_t row = 0; row < GRID_ROWS; row++) {
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			const struct grid_cell *cell = &grid->cells[row][column];
			const uint8_t *glyph = NULL;
			uint8_t paper = row == GRID_FOOT ? PALETTE_BAND : marks->paper[row][column];

			assert(marks->paper[row][column] <= 1 && marks->shift[row][column] <= 1);
			if (cell->code_point != ' ') {
				glyph = atlas_glyph(e->atlas, zoom, cell->code_point);
				if (glyph == NULL)
					return err_set(err, ERR_CORRUPT,
						"glass: the font lacks a character of the grid");
			}
			draw_cell(e, zoom, row, column, glyph, cell->ink, paper,
				marks->shift[row][column] * page_shift_px(zoom));
		}
	}
	return OK;
}

static bool row_is_blank(const struct grid *grid, size_t row)
{
	for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++)
		if (grid->cells[row][column].code_point != ' ')
			return false;
	return true;
}

static void filter_rows(struct page_encoder *e, const struct grid *grid, enum glass_zoom zoom)
{
	const struct atlas_cell *cell = &atlas_cells[zoom];
	size_t row_bytes = page_width(zoom) / 2;
	uint8_t *to = e->raw;

	for (size_t row = 0; row < GRID_ROWS; row++) {
		bool is_blank = row_is_blank(grid, row);

		for (size_t k = 0; k < cell->height; k++) {
			const uint8_t *line = e->pixels[row * cell->height + k];

			if (k == 0 || (k == cell->baseline && !is_blank)) {
				*to++ = FILTER_NONE;
				memcpy(to, line, row_bytes);
			} else {
				const uint8_t *above = e->pixels[row * cell->height + k - 1];

				*to++ = FILTER_UP;
				for (size_t i = 0; i < row_bytes; i++)
					to[i] = (uint8_t)(line[i] - above[i]);
			}
			to += row_bytes;
		}
	}
	assert((size_t)(to - e->raw) == raw_bytes(zoom));
}

enum err_kind page_encode(struct page_encoder *encoder, const struct grid *grid,
	const struct marks *marks, const struct page_options *options, uint8_t *png, size_t *len,
	struct err *err)
{
	const struct png_size size = { page_width(options->zoom), page_height(options->zoom) };
	size_t raw_len = raw_bytes(options->zoom);
	struct palette palette;
	enum err_kind rc = draw_cells(encoder, grid, marks, options->zoom, err);

	if (rc != OK)
		return rc;
	filter_rows(encoder, grid, options->zoom);
	palette_make(options->theme, &palette);
	png_put_head(png, &size, &palette);
	size_t packed = libdeflate_zlib_compress(encoder->compressor, encoder->raw, raw_len,
		png + PNG_HEAD_BYTES, libdeflate_zlib_compress_bound(encoder->compressor, raw_len));

	assert(packed > 0);
	*len = png_put_tail(png, packed);
	assert(*len <= page_bytes_max(options->zoom));
	return OK;
}
