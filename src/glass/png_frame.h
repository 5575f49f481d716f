/* png_frame: what stands around a page's compressed stream (ISO/IEC 15948): signature, IHDR, PLTE, IDAT, IEND. */
#ifndef GLASS_PNG_FRAME_H
#define GLASS_PNG_FRAME_H

#include "glass/palette.h"

enum {
	/* Before the stream, and behind it. */
	PNG_HEAD_BYTES = 8 + 25 + 12 + 3 * PALETTE_COLOURS + 8,
	PNG_TAIL_BYTES = 4 + 12,
};

struct png_size {
	uint32_t width, height;
};

/* Writes PNG_HEAD_BYTES; the stream's place is behind them. */
void png_put_head(uint8_t *png, const struct png_size *size, const struct palette *palette);
/* The stream of `len` bytes stands in its place. Returns the length of the whole. */
size_t png_put_tail(uint8_t *png, size_t len);

#endif
