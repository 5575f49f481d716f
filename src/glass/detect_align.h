/*
 * detect_align: from roughly to exactly where a page lies in a picture, by least squares on the pixels at the
 * edges of the ink, whatever the picture's brightness and contrast, be it inverted.
 *
 * Source: Baker and Matthews, "Lucas-Kanade 20 years on", 2004: the inverse compositional algorithm.
 */
#ifndef GLASS_DETECT_ALIGN_H
#define GLASS_DETECT_ALIGN_H

#include "glass/detect_search.h"

/* A picture, and the same at a half, a quarter, … */
enum { PYRAMID_LEVELS = 10 };

/* Both are flattened by so many of their pixels, so that light and shade do not count. */
enum { ALIGN_RADIUS = 12 };

struct pyramid {
	size_t count;
	struct plane level[PYRAMID_LEVELS];
};

/* Flattens what was made of the picture itself. False without memory. */
bool pyramid_flatten(struct pyramid *picture);

/* What may change: shift, turn and scale; then also stretch and shear; then also the angle of view. */
enum align_freedom { ALIGN_SIMILAR = 4, ALIGN_AFFINE = 6, ALIGN_PERSPECTIVE = 8 };

struct align_point {
	float x, y; /* the page's pixels */
	float value, slope_x, slope_y; /* the page's luminance there, and how it changes */
};

/* The page as seen at one scale. */
struct align_view {
	double scale; /* 1: as it is; below: smaller */
	struct plane plane;
	struct align_point *points; /* where it has edges; ordered as a page is read */
	size_t point_count;
};
/* middle: the page's rows of source; the view is flattened. False without memory; align_view_free in either case. */
bool align_view_make(const struct plane *middle, double scale, struct align_view *view);
void align_view_free(struct align_view *view);

/*
 * picture: flattened. Improves *pose in at most `steps` steps.
 * correlation  of what both show of the edges, from -1 to 1, below 0 when the picture is inverted; 0 when too
 *              little of the page lies in the picture, and then the pose stays
 */
bool align_pose(const struct pyramid *picture, const struct align_view *view,
	enum align_freedom freedom, int steps, struct pose *pose, double *correlation);
/* The same measure over paper and ink alike, and how many of the page's pixels lie in the picture. */
double align_correlation(const struct pyramid *picture, const struct align_view *view,
	const struct pose *pose, double *pixels);

/* False when the point lies behind the eye. */
bool pose_apply(const struct pose *pose, double x, double y, double *px, double *py);
/* The picture's pixels for one of the page at a point of the page: the root of the area's scale. */
double pose_scale(const struct pose *pose, double x, double y);
/* The level whose pixels are nearest to, and not larger than, `ratio` pixels of the picture. */
size_t pyramid_level(const struct pyramid *picture, double ratio);

#endif
