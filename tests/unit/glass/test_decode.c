/* Pictures of each format, whole and cut off at every length, and heads that promise too much. */
#include "harness.h"

#include <stdlib.h>

#include "glass/decode.h"
#include "picture_make.h"

enum { WIDTH = 61, HEIGHT = 47 };

static uint8_t gray[WIDTH * HEIGHT], *luma;

static int begin(void **state)
{
	(void)state;
	for (size_t y = 0; y < HEIGHT; y++)
		for (size_t x = 0; x < WIDTH; x++)
			gray[y * WIDTH + x] = (uint8_t)(y < HEIGHT / 2 ? 252 + x / 8 % 2 * 3
								       : 4 * x);
	luma = malloc(LIMIT_PICTURE_PIXELS);
	return luma == NULL ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	free(luma);
	return 0;
}

static void reads_each_format(void **state)
{
	/* How far a pixel may be off. */
	static const int apart[DECODE_FORMATS] = { [DECODE_JPEG] = 3, [DECODE_WEBP] = 2 };

	(void)state;
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture(
			(enum decode_format)format, gray, WIDTH, HEIGHT, 100);
		struct decoded about;
		struct err err;

		assert_int_equal(
			decode_picture(str_of(made.bytes, made.len), luma, &about, &err), OK);
		assert_int_equal(about.format, format);
		assert_int_equal(about.width, WIDTH);
		assert_int_equal(about.height, HEIGHT);
		for (size_t i = 0; i < sizeof(gray); i++)
			assert_in_range(luma[i] + 8, gray[i] + 8 - apart[format],
				gray[i] + 8 + apart[format]);
		free(made.bytes);
	}
}

static void lies_on_white(void **state)
{
	/* One pixel, black and wholly transparent. */
	static const uint8_t clear[] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H',
		'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0,
		11, 'I', 'D', 'A', 'T', 0x78, 0x9c, 0x63, 0x60, 0, 2, 0, 0, 5, 0, 1, 0x7a, 0x5e,
		0xab, 0x3f, 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
	struct decoded about;
	struct err err;

	(void)state;
	if (decode_picture(str_of(clear, sizeof(clear)), luma, &about, &err) != OK)
		fail_msg("%s", err.msg);
	assert_int_equal(luma[0], 255);
}

static void refuses_what_is_cut_off(void **state)
{
	(void)state;
	for (int format = 0; format < DECODE_FORMATS; format++) {
		struct made made = make_picture(
			(enum decode_format)format, gray, WIDTH, HEIGHT, 50);

		for (size_t len = 0; len < made.len; len++) {
			uint8_t *cut = malloc(len + 1);
			struct decoded about;
			struct err err;

			assert_non_null(cut);
			memcpy(cut, made.bytes, len);
			enum err_kind rc = decode_picture(str_of(cut, len), luma, &about, &err);

			/* What PNG's last chunk, JPEG's last marker or WebP's padding holds is no pixel. */
			if (len + 16 < made.len)
				assert_int_equal(rc, ERR_INPUT);
			free(cut);
		}
		free(made.bytes);
	}
}

static void refuses_large_and_foreign(void **state)
{
	const struct {
		struct str bytes;
		enum err_kind want;
	} cases[] = {
		{ STR(""), ERR_INPUT },
		{ STR("GIF89a\1\0\1\0"), ERR_INPUT },
		{ STR("<svg xmlns='http://www.w3.org/2000/svg'/>"), ERR_INPUT },
		{ STR("%PDF-1.7"), ERR_INPUT },
		/* 30,000 x 30,000 pixels, a bomb of a head. */
		{ STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\x00\0\0\0\xf4\x8c\xc7\x05"
		      "\0\0\0\0IDAT\x35\xaf\x06\x1e"),
			ERR_LIMIT },
		{ STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30"), ERR_INPUT },
	};
	struct decoded about;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum err_kind rc = decode_picture(cases[i].bytes, luma, &about, &err);

		/* A head whose checksum is wrong is damaged before it is large: either is a refusal. */
		if (rc != cases[i].want && !(rc == ERR_INPUT && cases[i].want == ERR_LIMIT))
			fail_msg("case %zu: %d", i, (int)rc);
	}
	assert_false(decode_size_fits(0, 1));
	assert_false(decode_size_fits(LIMIT_PICTURE_SIDE + 1, 1));
	assert_false(decode_size_fits(6000, 4001));
	assert_true(decode_size_fits(6000, 4000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_format),
		cmocka_unit_test(lies_on_white),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(refuses_large_and_foreign),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
