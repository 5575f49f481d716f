/*
 * detect_plane: grey values as real numbers, and the few ways in which the detector makes them smaller.
 *
 * Coordinates are in pixels; pixel (0, 0) covers [0, 1) x [0, 1), so its centre is (0.5, 0.5).
 */
#ifndef GLASS_DETECT_PLANE_H
#define GLASS_DETECT_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plane {
	uint32_t width, height;
	float *at; /* row by row; NULL: none */
};

/* False without memory; plane_free in either case. */
bool plane_make(uint32_t width, uint32_t height, struct plane *plane);
void plane_free(struct plane *plane);

struct plane_scale {
	double x, y;
};
/* Area means: the new width is ceil(width x scale.x). Both scales above 0, at most 1. False without memory. */
bool plane_reduce(const struct plane *from, struct plane_scale scale, struct plane *to);
/* Means of two by two pixels; a last odd row or column falls away. Both sides at least 2. */
bool plane_halve(const struct plane *from, struct plane *to);

/*
 * Takes off the mean of what lies around each pixel, `radius` pixels to each side: light that falls unevenly goes,
 * strokes stay. False without memory.
 */
bool plane_flatten(struct plane *plane, uint32_t radius);

/* Between the centres of pixels, linear; false beyond the outermost ones. */
static inline bool plane_sample(const struct plane *plane, double x, double y, float *value)
{
	x -= 0.5;
	y -= 0.5;
	/* Written so that what is not a number is refused, too. */
	if (!(x >= 0 && y >= 0 && x < (double)plane->width - 1 && y < (double)plane->height - 1))
		return false;
	uint32_t left = (uint32_t)x, top = (uint32_t)y;
	float right_part = (float)(x - left), low_part = (float)(y - top);
	const float *p = plane->at + (size_t)top * plane->width + left;
	const float *q = p + plane->width;
	float high = p[0] + right_part * (p[1] - p[0]), low = q[0] + right_part * (q[1] - q[0]);

	*value = high + low_part * (low - high);
	return true;
}

/* Sums of all that lies above and left of a corner: width + 1 by height + 1 corners. */
struct plane_sums {
	uint32_t width, height; /* of the plane */
	double *at;
};
/* squares: sums of the squares. False without memory. */
bool plane_sums_make(const struct plane *plane, bool squares, struct plane_sums *sums);
void plane_sums_free(struct plane_sums *sums);
static inline double plane_sums_at(const struct plane_sums *sums, uint32_t x, uint32_t y)
{
	return sums->at[(size_t)y * (sums->width + 1) + x];
}
/* The same at a point inside a pixel. 0 <= x <= width, 0 <= y <= height. */
double plane_sums_between(const struct plane_sums *sums, double x, double y);

#endif
