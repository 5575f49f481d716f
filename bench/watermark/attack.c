#include "attack.h"

#include <math.h>

/* clang-format off */
#include <stdio.h>
#include <jpeglib.h>
/* clang-format on */

enum { LINE_PX = 16, CROP_LINES = 10, QUALITY = 50 };

static const double noise_deviation = 8;

static uint64_t draw_number(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

bool attack_nothing(struct attack_picture *picture, uint64_t seed)
{
	(void)seed;
	return picture->luma != NULL;
}

bool attack_ten_lines(struct attack_picture *picture, uint64_t seed)
{
	size_t first = draw_number(&seed) % (LIMIT_TILE_LINES - CROP_LINES);
	size_t row = picture->width;

	memmove(picture->luma, picture->luma + first * LINE_PX * row, row * LINE_PX * CROP_LINES);
	picture->height = LINE_PX * CROP_LINES;
	return true;
}

bool attack_half(struct attack_picture *picture, uint64_t seed)
{
	size_t width = picture->width / 2, height = picture->height / 2;

	(void)seed;
	for (size_t y = 0; y < height; y++)
		for (size_t x = 0; x < width; x++) {
			const uint8_t *p = picture->luma + 2 * y * picture->width + 2 * x;
			unsigned sum = 0U + p[0] + p[1] + p[picture->width] + p[picture->width + 1];

			/* Behind what is still to be read. */
			picture->luma[y * width + x] = (uint8_t)((sum + 2) / 4);
		}
	picture->width = (uint32_t)width;
	picture->height = (uint32_t)height;
	return true;
}

bool attack_ten_lines_half(struct attack_picture *picture, uint64_t seed)
{
	return attack_ten_lines(picture, seed) && attack_half(picture, seed);
}

static void pack(const struct attack_picture *picture, unsigned char **bytes, unsigned long *len)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, bytes, len);
	jpeg.image_width = picture->width;
	jpeg.image_height = picture->height;
	jpeg.input_components = 1;
	jpeg.in_color_space = JCS_GRAYSCALE;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, QUALITY, TRUE);
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = picture->luma + (size_t)jpeg.next_scanline * picture->width;

		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
}

/* The library ends the program on an error: these bytes are our own. */
bool attack_jpeg_50(struct attack_picture *picture, uint64_t seed)
{
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned char *bytes = NULL;
	unsigned long len = 0;

	(void)seed;
	pack(picture, &bytes, &len);
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, bytes, len);
	bool made = jpeg_read_header(&jpeg, TRUE) == JPEG_HEADER_OK &&
		jpeg_start_decompress(&jpeg) && jpeg.output_components == 1;

	while (made && jpeg.output_scanline < jpeg.output_height) {
		JSAMPROW row = picture->luma + (size_t)jpeg.output_scanline * picture->width;

		jpeg_read_scanlines(&jpeg, &row, 1);
	}
	jpeg_destroy_decompress(&jpeg);
	free(bytes);
	return made;
}

bool attack_ten_lines_jpeg_50(struct attack_picture *picture, uint64_t seed)
{
	return attack_ten_lines(picture, seed) && attack_jpeg_50(picture, seed);
}

static size_t pixels_of(const struct attack_picture *picture)
{
	return (size_t)picture->width * picture->height;
}

bool attack_binarise(struct attack_picture *picture, uint64_t seed)
{
	(void)seed;
	for (size_t i = 0; i < pixels_of(picture); i++)
		picture->luma[i] = picture->luma[i] >= 128 ? 255 : 0;
	return true;
}

bool attack_white_clip(struct attack_picture *picture, uint64_t seed)
{
	(void)seed;
	for (size_t i = 0; i < pixels_of(picture); i++)
		picture->luma[i] = (uint8_t)(picture->luma[i] >= 245
				? 255
				: picture->luma[i] * 255 / 245);
	return true;
}

bool attack_noise(struct attack_picture *picture, uint64_t seed)
{
	for (size_t i = 0; i < pixels_of(picture); i++) {
		double sum = 0;

		/* Twelve uniform numbers make a normal one, near enough. */
		for (int k = 0; k < 12; k++)
			sum += (double)(draw_number(&seed) >> 11) * 0x1p-53;
		double v = picture->luma[i] + (sum - 6) * noise_deviation;

		picture->luma[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : lrint(v));
	}
	return true;
}
