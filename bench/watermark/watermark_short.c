/*
 * watermark_short: the short step of the watermark's measurement, for every check: pages of our own source, seeds
 * fixed, attacks in C. Each attack has to name at least as many as is stated here; nobody wrong is named.
 *
 *   watermark_short FILE...
 */
#include <math.h>

#include "attack.h"
#include "tally.h"

enum { IMAGES = 8, WRONG = 20000 };

/* marked false: a page without a mark, of which nobody may be named. */
static const struct row {
	const char *name;
	bool (*attack)(struct attack_picture *picture, uint64_t seed);
	bool marked;
	int least; /* of IMAGES */
} rows[] = {
	{ "as it is", attack_nothing, true, 8 },
	{ "10 lines", attack_ten_lines, true, 8 },
	{ "half scale", attack_half, true, 8 },
	{ "10 lines, half scale", attack_ten_lines_half, true, 8 },
	{ "JPEG 50", attack_jpeg_50, true, 8 },
	{ "10 lines, JPEG 50", attack_ten_lines_jpeg_50, true, 8 },
	{ "binarised", attack_binarise, true, 8 },
	{ "white clip", attack_white_clip, true, 8 },
	{ "noise 8", attack_noise, true, 8 },
	{ "without a mark", attack_nothing, false, 0 },
};

static struct bed bed;
static struct bed_page page;
static struct bed_findings findings;

/* Of the sessions that did not draw it. */
static uint64_t count_wrong(uint64_t image)
{
	struct tally told = { .named = 0 };

	if (!tally(&findings, &page.place, UINT64_C(1) << 40 | image << 24, WRONG, &told))
		return WRONG;
	return told.named;
}

/* 1: the session is named. *wrong: how many others are. */
static int run_image(const struct row *row, uint64_t image, uint64_t *wrong)
{
	const struct page_options plain = { GLASS_LIGHT, GLASS_1X };
	const struct detect_page asked = { &page.grid, page.place, GLASS_LIGHT, GLASS_1X };
	struct sha256 secret = bed_secret(image);
	struct bed_image drawn;
	struct score score;
	struct err err;

	bed_draw(&bed, &page, row->marked ? &secret : NULL, &plain, &drawn);
	struct attack_picture shot = { drawn.width, drawn.height, bed_luma(&drawn) };

	free(drawn.rgb);
	bool made = row->attack(&shot, image);
	const struct picture picture = { shot.width, shot.height, shot.luma };
	bool found = made && bed_find(&bed, &picture, &asked, &findings, &err) == OK;

	free(shot.luma);
	if (!found)
		return 0;
	*wrong += count_wrong(image);
	return bed_score(&findings, &secret, &page.place, &score);
}

int main(int argc, char **argv)
{
	int failed = 0;

	bed_open(&bed);
	printf("1..%zu\n", sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		uint64_t wrong = 0;
		int named = 0;

		for (int image = 0; image < IMAGES && argc > 1; image++) {
			const struct bed_corner at = {
				(uint32_t)(image / (argc - 1)) * LIMIT_TILE_LINES, 0
			};

			if (bed_tile(&bed, argv[1 + image % (argc - 1)], &at, &page))
				named += run_image(row, (uint64_t)image, &wrong);
		}
		bool holds = named >= row->least && wrong == 0 && (row->marked || named == 0);

		failed += !holds;
		printf("%s %zu - %s: %d of %d named, %d wrong\n", holds ? "ok" : "not ok", i + 1,
			row->name, named, IMAGES, (int)wrong);
		fflush(stdout);
	}
	bed_close(&bed);
	return failed > 0;
}
