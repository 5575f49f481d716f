/* decode_format: one reader a format, for decode.c alone. Arguments and errors are those of decode_picture. */
#ifndef GLASS_DECODE_FORMAT_H
#define GLASS_DECODE_FORMAT_H

#include "glass/decode.h"

MUST_CHECK enum err_kind decode_png(
	struct str bytes, uint8_t *luma, struct decoded *about, struct err *err);
MUST_CHECK enum err_kind decode_jpeg(
	struct str bytes, uint8_t *luma, struct decoded *about, struct err *err);
MUST_CHECK enum err_kind decode_webp(
	struct str bytes, uint8_t *luma, struct decoded *about, struct err *err);

/* Errors: ERR_LIMIT says how large a picture may be. */
MUST_CHECK enum err_kind decode_check_size(uint32_t width, uint32_t height, struct err *err);

#endif
