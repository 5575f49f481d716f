#include "glass/detect_repeat.h"

#include <math.h>

/* So much less agrees as well, by the mark and noise; on the coarse view, what differs in few characters does, too. */
static const double as_well_fine = 0.01, as_well_coarse = 0.05;
/* Of the pixels seen, those that must be seen there. */
static const double seen_least = 0.9;

struct pose repeats_pose(const struct pose *pose, double down)
{
	struct pose moved = *pose;

	for (int row = 0; row < 3; row++)
		moved.a[3 * row + 2] -= moved.a[3 * row + 1] * down;
	for (int i = 0; i < 9; i++)
		moved.a[i] /= moved.a[8];
	moved.a[8] = 1;
	return moved;
}

static void keep(struct repeats *repeats, int lines, double correlation)
{
	size_t at = repeats->count;

	if (at == DETECT_PLACES_MAX && fabs(repeats->correlation[at - 1]) >= fabs(correlation))
		return;
	if (at == DETECT_PLACES_MAX)
		at--;
	else
		repeats->count++;
	for (; at > 0 && fabs(repeats->correlation[at - 1]) < fabs(correlation); at--) {
		repeats->lines[at] = repeats->lines[at - 1];
		repeats->correlation[at] = repeats->correlation[at - 1];
	}
	repeats->lines[at] = lines;
	repeats->correlation[at] = correlation;
}

void repeats_find(const struct pyramid *picture, const struct align_view *coarse,
	const struct align_view *fine, uint32_t line_height, const struct pose *pose,
	struct repeats *repeats)
{
	double here_pixels, pixels;
	double here = align_correlation(picture, coarse, pose, &here_pixels);

	*repeats = (struct repeats){ 0 };
	keep(repeats, 0, align_correlation(picture, fine, pose, &pixels));
	for (int lines = 1 - GRID_FOOT; lines < GRID_FOOT; lines++) {
		struct pose there = repeats_pose(pose, lines * (double)line_height);
		double r = align_correlation(picture, coarse, &there, &pixels);

		if (lines == 0 || pixels < seen_least * here_pixels ||
			r * here < (fabs(here) - as_well_coarse) * fabs(here))
			continue;
		keep(repeats, lines, align_correlation(picture, fine, &there, &pixels));
	}
	double best = repeats->correlation[0];

	while (repeats->count > 1 &&
		repeats->correlation[repeats->count - 1] * best <
			(fabs(best) - as_well_fine) * fabs(best))
		repeats->count--;
}
