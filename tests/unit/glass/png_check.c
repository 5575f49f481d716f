#include "png_check.h"

#include <png.h>
#include <zlib.h>

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A chunk of this type and, unless len_max is reached, any length, with a right checksum. */
static const uint8_t *chunk(const uint8_t **at, const uint8_t *end, const char *type, uint32_t *len)
{
	const uint8_t *p = *at;

	if (end - p < 12 || be32(p) > (uint32_t)(end - p) - 12 || memcmp(p + 4, type, 4) != 0)
		return NULL;
	*len = be32(p);
	if (crc32(0, p + 4, *len + 4) != be32(p + 8 + *len))
		return NULL;
	*at = p + 12 + *len;
	return p + 8;
}

static const char *unpack(const uint8_t *raw, struct png_picture *picture)
{
	static uint8_t above[PNG_CHECK_WIDTH_MAX / 2], line[PNG_CHECK_WIDTH_MAX / 2];
	size_t row_bytes = picture->width / 2;

	memset(above, 0, sizeof(above));
	for (uint32_t y = 0; y < picture->height; y++) {
		uint8_t filter = *raw++;

		if (filter != 0 && filter != 2)
			return "a filter other than None and Up";
		for (size_t i = 0; i < row_bytes; i++)
			line[i] = (uint8_t)(raw[i] + (filter == 2 ? above[i] : 0));
		for (uint32_t x = 0; x < picture->width; x++)
			picture->index[y][x] = x % 2 == 0 ? line[x / 2] >> 4 : line[x / 2] & 0xf;
		memcpy(above, line, sizeof(above));
		raw += row_bytes;
	}
	return NULL;
}

static const char *read_strictly(const uint8_t *png, size_t len, struct png_picture *picture)
{
	static uint8_t raw[PNG_CHECK_HEIGHT_MAX * (PNG_CHECK_WIDTH_MAX / 2 + 1)];
	const uint8_t *at = png + 8, *end = png + len;
	uint32_t n;

	if (len < 8 || memcmp(png, "\x89PNG\r\n\x1a\n", 8) != 0)
		return "no signature";
	const uint8_t *data = chunk(&at, end, "IHDR", &n);

	if (data == NULL || n != 13 || memcmp(data + 8, "\4\3\0\0\0", 5) != 0)
		return "IHDR";
	picture->width = be32(data);
	picture->height = be32(data + 4);
	if (picture->width > PNG_CHECK_WIDTH_MAX || picture->height > PNG_CHECK_HEIGHT_MAX ||
		picture->width % 2 != 0)
		return "size";
	data = chunk(&at, end, "PLTE", &n);
	if (data == NULL || n != sizeof(picture->palette))
		return "PLTE";
	memcpy(picture->palette, data, n);
	data = chunk(&at, end, "IDAT", &n);
	if (data == NULL)
		return "IDAT";
	uLongf raw_len = sizeof(raw);
	uLong source_len = n;

	if (uncompress2(raw, &raw_len, data, &source_len) != Z_OK || source_len != n)
		return "deflate";
	if (raw_len != (uLongf)picture->height * (picture->width / 2 + 1))
		return "too few or too many rows";
	if (chunk(&at, end, "IEND", &n) == NULL || n != 0 || at != end)
		return "IEND";
	return unpack(raw, picture);
}

const char *png_check_read(const uint8_t *png, size_t len, struct png_picture *picture)
{
	static uint8_t rgb[PNG_CHECK_HEIGHT_MAX * PNG_CHECK_WIDTH_MAX * 3];
	const char *why = read_strictly(png, len, picture);
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (why != NULL)
		return why;
	if (png_image_begin_read_from_memory(&image, png, len) == 0)
		return "libpng refuses its head";
	image.format = PNG_FORMAT_RGB;
	if (image.width != picture->width || image.height != picture->height ||
		png_image_finish_read(&image, NULL, rgb, 0, NULL) == 0 ||
		image.warning_or_error != 0)
		return "libpng refuses it";
	for (uint32_t y = 0; y < picture->height; y++)
		for (uint32_t x = 0; x < picture->width; x++)
			if (memcmp(&rgb[(y * picture->width + x) * 3],
				    picture->palette[picture->index[y][x]], 3) != 0)
				return "libpng sees another pixel";
	return NULL;
}

const char *png_check_compare(const struct png_picture *picture, const struct atlas *atlas,
	const struct grid *grid, const struct marks *marks, const struct page_options *options)
{
	const struct atlas_cell *size = &atlas_cells[options->zoom];
	struct palette palette;

	palette_make(options->theme, &palette);
	if (memcmp(palette.rgb, picture->palette, sizeof(palette.rgb)) != 0)
		return "another palette";
	if (picture->width != 80U * size->width || picture->height != 61U * size->height)
		return "another size";
	for (uint32_t y = 0; y < picture->height; y++) {
		for (uint32_t x = 0; x < picture->width; x++) {
			uint32_t row = y / size->height, column = x / size->width;
			const struct grid_cell *cell = &grid->cells[row][column];
			uint8_t paper = row == 60 ? 15 : marks->paper[row][column], level = 0;
			int from = (int)(x % size->width) -
				marks->shift[row][column] * size->width / 8;

			if (cell->code_point != ' ' && from >= 0)
				level = atlas_glyph(atlas, options->zoom,
					cell->code_point)[y % size->height * size->width +
					(uint32_t)from];
			uint8_t want = level == 0 ? paper
				: level == 1      ? 2
						  : (uint8_t)(level + 1 + 2 * cell->ink);

			if (picture->index[y][x] != want)
				return "another pixel than the grid says";
		}
	}
	return NULL;
}

uint8_t *png_check_load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0) {
		long size = ftell(f);

		rewind(f);
		bytes = size < 0 ? NULL : malloc((size_t)size + 1);
		if (bytes != NULL && fread(bytes, 1, (size_t)size, f) == (size_t)size) {
			*len = (size_t)size;
		} else {
			free(bytes);
			bytes = NULL;
		}
	}
	fclose(f);
	return bytes;
}
