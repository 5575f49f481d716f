#include "glass/detect_align.h"

#include <assert.h>
#include <math.h>

enum {
	FREEDOM_MAX = ALIGN_PERSPECTIVE,
	/* So many edges say where a page lies; more cost time only. */
	POINTS_MAX = 40000,
	POINTS_LEAST = 48
};

/* A slope, squared, that stands out from the paper: luminance for a pixel. */
static const float slope_least = 36;
/* Keeps what a small crop cannot tell from running away; a part of each diagonal element. */
static const double damping = 1e-4;
/* The end: no corner of what is seen moves further, in pixels of the view. */
static const double still_px = 0.004;

bool pyramid_flatten(struct pyramid *picture)
{
	for (size_t i = 0; i < picture->count; i++)
		if (!plane_flatten(&picture->level[i], ALIGN_RADIUS))
			return false;
	return true;
}

static size_t count_edges(const struct plane *p, bool take, size_t every, struct align_view *view)
{
	size_t seen = 0, taken = 0;

	for (uint32_t y = 1; y + 1 < p->height; y++)
		for (uint32_t x = 1; x + 1 < p->width; x++) {
			const float *at = p->at + (size_t)y * p->width + x;
			float sx = (at[1] - at[-1]) / 2;
			float sy = (at[p->width] - at[-(ptrdiff_t)p->width]) / 2;

			if (sx * sx + sy * sy < slope_least || seen++ % every != 0)
				continue;
			if (take)
				view->points[taken] = (struct align_point){ (float)((x + 0.5) /
										    view->scale),
					(float)((y + 0.5) / view->scale), *at,
					(float)(sx * view->scale), (float)(sy * view->scale) };
			taken++;
		}
	return taken;
}

bool align_view_make(const struct plane *middle, double scale, struct align_view *view)
{
	*view = (struct align_view){ .scale = scale };
	if (!plane_reduce(middle, (struct plane_scale){ scale, scale }, &view->plane) ||
		!plane_flatten(&view->plane, ALIGN_RADIUS))
		return false;
	size_t count = count_edges(&view->plane, false, 1, view);
	/* Odd, so that no column of the text is preferred. */
	size_t every = (count / POINTS_MAX) | 1;

	view->points = calloc(count / every + 1, sizeof(view->points[0]));
	if (view->points == NULL)
		return false;
	view->point_count = count_edges(&view->plane, true, every, view);
	return true;
}

void align_view_free(struct align_view *view)
{
	plane_free(&view->plane);
	free(view->points);
	*view = (struct align_view){ 0 };
}

bool pose_apply(const struct pose *pose, double x, double y, double *px, double *py)
{
	const double *a = pose->a;
	double w = a[6] * x + a[7] * y + a[8];

	if (!(w > 1e-6))
		return false;
	*px = (a[0] * x + a[1] * y + a[2]) / w;
	*py = (a[3] * x + a[4] * y + a[5]) / w;
	return true;
}

double pose_scale(const struct pose *pose, double x, double y)
{
	double px[3], py[3];

	if (!pose_apply(pose, x, y, &px[0], &py[0]) ||
		!pose_apply(pose, x + 1, y, &px[1], &py[1]) ||
		!pose_apply(pose, x, y + 1, &px[2], &py[2]))
		return 1;
	double area = (px[1] - px[0]) * (py[2] - py[0]) - (px[2] - px[0]) * (py[1] - py[0]);

	return sqrt(fabs(area));
}

size_t pyramid_level(const struct pyramid *picture, double ratio)
{
	size_t level = 0;

	while (level + 1 < picture->count && ratio >= 2) {
		ratio /= 2;
		level++;
	}
	return level;
}

/* What one step of the alignment sees. */
struct sight {
	const struct plane *picture;
	double shrink; /* of that level */
	const struct align_view *view;
	/* The page's coordinates are taken relative to what is seen, so that the equations are well conditioned. */
	double centre_x, centre_y, size;
	size_t seen;
	/* Picture's value v becomes gain x v + offset, comparable with the page. */
	double gain, offset, correlation;
};

static bool see_point(
	const struct sight *s, const struct pose *pose, const struct align_point *p, float *value)
{
	double x = 0, y = 0;

	return pose_apply(pose, p->x, p->y, &x, &y) &&
		plane_sample(s->picture, x / s->shrink, y / s->shrink, value);
}

struct sums {
	double n, a, b, aa, bb, ab;
};

static void sums_add(struct sums *s, double a, double b)
{
	s->n++;
	s->a += a;
	s->b += b;
	s->aa += a * a;
	s->bb += b * b;
	s->ab += a * b;
}

static double sums_correlation(const struct sums *s)
{
	if (s->n < 2)
		return 0;
	double aa = s->aa - s->a * s->a / s->n, bb = s->bb - s->b * s->b / s->n;

	/* A picture of less than half a grey level shows nothing. */
	if (aa < s->n * 0.25 || bb < s->n * 0.25)
		return 0;
	return (s->ab - s->a * s->b / s->n) / sqrt(aa * bb);
}

/* How well both agree now, and how to bring the picture's values to the page's. False: too little is seen. */
static bool look(struct sight *s, const struct pose *pose)
{
	struct sums sums = { 0 };
	double x = 0, y = 0, left = 1e9, right = 0, top = 1e9, low = 0;

	for (size_t i = 0; i < s->view->point_count; i++) {
		const struct align_point *p = &s->view->points[i];
		float value = 0;

		if (!see_point(s, pose, p, &value))
			continue;
		sums_add(&sums, p->value, value);
		x += p->x;
		y += p->y;
		left = fmin(left, p->x);
		right = fmax(right, p->x);
		top = fmin(top, p->y);
		low = fmax(low, p->y);
	}
	s->seen = (size_t)sums.n;
	s->correlation = sums_correlation(&sums);
	if (s->seen < POINTS_LEAST || s->correlation == 0)
		return false;
	s->centre_x = x / sums.n;
	s->centre_y = y / sums.n;
	s->size = fmax(1, fmax(right - left, low - top) / 2);
	double spread = sqrt(
		(sums.aa - sums.a * sums.a / sums.n) / (sums.bb - sums.b * sums.b / sums.n));

	s->gain = s->correlation > 0 ? spread : -spread;
	s->offset = sums.a / sums.n - s->gain * sums.b / sums.n;
	return true;
}

/* How the page's value at a point changes with each parameter. x, y: relative to what is seen. */
static void point_columns(const struct align_point *p, double x, double y, double size,
	enum align_freedom freedom, double column[FREEDOM_MAX])
{
	double sx = p->slope_x * size, sy = p->slope_y * size;

	if (freedom == ALIGN_SIMILAR) {
		column[0] = sx * x + sy * y;
		column[1] = sy * x - sx * y;
		column[2] = sx;
		column[3] = sy;
		return;
	}
	column[0] = sx * x;
	column[1] = sx * y;
	column[2] = sx;
	column[3] = sy * x;
	column[4] = sy * y;
	column[5] = sy;
	if (freedom == ALIGN_PERSPECTIVE) {
		double along = sx * x + sy * y;

		column[6] = -along * x;
		column[7] = -along * y;
	}
}

struct equations {
	double matrix[FREEDOM_MAX][FREEDOM_MAX], right[FREEDOM_MAX];
};

static void gather(const struct sight *s, const struct pose *pose, enum align_freedom freedom,
	struct equations *eq)
{
	double column[FREEDOM_MAX] = { 0 };

	*eq = (struct equations){ 0 };
	for (size_t i = 0; i < s->view->point_count; i++) {
		const struct align_point *p = &s->view->points[i];
		float value = 0;

		if (!see_point(s, pose, p, &value))
			continue;
		double miss = s->gain * value + s->offset - p->value;

		point_columns(p, (p->x - s->centre_x) / s->size, (p->y - s->centre_y) / s->size,
			s->size, freedom, column);
		for (int r = 0; r < (int)freedom; r++) {
			for (int c = 0; c <= r; c++)
				eq->matrix[r][c] += column[r] * column[c];
			eq->right[r] += column[r] * miss;
		}
	}
}

/* By Cholesky's factors, in place; right becomes the solution. False when they do not exist. */
static bool solve(struct equations *eq, int n)
{
	for (int r = 0; r < n; r++) {
		eq->matrix[r][r] *= 1 + damping;
		for (int c = 0; c <= r; c++) {
			double sum = eq->matrix[r][c];

			for (int k = 0; k < c; k++)
				sum -= eq->matrix[r][k] * eq->matrix[c][k];
			if (c < r)
				eq->matrix[r][c] = sum / eq->matrix[c][c];
			else if (sum <= 1e-12)
				return false;
			else
				eq->matrix[r][r] = sqrt(sum);
		}
	}
	for (int r = 0; r < n; r++) {
		for (int k = 0; k < r; k++)
			eq->right[r] -= eq->matrix[r][k] * eq->right[k];
		eq->right[r] /= eq->matrix[r][r];
	}
	for (int r = n - 1; r >= 0; r--) {
		for (int k = r + 1; k < n; k++)
			eq->right[r] -= eq->matrix[k][r] * eq->right[k];
		eq->right[r] /= eq->matrix[r][r];
	}
	return true;
}

static struct pose pose_product(const struct pose *a, const struct pose *b)
{
	struct pose c = { { 0 } };

	for (int r = 0; r < 3; r++)
		for (int k = 0; k < 3; k++)
			for (int j = 0; j < 3; j++)
				c.a[3 * r + j] += a->a[3 * r + k] * b->a[3 * k + j];
	return c;
}

static bool pose_inverse(const struct pose *p, struct pose *inverse)
{
	const double *a = p->a;
	struct pose c = { { a[4] * a[8] - a[5] * a[7], a[2] * a[7] - a[1] * a[8],
		a[1] * a[5] - a[2] * a[4], a[5] * a[6] - a[3] * a[8], a[0] * a[8] - a[2] * a[6],
		a[2] * a[3] - a[0] * a[5], a[3] * a[7] - a[4] * a[6], a[1] * a[6] - a[0] * a[7],
		a[0] * a[4] - a[1] * a[3] } };
	double determinant = a[0] * c.a[0] + a[1] * c.a[3] + a[2] * c.a[6];

	if (!(fabs(determinant) > 1e-12))
		return false;
	for (int i = 0; i < 9; i++)
		c.a[i] /= determinant;
	*inverse = c;
	return true;
}

/* The pose after a step. step is a warp of the page, in coordinates relative to what is seen. */
static bool compose(const struct sight *s, const double step[FREEDOM_MAX],
	enum align_freedom freedom, struct pose *pose)
{
	struct pose warp = { { 1 + step[0], step[1], step[2], step[3], 1 + step[4], step[5], 0, 0,
		1 } };
	const struct pose in = { { 1 / s->size, 0, -s->centre_x / s->size, 0, 1 / s->size,
		-s->centre_y / s->size, 0, 0, 1 } };
	const struct pose out = { { s->size, 0, s->centre_x, 0, s->size, s->centre_y, 0, 0, 1 } };
	struct pose back;

	if (freedom == ALIGN_SIMILAR)
		warp = (struct pose){ { 1 + step[0], -step[1], step[2], step[1], 1 + step[0],
			step[3], 0, 0, 1 } };
	if (freedom == ALIGN_PERSPECTIVE) {
		warp.a[6] = step[6];
		warp.a[7] = step[7];
	}
	if (!pose_inverse(&warp, &back))
		return false;
	struct pose moved = pose_product(pose, &out);

	moved = pose_product(&moved, &back);
	moved = pose_product(&moved, &in);
	if (!(fabs(moved.a[8]) > 1e-9))
		return false;
	for (int i = 0; i < 9; i++)
		pose->a[i] = moved.a[i] / moved.a[8];
	return true;
}

bool align_pose(const struct pyramid *picture, const struct align_view *view,
	enum align_freedom freedom, int steps, struct pose *pose, double *correlation)
{
	double middle_x = view->plane.width / view->scale / 2;
	double middle_y = view->plane.height / view->scale / 2;
	size_t level = pyramid_level(
		picture, pose_scale(pose, middle_x, middle_y) / view->scale * 1.4);
	struct sight s = {
		.picture = &picture->level[level], .shrink = (double)(1U << level), .view = view
	};
	struct pose now = *pose, best = *pose;
	double best_correlation = 0;
	struct equations eq;

	for (int i = 0; i <= steps; i++) {
		if (!look(&s, &now))
			break;
		if (fabs(s.correlation) > fabs(best_correlation)) {
			best_correlation = s.correlation;
			best = now;
		}
		gather(&s, &now, freedom, &eq);
		if (i == steps || !solve(&eq, (int)freedom))
			break;
		double largest = 0;

		for (int k = 0; k < (int)freedom; k++)
			largest = fmax(largest, fabs(eq.right[k]));
		if (!(largest < 0.5) || !compose(&s, eq.right, freedom, &now))
			break;
		if (largest * s.size * view->scale < still_px)
			break;
	}
	*pose = best;
	*correlation = best_correlation;
	return best_correlation != 0;
}

double align_correlation(const struct pyramid *picture, const struct align_view *view,
	const struct pose *pose, double *pixels)
{
	double middle_x = view->plane.width / view->scale / 2;
	double middle_y = view->plane.height / view->scale / 2;
	size_t level = pyramid_level(
		picture, pose_scale(pose, middle_x, middle_y) / view->scale * 1.4);
	double shrink = (double)(1U << level);
	struct sums sums = { 0 };
	/* What lies beside the page has changed the picture near its edge, in flattening. */
	uint32_t margin_x = view->plane.width > 4 * ALIGN_RADIUS ? ALIGN_RADIUS : 0;
	uint32_t margin_y = view->plane.height > 4 * ALIGN_RADIUS ? ALIGN_RADIUS : 0;

	for (uint32_t y = margin_y; y + margin_y < view->plane.height; y++)
		for (uint32_t x = margin_x; x + margin_x < view->plane.width; x++) {
			double px = 0, py = 0;
			float value = 0;

			if (pose_apply(pose, (x + 0.5) / view->scale, (y + 0.5) / view->scale, &px,
				    &py) &&
				plane_sample(
					&picture->level[level], px / shrink, py / shrink, &value))
				sums_add(&sums, view->plane.at[(size_t)y * view->plane.width + x],
					value);
		}
	*pixels = sums.n / (view->scale * view->scale);
	return sums_correlation(&sums);
}
