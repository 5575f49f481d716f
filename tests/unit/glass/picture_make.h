/* picture_make: pictures for tests, made by the formats' own encoders. */
#ifndef PICTURE_MAKE_H
#define PICTURE_MAKE_H

#include <stdint.h>

#include "glass/decode.h"

struct made {
	uint8_t *bytes; /* malloc */
	size_t len;
};

/* gray: width x height; jpeg and webp by quality, 100 the best. Never fails. */
struct made make_picture(enum decode_format format, const uint8_t *gray, uint32_t width,
	uint32_t height, int quality);

#endif
