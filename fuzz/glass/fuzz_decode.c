/*
 * Property: whatever the bytes, the answer is a picture within the bounds or a refusal; nothing is written past its
 * pixels, and the same bytes give the same pixels again.
 */
#include <stdlib.h>

#include "glass/decode.h"

/* Larger pictures are not decoded twice: too slow to try many of. */
enum { PIXELS_MAX = 1 << 16, SPARE = 64, SPARE_BYTE = 0xa5 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *luma[2];
	struct decoded about[2];
	struct err err;

	if (luma[0] == NULL) {
		luma[0] = malloc(LIMIT_PICTURE_PIXELS + SPARE);
		luma[1] = malloc(LIMIT_PICTURE_PIXELS + SPARE);
		require(luma[0] != NULL && luma[1] != NULL);
	}
	enum err_kind rc = decode_picture(str_of(data, size), luma[0], &about[0], &err);

	if (rc != OK) {
		require(rc == ERR_INPUT || rc == ERR_LIMIT);
		return 0;
	}
	require(decode_size_fits(about[0].width, about[0].height));
	size_t pixels = (size_t)about[0].width * about[0].height;

	if (pixels > PIXELS_MAX)
		return 0;
	memset(luma[1] + pixels, SPARE_BYTE, SPARE);
	require(decode_picture(str_of(data, size), luma[1], &about[1], &err) == OK);
	require(memcmp(&about[0], &about[1], sizeof(about[0])) == 0);
	require(memcmp(luma[0], luma[1], pixels) == 0);
	for (size_t i = 0; i < SPARE; i++)
		require(luma[1][pixels + i] == SPARE_BYTE);
	return 0;
}
