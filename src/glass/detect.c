#include "glass/detect.h"

#include <math.h>

#include "glass/detect_picture.h"

enum {
	PICTURE_SIDE_LEAST = 8,
	/* The search looks at a picture of at most so many pixels. */
	SEARCH_PIXELS = 2 << 20,
	STEPS = 12
};

/* Of the picture with the page, below which it is not this page. */
static const double correlation_least = 0.30;
/* Above which no other angle is tried. */
static const double correlation_sure = 0.80;
/* Angles that a page may be turned by; the alignment bridges what lies between. */
static const double angles_degrees[] = { -2, 2, -4, 4 };

enum err_kind detector_open(const struct atlas *atlas, struct detector **d, struct err *err)
{
	struct detector *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return err_set(err, ERR_LIMIT, "detect: no memory");
	made->atlas = atlas;
	*d = made;
	return OK;
}

void detector_close(struct detector *d)
{
	free(d);
}

void detect_pyramid_free(struct pyramid *pyramid)
{
	for (size_t i = 0; i < pyramid->count; i++)
		plane_free(&pyramid->level[i]);
	pyramid->count = 0;
}

static bool has_contrast(const struct picture *picture)
{
	size_t count = (size_t)picture->width * picture->height;
	uint8_t least = 255, most = 0;

	for (size_t i = 0; i < count; i++) {
		least = picture->luma[i] < least ? picture->luma[i] : least;
		most = picture->luma[i] > most ? picture->luma[i] : most;
	}
	return most - least >= 4;
}

enum err_kind detect_pyramid_make(
	const struct picture *picture, struct pyramid *pyramid, struct err *err)
{
	uint64_t pixels = (uint64_t)picture->width * picture->height;

	if (picture->width < PICTURE_SIDE_LEAST || picture->height < PICTURE_SIDE_LEAST)
		return err_set(err, ERR_INPUT, "detect: a picture of %u x %u pixels shows no code",
			(unsigned)picture->width, (unsigned)picture->height);
	if (pixels > LIMIT_PICTURE_PIXELS)
		return err_set(err, ERR_LIMIT, "detect: a picture may have %u pixels at most",
			LIMIT_PICTURE_PIXELS);
	if (!has_contrast(picture))
		return err_set(err, ERR_INPUT, "detect: the picture is of one colour");
	*pyramid = (struct pyramid){ .count = 1 };
	bool made = plane_make(picture->width, picture->height, &pyramid->level[0]);

	for (size_t i = 0; made && i < pixels; i++)
		pyramid->level[0].at[i] = picture->luma[i];
	while (made && pyramid->count < PYRAMID_LEVELS) {
		const struct plane *last = &pyramid->level[pyramid->count - 1];

		if (last->width < 2 * PICTURE_SIDE_LEAST || last->height < 2 * PICTURE_SIDE_LEAST)
			break;
		made = plane_halve(last, &pyramid->level[pyramid->count]);
		pyramid->count++;
	}
	if (made)
		return OK;
	detect_pyramid_free(pyramid);
	return err_set(err, ERR_LIMIT, "detect: no memory for the picture");
}

/* All that registration has at hand. */
struct scene {
	const struct pyramid *picture;
	struct search *search;
	struct search_picture searched; /* one level of it */
	/* The page at a sixteenth, an eighth, a quarter, a half, one: of what the picture shows, at most. */
	struct align_view views[5];
	const struct plane *middle;
	struct search_cell cell;
};

enum { VIEWS = sizeof(((struct scene *)0)->views) / sizeof(struct align_view) };

static bool scene_make(struct pyramid *picture, const struct plane *middle, enum glass_zoom zoom,
	struct scene *scene)
{
	size_t level = 0;

	*scene = (struct scene){ .picture = picture, .middle = middle };
	scene->cell = (struct search_cell){ atlas_cells[zoom].width, atlas_cells[zoom].height };
	while (level + 1 < picture->count &&
		(uint64_t)picture->level[level].width * picture->level[level].height >
			SEARCH_PIXELS)
		level++;
	scene->searched.shrink = (double)(1U << level);
	return search_open(middle, scene->cell, &scene->search) &&
		plane_sums_make(&picture->level[level], false, &scene->searched.sums) &&
		plane_sums_make(&picture->level[level], true, &scene->searched.squares) &&
		pyramid_flatten(picture);
}

static void scene_free(struct scene *scene)
{
	search_close(scene->search);
	plane_sums_free(&scene->searched.sums);
	plane_sums_free(&scene->searched.squares);
	for (size_t i = 0; i < VIEWS; i++)
		align_view_free(&scene->views[i]);
}

/* The page at a scale of 1/16 to 1, made when first needed. NULL without memory. */
static const struct align_view *scene_view(struct scene *scene, size_t i)
{
	struct align_view *view = &scene->views[i];

	/* A page of larger cells has as much more to shrink. */
	double scale = fmin(1, ldexp(8.0 / scene->cell.width, (int)i) / 16);

	if (view->points == NULL && !align_view_make(scene->middle, scale, view)) {
		align_view_free(view);
		return NULL;
	}
	return view;
}

/* How much freedom so many lines of a page can bear. */
static enum align_freedom freedom_for(double lines)
{
	return lines < 4 ? ALIGN_SIMILAR : lines < 14 ? ALIGN_AFFINE : ALIGN_PERSPECTIVE;
}

static void sort_candidates(struct candidates *c)
{
	for (size_t i = 1; i < c->count; i++) {
		struct candidate kept = c->best[i];
		size_t at = i;

		for (; at > 0 && c->best[at - 1].score < kept.score; at--)
			c->best[at] = c->best[at - 1];
		c->best[at] = kept;
	}
}

/*
 * Lines of the page that the picture shows, when it lies so.
 */
static double lines_seen(const struct scene *scene, const struct pose *pose)
{
	double scale = pose_scale(pose, scene->middle->width / 2.0, scene->middle->height / 2.0);

	return fmin(GRID_FOOT, scene->picture->level[0].height / scale / scene->cell.height);
}

/* Aligns each candidate at one view, and keeps the best. False without memory. */
static bool refine(struct scene *scene, size_t view_index, enum align_freedom freedom_most,
	size_t keep, struct candidates *c)
{
	const struct align_view *view = scene_view(scene, view_index);

	if (view == NULL)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		struct candidate *one = &c->best[i];
		enum align_freedom freedom = freedom_for(lines_seen(scene, &one->pose));
		double edges = 0, pixels = 0;

		if (freedom > freedom_most)
			freedom = freedom_most;
		align_pose(scene->picture, view, freedom, STEPS, &one->pose, &edges);
		double r = align_correlation(scene->picture, view, &one->pose, &pixels);

		one->score = -pixels * log1p(-fmin(r * r, 0.999999));
	}
	sort_candidates(c);
	c->count = c->count < keep ? c->count : keep;
	return true;
}

/* From candidates to one pose. The finest view is the one whose pixels are as large as the picture's. */
static bool settle(struct scene *scene, struct candidates *c, double *correlation)
{
	double lines = lines_seen(scene, &c->best[0].pose);
	size_t first = lines > 24 ? 0 : lines > 5 ? 1 : 2;

	if (!refine(scene, first, ALIGN_SIMILAR, SEARCH_CANDIDATES, c) ||
		!refine(scene, first + 1, ALIGN_AFFINE, 4, c) ||
		!refine(scene, first + 2, ALIGN_PERSPECTIVE, 1, c))
		return false;
	double scale = pose_scale(
		&c->best[0].pose, scene->middle->width / 2.0, scene->middle->height / 2.0);

	for (size_t i = first + 3; i < VIEWS; i++) {
		const struct align_view *view = scene_view(scene, i);

		if (view == NULL)
			return false;
		if (view->scale > 1.5 * scale)
			break;
		if (!refine(scene, i, ALIGN_PERSPECTIVE, 1, c))
			return false;
	}
	const struct align_view *view = scene_view(scene, VIEWS - 2);
	double pixels = 0;

	if (view == NULL)
		return false;
	*correlation = align_correlation(scene->picture, view, &c->best[0].pose, &pixels);
	return true;
}

/* Tries angles, the upright one first, until one is sure. correlation 0: nothing found. */
static bool find_pose(struct scene *scene, struct pose *pose, double *correlation)
{
	*correlation = 0;
	for (size_t i = 0; i <= sizeof(angles_degrees) / sizeof(angles_degrees[0]); i++) {
		double degrees = i == 0 ? 0 : angles_degrees[i - 1], r = 0;
		struct candidates found = { 0 };

		if (!search_angle(scene->search, &scene->searched, degrees * M_PI / 180, &found))
			return false;
		if (found.count == 0)
			continue;
		if (!settle(scene, &found, &r))
			return false;
		if (fabs(r) > fabs(*correlation)) {
			*correlation = r;
			*pose = found.best[0].pose;
		}
		if (fabs(*correlation) > correlation_sure)
			break;
	}
	return true;
}

enum err_kind detect_register(struct detector *d, const struct picture *picture,
	const struct detect_page *page, struct registration *found, struct err *err)
{
	struct pyramid pyramid = { 0 };
	struct detect_model model;
	struct scene scene;
	struct pose pose = { { 0 } };
	double correlation = 0;
	enum err_kind rc = detect_pyramid_make(picture, &pyramid, err);

	if (rc != OK)
		return rc;
	rc = detect_model_make(d->atlas, page, &model, err);
	if (rc != OK) {
		detect_pyramid_free(&pyramid);
		return rc;
	}
	if (!scene_make(&pyramid, &model.middle, page->zoom, &scene) ||
		!find_pose(&scene, &pose, &correlation))
		rc = err_set(err, ERR_LIMIT, "detect: no memory to compare page and picture");
	else if (fabs(correlation) < correlation_least)
		rc = err_set(err, ERR_NOT_FOUND, "detect: this page is not in this picture");
	if (rc == OK) {
		memcpy(found->a, pose.a, sizeof(found->a));
		found->correlation = fabs(correlation);
		found->inverted = correlation < 0;
	}
	scene_free(&scene);
	detect_model_free(&model);
	detect_pyramid_free(&pyramid);
	return rc;
}
