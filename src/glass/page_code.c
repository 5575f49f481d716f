#include "glass/page_code.h"

/* Zeros up to this many are written as literals where that is shorter. */
enum { LITERAL_ZEROS_MAX = 4 };

static struct page_shape shape_of(enum glass_zoom zoom)
{
	const struct atlas_cell *cell = &atlas_cells[zoom];
	struct page_shape shape = {
		.cell_rows = cell->height,
		.baseline = cell->baseline,
		.shift_px = page_shift_px(zoom),
		.cell_bytes = cell->width / 2U,
	};

	shape.pieces = (shape.cell_bytes + PAGE_PIECE_BYTES_MAX - 1) / PAGE_PIECE_BYTES_MAX;
	shape.piece_bytes = shape.cell_bytes / shape.pieces;
	assert(shape.pieces * shape.piece_bytes == shape.cell_bytes);
	assert(shape.pieces <= PAGE_PIECES_MAX);
	shape.row_bytes = LIMIT_TILE_COLUMNS * shape.cell_bytes;
	shape.stride = shape.row_bytes + 1;
	shape.line_stride = shape.cell_rows * shape.stride;
	shape.raw_bytes = GRID_ROWS * shape.line_stride;
	return shape;
}

uint8_t page_paper_byte(unsigned paper)
{
	assert(paper < PAGE_PAPERS);
	return paper == PAGE_PAPER_FOOT ? PALETTE_BAND << 4 | PALETTE_BAND
					: (uint8_t)(0x11 * paper);
}

size_t page_code_bytes_max(enum glass_zoom zoom)
{
	size_t raw_bytes = (size_t)page_height(zoom) * (page_width(zoom) / 2 + 1);

	return HUFFMAN_HEAD_BYTES_MAX + raw_bytes * PAGE_BITS_A_BYTE_MAX / 8 + HUFFMAN_BITS_MAX;
}

/* A literal and matches of what stands one byte before. */
static struct huffman_string repeated(const struct huffman *h, uint8_t byte, uint32_t bytes)
{
	struct huffman_string string = huffman_literal(h, byte);

	for (uint32_t left = bytes - 1; left > 0;) {
		uint32_t len = huffman_match_cut(left);

		huffman_add(&string, huffman_match(h, len, 1));
		left -= len;
	}
	return string;
}

static struct huffman_string gap_of(const struct huffman *h, uint32_t bytes)
{
	struct huffman_string literals = { 0, 0 };

	for (uint32_t i = 0; i < bytes && i < LITERAL_ZEROS_MAX; i++)
		huffman_add(&literals, huffman_literal(h, 0));
	if (bytes <= HUFFMAN_MATCH_MIN)
		return literals;
	struct huffman_string match = repeated(h, 0, bytes);

	return bytes <= LITERAL_ZEROS_MAX && literals.count <= match.count ? literals : match;
}

static bool is_bounded(struct huffman_string string, uint32_t bytes)
{
	return string.count <= bytes * PAGE_BITS_A_BYTE_MAX;
}

/* The strings that a page's writer composes itself: literals, matches of a piece and more. */
static bool keeps_bound(const struct page_code *code)
{
	bool is_kept = true;

	static_assert(
		(int)HUFFMAN_BITS_MAX <= (int)PAGE_BITS_A_BYTE_MAX, "a literal keeps the bound");
	for (uint32_t len = HUFFMAN_MATCH_MIN; len <= HUFFMAN_MATCH_MAX; len++)
		is_kept = is_kept &&
			code->huffman.match[len].count + HUFFMAN_BITS_MAX + 13 <=
				len * PAGE_BITS_A_BYTE_MAX;
	for (uint32_t bytes = 0; bytes <= code->shape.row_bytes; bytes++)
		is_kept = is_kept && is_bounded(code->gap[bytes], bytes);
	for (unsigned paper = 0; paper < PAGE_PAPERS; paper++)
		for (uint32_t cells = 1; cells <= LIMIT_TILE_COLUMNS; cells++)
			is_kept = is_kept &&
				is_bounded(
					code->papers[paper][cells], cells * code->shape.cell_bytes);
	return is_kept;
}

enum err_kind page_code_make(enum glass_zoom zoom, const struct huffman_lengths *lengths,
	struct page_code *code, struct err *err)
{
	struct huffman *h = &code->huffman;
	struct page_shape *shape = &code->shape;

	memset(code, 0, sizeof(*code));
	enum err_kind rc = huffman_make(lengths, h, err);

	if (rc != OK)
		return rc;
	*shape = shape_of(zoom);
	for (uint32_t bytes = 0; bytes <= shape->row_bytes; bytes++)
		code->gap[bytes] = gap_of(h, bytes);
	for (unsigned paper = 0; paper < PAGE_PAPERS; paper++)
		for (uint32_t cells = 1; cells <= LIMIT_TILE_COLUMNS; cells++)
			code->papers[paper][cells] = repeated(
				h, page_paper_byte(paper), cells * shape->cell_bytes);
	code->none = huffman_literal(h, 0);
	code->up = huffman_literal(h, 2);
	code->from_row_0 = huffman_distance(h, shape->baseline * shape->stride);
	code->head_bits = huffman_head(h, code->head);
	if (!keeps_bound(code))
		return err_set(err, ERR_CORRUPT, "glass: lengths whose strings are too long");
	return OK;
}
