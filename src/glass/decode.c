#include "glass/decode.h"

#include "glass/decode_format.h"

static const struct {
	const char *name;
	/* Where its files show themselves. */
	size_t at;
	struct str magic;
	enum err_kind (*read)(
		struct str bytes, uint8_t *luma, struct decoded *about, struct err *err);
} formats[DECODE_FORMATS] = {
	[DECODE_PNG] = { "PNG", 0, { "\x89PNG\r\n\x1a\n", 8 }, decode_png },
	[DECODE_JPEG] = { "JPEG", 0, { "\xff\xd8\xff", 3 }, decode_jpeg },
	[DECODE_WEBP] = { "WebP", 8, { "WEBP", 4 }, decode_webp },
};

bool decode_size_fits(uint32_t width, uint32_t height)
{
	return width > 0 && height > 0 && width <= LIMIT_PICTURE_SIDE &&
		height <= LIMIT_PICTURE_SIDE && width * height <= LIMIT_PICTURE_PIXELS;
}

enum err_kind decode_check_size(uint32_t width, uint32_t height, struct err *err)
{
	if (width == 0 || height == 0)
		return err_set(err, ERR_INPUT, "the picture has no pixels");
	if (!decode_size_fits(width, height))
		return err_set(err, ERR_LIMIT,
			"the picture is too large: at most %u million pixels, and %u on a side",
			LIMIT_PICTURE_PIXELS / 1000000, LIMIT_PICTURE_SIDE);
	return OK;
}

const char *decode_format_name(enum decode_format format)
{
	assert(format >= 0 && format < DECODE_FORMATS);
	return formats[format].name;
}

enum err_kind decode_picture(
	struct str bytes, uint8_t *luma, struct decoded *about, struct err *err)
{
	if (bytes.len > LIMIT_PICTURE_BYTES)
		return err_set(err, ERR_LIMIT, "the picture's file is larger than %u MiB",
			LIMIT_PICTURE_BYTES >> 20);
	for (size_t i = 0; i < DECODE_FORMATS; i++) {
		if (bytes.len < formats[i].at ||
			!str_starts(str_skip(bytes, formats[i].at), formats[i].magic))
			continue;
		about->format = (uint32_t)i;
		return formats[i].read(bytes, luma, about, err);
	}
	return err_set(err, ERR_INPUT, "this is no PNG, JPEG or WebP picture");
}
