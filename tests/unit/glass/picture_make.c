#include "picture_make.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs stdio.h before it. */
#include <jpeglib.h>
#include <webp/encode.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct made make_png(const uint8_t *gray, uint32_t width, uint32_t height)
{
	png_image image = { .version = PNG_IMAGE_VERSION,
		.width = width,
		.height = height,
		.format = PNG_FORMAT_GRAY };
	struct made made = { .len = PNG_IMAGE_PNG_SIZE_MAX(image) };

	made.bytes = malloc(made.len);
	require(made.bytes != NULL);
	require(png_image_write_to_memory(&image, made.bytes, &made.len, 0, gray, 0, NULL));
	return made;
}

static struct made make_jpeg(const uint8_t *gray, uint32_t width, uint32_t height, int quality)
{
	struct jpeg_compress_struct out = { 0 };
	struct jpeg_error_mgr errors;
	unsigned char *bytes = NULL;
	unsigned long len = 0;

	out.err = jpeg_std_error(&errors);
	jpeg_create_compress(&out);
	jpeg_mem_dest(&out, &bytes, &len);
	out.image_width = width;
	out.image_height = height;
	out.input_components = 1;
	out.in_color_space = JCS_GRAYSCALE;
	jpeg_set_defaults(&out);
	jpeg_set_quality(&out, quality, TRUE);
	jpeg_start_compress(&out, TRUE);
	for (uint32_t y = 0; y < height; y++) {
		union {
			const uint8_t *from;
			JSAMPROW row;
		} line = { .from = gray + (size_t)y * width };

		jpeg_write_scanlines(&out, &line.row, 1);
	}
	jpeg_finish_compress(&out);
	jpeg_destroy_compress(&out);
	return (struct made){ bytes, len };
}

static struct made make_webp(const uint8_t *gray, uint32_t width, uint32_t height, int quality)
{
	uint8_t *rgb = malloc((size_t)width * height * 3), *bytes = NULL;

	require(rgb != NULL);
	for (size_t i = 0; i < (size_t)width * height; i++)
		memset(rgb + 3 * i, gray[i], 3);
	size_t len = quality == 100
		? WebPEncodeLosslessRGB(rgb, (int)width, (int)height, (int)width * 3, &bytes)
		: WebPEncodeRGB(
			  rgb, (int)width, (int)height, (int)width * 3, (float)quality, &bytes);

	free(rgb);
	require(len > 0);
	/* Their allocator is malloc's. */
	return (struct made){ bytes, len };
}

struct made make_picture(enum decode_format format, const uint8_t *gray, uint32_t width,
	uint32_t height, int quality)
{
	if (format == DECODE_PNG)
		return make_png(gray, width, height);
	return format == DECODE_JPEG ? make_jpeg(gray, width, height, quality)
				     : make_webp(gray, width, height, quality);
}
