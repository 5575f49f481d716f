/*
 * Property: whatever the picture, and wherever a page is said to lie in it, measuring it ends, reads nothing
 * beyond the picture, and gives finite scores within their bound: |z| is at most the root of the number of bits.
 *
 * Input: width, height, theme and zoom, whether to search; then cells, the registration, and pixels.
 */
#include <math.h>
#include <stdlib.h>

#include "glass/detect.h"
#include "png_check.h"

enum { HEAD_BYTES = 4, CELLS = 48, POSE_BYTES = 8, SIDE_MAX = 96 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct detector *detector;

static void open_detector(void)
{
	static struct atlas *atlas;
	struct err err;
	size_t len;
	uint8_t *font = png_check_load(TEST_FONT, &len);

	require(font != NULL);
	require(atlas_open((struct str){ (char *)font, len }, &atlas, &err) == OK);
	require(detector_open(atlas, &detector, &err) == OK);
	free(font);
}

static void check_score(const struct evidence *evidence, const struct mark_place *place)
{
	const struct sha256 secret = { { 1 } };
	struct score score;
	double least = 1e-9;

	detect_score(evidence, &secret, place, &score);
	require(isfinite(score.paper) && isfinite(score.shift) && isfinite(score.both));
	require(fabs(score.paper) <= sqrt(evidence->layer[MARK_PAPER].bits) + least);
	require(fabs(score.shift) <= sqrt(evidence->layer[MARK_SHIFT].bits) + least);
	require(score.log_chance <= 0 &&
		score.log_chance >=
			-(log(2) * 2 * MARK_LAYERS * LIMIT_TILE_LINES * LIMIT_TILE_COLUMNS));
	double bound = detect_false_alarm(score.log_chance, 1, 1);

	require(bound >= 0 && bound <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct grid grid;
	static struct evidence evidence;
	static uint8_t luma[SIDE_MAX * SIDE_MAX];
	struct registration where = { .correlation = 1 };
	struct err err;

	if (size < HEAD_BYTES + CELLS + POSE_BYTES)
		return 0;
	if (detector == NULL)
		open_detector();
	struct picture picture = { data[0] % (SIDE_MAX + 1), data[1] % (SIDE_MAX + 1), luma };
	struct detect_page page = { &grid, { { { 0 } }, 0, 0 }, data[2] % GLASS_THEMES,
		data[2] < 240 ? GLASS_1X : GLASS_2X };

	grid_clear(&grid);
	grid.lines = grid.lines_here = LIMIT_TILE_LINES;
	for (size_t i = 0; i < CELLS; i++)
		grid.cells[i / 12][i % 12].code_point = ' ' + data[HEAD_BYTES + i] % 95U;
	const uint8_t *pose = data + HEAD_BYTES + CELLS;

	/* Around the page as it is; the last two tilt it far beyond what can be seen. */
	for (int i = 0; i < 8; i++)
		where.a[i] = (pose[i] - 128) / (i % 3 == 2 ? 1.0 : i < 6 ? 40.0 : 4000.0);
	const uint8_t *pixels = pose + POSE_BYTES;
	size_t count = size - HEAD_BYTES - CELLS - POSE_BYTES;

	for (size_t i = 0; i < sizeof(luma); i++)
		luma[i] = (uint8_t)(count > 0 ? pixels[i % count] + i / count : 0);
	/* The search costs a hundred times more than the rest: one input in 256 pays for it. */
	if (data[3] == 1 && detect_register(detector, &picture, &page, &where, &err) != OK)
		return 0;
	if (detect_measure(detector, &picture, &page, &where, &evidence, &err) == OK)
		check_score(&evidence, &page.place);
	return 0;
}
