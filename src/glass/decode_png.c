/* decode_png: by libpng's own reader of whole pictures, which bounds what a chunk may unpack to. */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "glass/decode_format.h"

/* A pixel as libpng writes it. */
static const size_t rgb_bytes = 3;
/* ITU-R BT.601, in 256ths: what JPEG and WebP call luminance. */
enum { RED = 77, GREEN = 150, BLUE = 29 };

static void to_luma(const uint8_t *rgb, size_t pixels, uint8_t *luma)
{
	for (size_t i = 0; i < pixels; i++, rgb += 3) {
		unsigned sum = (unsigned)RED * rgb[0] + (unsigned)GREEN * rgb[1] +
			(unsigned)BLUE * rgb[2];

		luma[i] = (uint8_t)((sum + 128) / 256);
	}
}

enum err_kind decode_png(struct str bytes, uint8_t *luma, struct decoded *about, struct err *err)
{
	static const png_color white = { 255, 255, 255 };
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (!png_image_begin_read_from_memory(&image, bytes.ptr, bytes.len))
		return err_set(err, ERR_INPUT, "the PNG picture is damaged");
	enum err_kind rc = decode_check_size(image.width, image.height, err);

	if (rc != OK) {
		png_image_free(&image);
		return rc;
	}
	image.format = PNG_FORMAT_RGB;
	uint8_t *rgb = malloc(rgb_bytes * image.width * image.height);

	if (rgb == NULL) {
		png_image_free(&image);
		return err_set(err, ERR_LIMIT, "no memory for the picture");
	}
	/* Frees what the image holds, whatever happens. */
	if (!png_image_finish_read(&image, &white, rgb, 0, NULL))
		rc = err_set(err, ERR_INPUT, "the PNG picture is damaged or cut off");
	if (rc == OK) {
		about->width = image.width;
		about->height = image.height;
		to_luma(rgb, (size_t)image.width * image.height, luma);
	}
	free(rgb);
	return rc;
}
