#include "glass/detect_plane.h"

#include <assert.h>
#include <math.h>

bool plane_make(uint32_t width, uint32_t height, struct plane *plane)
{
	assert(width > 0 && height > 0);
	*plane = (struct plane){ width, height, calloc((size_t)width * height, sizeof(float)) };
	return plane->at != NULL;
}

void plane_free(struct plane *plane)
{
	free(plane->at);
	*plane = (struct plane){ 0 };
}

/* What part of source pixel `i` the span [from, to) covers. */
static double covered(uint32_t i, double from, double to)
{
	double first = fmax(from, i), last = fmin(to, i + 1.0);

	return last > first ? last - first : 0;
}

/* Rows become means of rows: to is as wide as from. */
static void reduce_rows(const struct plane *from, double scale, struct plane *to)
{
	for (uint32_t y = 0; y < to->height; y++) {
		double top = y / scale, low = fmin((y + 1) / scale, from->height);
		float *row = to->at + (size_t)y * to->width;

		for (uint32_t i = (uint32_t)top; i < from->height && i < low; i++) {
			float part = (float)(covered(i, top, low) / (low - top));
			const float *line = from->at + (size_t)i * from->width;

			for (uint32_t x = 0; x < to->width; x++)
				row[x] += part * line[x];
		}
	}
}

static void reduce_columns(const struct plane *from, double scale, struct plane *to)
{
	for (uint32_t x = 0; x < to->width; x++) {
		double left = x / scale, right = fmin((x + 1) / scale, from->width);

		for (uint32_t i = (uint32_t)left; i < from->width && i < right; i++) {
			float part = (float)(covered(i, left, right) / (right - left));

			for (uint32_t y = 0; y < to->height; y++)
				to->at[(size_t)y * to->width + x] += part *
					from->at[(size_t)y * from->width + i];
		}
	}
}

bool plane_reduce(const struct plane *from, struct plane_scale scale, struct plane *to)
{
	struct plane half;

	assert(scale.x > 0 && scale.x <= 1);
	assert(scale.y > 0 && scale.y <= 1);
	*to = (struct plane){ 0 };
	if (!plane_make(from->width, (uint32_t)ceil(from->height * scale.y - 1e-9), &half))
		return false;
	reduce_rows(from, scale.y, &half);
	bool made = plane_make((uint32_t)ceil(from->width * scale.x - 1e-9), half.height, to);

	if (made)
		reduce_columns(&half, scale.x, to);
	plane_free(&half);
	return made;
}

bool plane_halve(const struct plane *from, struct plane *to)
{
	assert(from->width >= 2 && from->height >= 2);
	if (!plane_make(from->width / 2, from->height / 2, to))
		return false;
	for (uint32_t y = 0; y < to->height; y++) {
		const float *high = from->at + (size_t)2 * y * from->width;
		const float *low = high + from->width;
		float *row = to->at + (size_t)y * to->width;

		for (size_t x = 0; x < to->width; x++)
			row[x] = (high[2 * x] + high[2 * x + 1] + low[2 * x] + low[2 * x + 1]) / 4;
	}
	return true;
}

/* Means of 2 radius + 1 pixels of a row, fewer at its ends. */
static void smooth_row(const float *row, uint32_t width, uint32_t radius, float *to)
{
	double sum = 0;
	uint32_t first = 0, end = 0;

	for (uint32_t x = 0; x < width; x++) {
		while (end < width && end <= x + radius)
			sum += row[end++];
		while (first + radius < x)
			sum -= row[first++];
		to[x] = (float)(sum / (end - first));
	}
}

static void add_row(float *sum, const float *row, uint32_t width, float sign)
{
	for (uint32_t x = 0; x < width; x++)
		sum[x] += sign * row[x];
}

bool plane_flatten(struct plane *plane, uint32_t radius)
{
	struct plane rows = { 0 }, sum = { 0 };
	uint32_t width = plane->width, first = 0, end = 0;
	bool made = plane_make(width, plane->height, &rows) && plane_make(width, 1, &sum);

	for (uint32_t y = 0; made && y < plane->height; y++)
		smooth_row(
			plane->at + (size_t)y * width, width, radius, rows.at + (size_t)y * width);
	for (uint32_t y = 0; made && y < plane->height; y++) {
		float *to = plane->at + (size_t)y * width;

		while (end < plane->height && end <= y + radius)
			add_row(sum.at, rows.at + (size_t)width * end++, width, 1);
		while (first + radius < y)
			add_row(sum.at, rows.at + (size_t)width * first++, width, -1);
		float count = (float)(end - first);

		for (uint32_t x = 0; x < width; x++)
			to[x] -= sum.at[x] / count;
	}
	plane_free(&rows);
	plane_free(&sum);
	return made;
}

bool plane_sums_make(const struct plane *plane, bool squares, struct plane_sums *sums)
{
	size_t stride = (size_t)plane->width + 1;

	*sums = (struct plane_sums){ plane->width, plane->height,
		calloc(stride * (plane->height + 1), sizeof(double)) };
	if (sums->at == NULL)
		return false;
	for (uint32_t y = 0; y < plane->height; y++) {
		const float *row = plane->at + (size_t)y * plane->width;
		const double *above = sums->at + y * stride;
		double *here = sums->at + (y + 1) * stride, sum = 0;

		for (uint32_t x = 0; x < plane->width; x++) {
			double v = row[x];

			sum += squares ? v * v : v;
			here[x + 1] = above[x + 1] + sum;
		}
	}
	return true;
}

void plane_sums_free(struct plane_sums *sums)
{
	free(sums->at);
	*sums = (struct plane_sums){ 0 };
}

double plane_sums_between(const struct plane_sums *sums, double x, double y)
{
	uint32_t left = (uint32_t)x, top = (uint32_t)y;
	uint32_t right = left < sums->width ? left + 1 : left;
	uint32_t low = top < sums->height ? top + 1 : top;
	double a = x - left, b = y - top;

	return (1 - b) *
		((1 - a) * plane_sums_at(sums, left, top) + a * plane_sums_at(sums, right, top)) +
		b *
		((1 - a) * plane_sums_at(sums, left, low) + a * plane_sums_at(sums, right, low));
}
