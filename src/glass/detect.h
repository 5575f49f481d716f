/*
 * detect: whose mark a picture carries. Not blind: the lab owns the source, draws the page again without a mark,
 * finds it in the picture, subtracts it, and asks of each session ever issued how well its signs agree with what
 * is left over.
 *
 * The statistics. What is left over is summed to one value for each bit of the mark, and these to
 * z = sum(v x sign) / sqrt(sum(v x v)). The values are found without any secret, and the signs of a session that
 * did not draw the picture are independent of them: so Chernoff's bound (detect_bound.h) on a sum of these very values
 * holds, whatever the picture is. No tail is extrapolated. With three values a session (paper, shift, both),
 * `sessions` sessions and `tries` drawings measured, the chance that anybody is named wrongly is at most
 * 3 x sessions x tries x the bound. z is for people to read; the bound alone decides.
 *
 * Pure: no system call but the atlas's memory. Errors never hold what a page says.
 */
#ifndef GLASS_DETECT_H
#define GLASS_DETECT_H

#include "glass/mark.h"

/* Luminance, 0 black to 255 white, row by row without padding. */
struct picture {
	uint32_t width, height;
	const uint8_t *luma;
};

/* What the picture is compared with: one tile as some session may have seen it. */
struct detect_page {
	const struct grid *grid; /* checked by grid_check; borrowed */
	struct mark_place place;
	enum glass_theme theme;
	enum glass_zoom zoom;
};

/*
 * Where the page lies in the picture: the page's pixel (x, y) is the picture's
 * (a[0] x + a[1] y + a[2], a[3] x + a[4] y + a[5]), divided by (a[6] x + a[7] y + 1) when seen at an angle.
 * correlation  0 to 1, of the picture with the unmarked page; inverted: dark is light
 * repeats      lines further down (or up) where the picture fits as well, for the same text stands there: nothing but the
 *              mark can tell which place it is, so each is measured, and each is a try
 */
enum { DETECT_REPEATS_MAX = 15, DETECT_PLACES_MAX = 1 + DETECT_REPEATS_MAX };
struct registration {
	double a[8];
	double correlation;
	bool inverted;
	uint8_t repeat_count;
	int8_t repeats[DETECT_REPEATS_MAX];
};

/*
 * One value for each bit that the picture still shows, at the cell whose bit it is; 0: nothing seen.
 * energy  sum of a layer's squares; bits: how many are not 0
 */
struct evidence_layer {
	double value[LIMIT_TILE_LINES][LIMIT_TILE_COLUMNS];
	double energy;
	uint32_t bits;
};
struct evidence {
	struct evidence_layer layer[MARK_LAYERS];
};

/*
 * paper, shift, both  z
 * log_chance          natural logarithm of the chance, at most, that a session which did not draw the picture scores so
 *                     well in any of the three; at most 0
 */
struct score {
	double paper, shift, both;
	double log_chance;
};

struct detector;

/* *d to detector_close; one thread at a time. The atlas stays the caller's. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind detector_open(
	const struct atlas *atlas, struct detector **d, struct err *err);
void detector_close(struct detector *d);

/*
 * Finds the page in the picture: scale (a third to three times), shift, then rotation and perspective; quarter turns, too.
 * Errors: ERR_NOT_FOUND (this page is not in this picture), ERR_INPUT (a picture without anything to see), ERR_LIMIT.
 */
MUST_CHECK enum err_kind detect_register(struct detector *d, const struct picture *picture,
	const struct detect_page *page, struct registration *found, struct err *err);
/* The page's place at one of the repeats. */
void detect_repeat(const struct registration *found, enum glass_zoom zoom, size_t repeat,
	struct registration *place);
/* What is left over when the page is subtracted. Uses no secret. */
MUST_CHECK enum err_kind detect_measure(struct detector *d, const struct picture *picture,
	const struct detect_page *page, const struct registration *found, struct evidence *evidence,
	struct err *err);
/* How well a session's signs agree with it. */
void detect_score(const struct evidence *evidence, const struct sha256 *secret,
	const struct mark_place *place, struct score *score);

/* The best of a score's three z. */
double detect_best(const struct score *score);
/* Chance, at most, that any of `sessions` others is named by `tries` drawings with such a score; never above 1. */
double detect_false_alarm(double log_chance, uint64_t sessions, uint64_t tries);
/* Nobody is named when the bound is above this. */
extern const double detect_false_alarm_max; /* 1e-6 */

#endif
