/*
 * decode: a picture that somebody sends, as luminance: what a detector compares. Runs in the picture child, which
 * has no rights; the formats are read by libpng, libjpeg-turbo and libwebp.
 *
 * Invariants
 *  - sizes are checked from the head, before a pixel is unpacked;
 *  - a picture that is damaged or cut off is refused, never shown in part;
 *  - see-through pixels lie on white.
 */
#ifndef GLASS_DECODE_H
#define GLASS_DECODE_H

#include <stdint.h>

#include "base/err.h"
#include "base/limit.h"
#include "base/str.h"

enum decode_format { DECODE_PNG, DECODE_JPEG, DECODE_WEBP, DECODE_FORMATS };

struct decoded {
	uint32_t format; /* enum decode_format */
	uint32_t width, height; /* pixels */
};

/*
 * bytes  of the file, at most LIMIT_PICTURE_BYTES
 * luma   room for LIMIT_PICTURE_PIXELS bytes: 0 black to 255 white, row by row without padding
 * Errors: ERR_INPUT (another format, damaged, cut off), ERR_LIMIT (too many pixels, or more memory than there is).
 */
MUST_CHECK enum err_kind decode_picture(
	struct str bytes, uint8_t *luma, struct decoded *about, struct err *err);
/* Are the numbers those of a picture that decode_picture takes? */
bool decode_size_fits(uint32_t width, uint32_t height);
/* "PNG"; static text. */
const char *decode_format_name(enum decode_format format);

#endif
