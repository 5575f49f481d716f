/*
 * page_glyph: glyphs as they stand in a page's compressed stream, made when first asked for: for each row of pixels
 * the literals, and what the glyph adds to the page's Adler-32.
 *
 * A glyph is drawn in PAGE_VARIANTS ways: paper, shift, ink. Its bytes are those after the filter: None in the
 * baseline's row, Up in all others; row 0 is paper alone (atlas.h).
 */
#ifndef GLASS_PAGE_GLYPH_H
#define GLASS_PAGE_GLYPH_H

#include "glass/page_code.h"

enum { PAGE_VARIANTS = PAGE_PAPERS * 2 * INKS };

/*
 * Bytes of a row of a glyph from the first that is not 0 to the last, or, in the baseline's row, all.
 * skipped, kept  bytes before the string, bytes up to its end; kept 0: nothing to write
 */
struct page_piece {
	uint64_t bits;
	uint8_t count, skipped, kept;
};

struct page_glyph {
	uint32_t inked; /* bit k: row k has a piece to write */
	/*
	 * Of all bytes (in the baseline's row: less the paper's), their sum, and their sum weighted with the distance
	 * from the cell's first byte.
	 */
	int32_t sum;
	int64_t moment;
	const struct page_piece *pieces; /* [row][piece] */
};

struct page_glyphs;

/* *glyphs to page_glyphs_close; atlas and code stay the caller's. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind page_glyphs_open(const struct atlas *atlas, enum glass_zoom zoom,
	const struct page_code *code, struct page_glyphs **glyphs, struct err *err);
void page_glyphs_close(struct page_glyphs *glyphs);
/* Once a page, before the first page_glyph_get: what that page returns is valid until the next page. */
void page_glyphs_begin(struct page_glyphs *glyphs);

/* What a cell that is not blank looks like, as a number other than 0. */
static inline uint32_t page_glyph_key(
	uint32_t code_point, unsigned paper, unsigned shift, unsigned ink)
{
	return code_point << 6 | ((paper * 2 + shift) * INKS + ink);
}
/* NULL when the atlas lacks the code point. Borrowed. */
const struct page_glyph *page_glyph_get(struct page_glyphs *glyphs, uint32_t key);

#endif
