/*
 * detect_search: where a page may lie in a picture, roughly. For each scale the picture is shrunk to a map of
 * how much the grey values spread in each cell (or a part of one): light and shade, borders and an inversion do not
 * matter to it, ink does. It is compared with the page's map at every shift by normalised cross-correlation.
 *
 * At every scale at least half of the smaller one's width and height must overlap.
 */
#ifndef GLASS_DETECT_SEARCH_H
#define GLASS_DETECT_SEARCH_H

#include "glass/detect_fft.h"
#include "glass/detect_plane.h"
#include "glass/grid.h"

/* The page's (x, y) is the picture's (a0 x + a1 y + a2, a3 x + a4 y + a5) / (a6 x + a7 y + a8). */
struct pose {
	double a[9];
};

/* score  how much likelier the picture is with the page there than without, as a logarithm; compares candidates */
struct candidate {
	struct pose pose;
	double score;
};

enum { SEARCH_CANDIDATES = 16 };
struct candidates {
	size_t count;
	struct candidate best[SEARCH_CANDIDATES]; /* the best first */
};

struct search_cell {
	uint32_t width, height;
};

/* Of one picture, shrunk by `shrink` (1: not at all). */
struct search_picture {
	struct plane_sums sums, squares;
	double shrink;
};

struct search;
/* middle: the page's rows of source; cell: its pixels; borrowed until search_close. False without memory. */
bool search_open(const struct plane *middle, struct search_cell cell, struct search **search);
void search_close(struct search *search);
/* The picture's pixels for one of the page, from and to. */
struct search_scales {
	double least, most;
};
/* All that are tried: a third to three times, and a little beyond. */
extern const struct search_scales search_all_scales;
/*
 * angle   radians that the page is turned by, clockwise
 * scales  those beyond search_all_scales are left out
 * Adds to `found`. False without memory.
 */
bool search_angle(struct search *search, const struct search_picture *picture, double angle,
	struct search_scales scales, struct candidates *found);

#endif
