/*
 * page_write: a page's compressed stream, written cell by cell: no pixel is drawn, and nothing is searched for but
 * words that stood in the lines just above.
 *
 * Row by row of pixels, from glyphs that are ready as bits (page_glyph.h) and papers and gaps that are, too
 * (page_code.h). A word that stands within reach of DEFLATE's window, in the same ink and with the same marks, is
 * written as a match in the rows where that is shorter. Adler-32 comes from the glyphs' sums.
 */
#ifndef GLASS_PAGE_WRITE_H
#define GLASS_PAGE_WRITE_H

#include "glass/page_glyph.h"

struct page_writer;

/* *writer to page_writer_close; atlas stays the caller's. Errors: ERR_LIMIT, ERR_CORRUPT (lengths). */
MUST_CHECK enum err_kind page_writer_open(const struct atlas *atlas, enum glass_zoom zoom,
	const struct huffman_lengths *lengths, struct page_writer **writer, struct err *err);
void page_writer_close(struct page_writer *writer);
/*
 * grid     checked by grid_check
 * *stream  zlib's form (RFC 1950), of *len bytes; the writer's, until the next page
 * Errors: ERR_CORRUPT when the atlas lacks a code point of the grid.
 */
MUST_CHECK enum err_kind page_write(struct page_writer *writer, const struct grid *grid,
	const struct marks *marks, const uint8_t **stream, size_t *len, struct err *err);

#endif
