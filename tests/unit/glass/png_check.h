/*
 * png_check: reads a page twice, by strict steps of our own over zlib and by libpng, and demands that both
 * say the same; then compares it with what a grid should look like, pixel by pixel.
 */
#ifndef PNG_CHECK_H
#define PNG_CHECK_H

#include "glass/page.h"

enum { PNG_CHECK_WIDTH_MAX = 1280, PNG_CHECK_HEIGHT_MAX = 1952 };

struct png_picture {
	uint32_t width, height;
	uint8_t palette[PALETTE_COLOURS][3];
	uint8_t index[PNG_CHECK_HEIGHT_MAX][PNG_CHECK_WIDTH_MAX];
};

/* NULL, or why the page is not what it should be. */
const char *png_check_read(const uint8_t *png, size_t len, struct png_picture *picture);
/* The same by the simplest thinkable renderer: one question a pixel. */
const char *png_check_compare(const struct png_picture *picture, const struct atlas *atlas,
	const struct grid *grid, const struct marks *marks, const struct page_options *options);
/* The whole file at `path`, malloc'd; NULL on any failure. */
uint8_t *png_check_load(const char *path, size_t *len);

#endif
