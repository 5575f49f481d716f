/*
 * page_code: what a page of one zoom is made of before it is known what it says: its measures, and the strings of
 * bits for papers and gaps.
 *
 * A row of pixels is a filter byte and LIMIT_TILE_COLUMNS cells of cell_bytes. A cell is cut into pieces of four
 * bytes at most, so that the literals of a piece fit a string.
 *
 * Invariant (page_code_make): a string stands for bytes of the page, and has PAGE_BITS_A_BYTE_MAX bits at most for
 * each. So no page is longer than page_code_bytes_max, whatever it says.
 */
#ifndef GLASS_PAGE_CODE_H
#define GLASS_PAGE_CODE_H

#include "glass/atlas.h"
#include "glass/huffman.h"
#include "glass/page.h"

enum {
	PAGE_PIECE_BYTES_MAX = 4,
	PAGE_PIECES_MAX = ATLAS_CELL_WIDTH_MAX / 2 / PAGE_PIECE_BYTES_MAX,
	PAGE_ROW_BYTES_MAX = LIMIT_TILE_COLUMNS * ATLAS_CELL_WIDTH_MAX / 2,
	PAGE_PAPERS = 3, /* low, high, the foot's */
	PAGE_PAPER_FOOT = 2,
	PAGE_BITS_A_BYTE_MAX = 16,
};

/* Bytes, but for cell_rows and baseline (rows of pixels) and shift_px. */
struct page_shape {
	uint32_t cell_rows, baseline, shift_px;
	uint32_t cell_bytes, pieces, piece_bytes;
	uint32_t row_bytes; /* without the filter byte */
	uint32_t stride; /* with it */
	uint32_t line_stride; /* a row of cells */
	uint32_t raw_bytes; /* the page */
};

struct page_code {
	struct page_shape shape;
	struct huffman huffman;
	/* So many zeros, in rows of filter Up. */
	struct huffman_string gap[PAGE_ROW_BYTES_MAX + 1];
	/* So many cells of one paper, in rows of filter None. */
	struct huffman_string papers[PAGE_PAPERS][LIMIT_TILE_COLUMNS + 1];
	struct huffman_string none, up; /* the first byte of a row: its filter */
	struct huffman_string
		from_row_0; /* the distance from the baseline's row to row 0 of the same cells */
	uint8_t head[HUFFMAN_HEAD_BYTES_MAX];
	size_t head_bits;
};

/* Two pixels of a paper, as a byte. */
uint8_t page_paper_byte(unsigned paper);

/* Lengths trained on pages of code: data, made by train_page. */
extern const struct huffman_lengths page_lengths[GLASS_ZOOMS];

/* Errors: ERR_CORRUPT when the lengths do not keep the invariant. */
MUST_CHECK enum err_kind page_code_make(enum glass_zoom zoom, const struct huffman_lengths *lengths,
	struct page_code *code, struct err *err);
/* Bytes of the compressed stream, without its Adler-32; no page is larger. */
size_t page_code_bytes_max(enum glass_zoom zoom);

#endif
