/* decode_webp: by libwebp, lossy or lossless; the luminance is its plane Y, spread from video range to full. */
#include <stdlib.h>
#include <webp/decode.h>

#include "glass/decode_format.h"

/* ITU-R BT.601: black and the step to white in video range. */
enum { VIDEO_BLACK = 16, VIDEO_RANGE = 219 };

static void spread(uint8_t *luma, size_t pixels)
{
	uint8_t full[256];

	for (int y = 0; y < 256; y++) {
		int v = ((y - VIDEO_BLACK) * 255 + VIDEO_RANGE / 2) / VIDEO_RANGE;

		full[y] = (uint8_t)(y <= VIDEO_BLACK ? 0 : v > 255 ? 255 : v);
	}
	for (size_t i = 0; i < pixels; i++)
		luma[i] = full[luma[i]];
}

enum err_kind decode_webp(struct str bytes, uint8_t *luma, struct decoded *about, struct err *err)
{
	WebPDecoderConfig config;

	if (!WebPInitDecoderConfig(&config) ||
		WebPGetFeatures((const uint8_t *)bytes.ptr, bytes.len, &config.input) !=
			VP8_STATUS_OK)
		return err_set(err, ERR_INPUT, "the WebP picture is damaged");
	if (config.input.has_animation)
		return err_set(err, ERR_INPUT, "the WebP picture moves: save one frame of it");
	uint32_t width = (uint32_t)config.input.width, height = (uint32_t)config.input.height;
	enum err_kind rc = decode_check_size(width, height, err);

	if (rc != OK)
		return rc;
	size_t half_width = (width + 1) / 2, chroma = half_width * ((height + 1) / 2);
	uint8_t *planes = malloc(2 * chroma);

	if (planes == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the picture");
	config.output.colorspace = MODE_YUV;
	config.output.is_external_memory = 1;
	config.output.u.YUVA = (WebPYUVABuffer){ .y = luma,
		.u = planes,
		.v = planes + chroma,
		.y_stride = (int)width,
		.u_stride = (int)half_width,
		.v_stride = (int)half_width,
		.y_size = (size_t)width * height,
		.u_size = chroma,
		.v_size = chroma };
	if (WebPDecode((const uint8_t *)bytes.ptr, bytes.len, &config) != VP8_STATUS_OK)
		rc = err_set(err, ERR_INPUT, "the WebP picture is damaged or cut off");
	WebPFreeDecBuffer(&config.output);
	free(planes);
	if (rc != OK)
		return rc;
	about->width = width;
	about->height = height;
	spread(luma, (size_t)width * height);
	return OK;
}
