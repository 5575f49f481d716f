/* detect_repeat: the same text on other lines of a page, as a table has it: where else the picture fits by whole lines. */
#ifndef GLASS_DETECT_REPEAT_H
#define GLASS_DETECT_REPEAT_H

#include "glass/detect.h"
#include "glass/detect_align.h"

/* Best first; correlation as align_correlation tells, lines further down than the pose says. */
struct repeats {
	size_t count;
	int lines[DETECT_PLACES_MAX];
	double correlation[DETECT_PLACES_MAX];
};

/*
 * coarse, fine  the page at two scales: the first to leave out what differs, the second to compare
 * At least one is found: the pose itself, when no other lines agree better.
 */
void repeats_find(const struct pyramid *picture, const struct align_view *coarse,
	const struct align_view *fine, uint32_t line_height, const struct pose *pose,
	struct repeats *repeats);

/* The pose by which the page's pixels `down` below are seen where its own were. */
struct pose repeats_pose(const struct pose *pose, double down);

#endif
