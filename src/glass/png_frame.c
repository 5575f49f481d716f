#include "glass/png_frame.h"

#include <libdeflate.h>
#include <string.h>

static uint8_t *put_be32(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
	return to + 4;
}

/* A chunk whose `len` bytes of data stand at to + 8 already. */
static uint8_t *close_chunk(uint8_t *to, const char type[4], size_t len)
{
	put_be32(to, (uint32_t)len);
	memcpy(to + 4, type, 4);
	return put_be32(to + 8 + len, libdeflate_crc32(0, to + 4, 4 + len));
}

void png_put_head(uint8_t *png, const struct png_size *size, const struct palette *palette)
{
	static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	/* Depth, palette, deflate, adaptive filters, whole. */
	static const uint8_t form[5] = { 4, 3, 0, 0, 0 };
	uint8_t *to = png;

	memcpy(to, signature, sizeof(signature));
	to += sizeof(signature);
	put_be32(to + 8, size->width);
	put_be32(to + 12, size->height);
	memcpy(to + 16, form, sizeof(form));
	to = close_chunk(to, "IHDR", 13);
	memcpy(to + 8, palette->rgb, sizeof(palette->rgb));
	close_chunk(to, "PLTE", sizeof(palette->rgb));
}

size_t png_put_tail(uint8_t *png, size_t len)
{
	uint8_t *to = close_chunk(png + PNG_HEAD_BYTES - 8, "IDAT", len);

	return (size_t)(close_chunk(to, "IEND", 0) - png);
}
