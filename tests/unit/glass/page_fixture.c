#include "page_fixture.h"

#include "harness.h"
#include "png_check.h"

struct str font;
struct atlas *atlas;
struct page_encoder *simple;
uint8_t *png;

static uint8_t *font_bytes;

int page_fixture_open(void **state)
{
	struct err err;
	size_t len;

	(void)state;
	font_bytes = png_check_load(TEST_FONT, &len);
	if (font_bytes == NULL) {
		print_error("%s is missing: install fonts-dejavu-core\n", TEST_FONT);
		return -1;
	}
	font = str_of(font_bytes, len);
	if (atlas_open(font, &atlas, &err) != OK || page_encoder_open(atlas, &simple, &err) != OK) {
		print_error("%s\n", err.msg);
		return -1;
	}
	png = malloc(page_bytes_max(GLASS_2X));
	return png == NULL ? -1 : 0;
}

int page_fixture_close(void **state)
{
	(void)state;
	page_encoder_close(simple);
	atlas_close(atlas);
	free(png);
	free(font_bytes);
	return 0;
}
