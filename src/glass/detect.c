#include "glass/detect.h"

#include <assert.h>
#include <math.h>

#include "glass/detect_picture.h"
#include "glass/detect_repeat.h"

enum {
	PICTURE_SIDE_LEAST = 8,
	/* A picture of more lines than these shows so much that no other place fits it. */
	REPEAT_LINES_MOST = 58,
	/* The search looks at a picture of at most so many pixels. */
	SEARCH_PIXELS = 2 << 20,
	STEPS = 12
};

/* Of the picture with the page, below which it is not this page. */
static const double correlation_least = 0.30;
/* Above which nothing else is tried. */
static const double correlation_sure = 0.80;
/* Above which the page lies there: only a better angle is looked for, about as large. */
static const double correlation_near = 0.50;
static const double near_scale = 1.15;
/* Most pictures of a page are about as wide as the page: the first guess, in widths of the picture. */
static const struct search_scales guess_widths = { 0.8, 1.05 };
/* Held upright, on a side or upside down: that is tried at the first guess only. */
static const double quarters_degrees[] = { 0, 90, -90, 180 };
/* Angles that a page may be turned by; the alignment bridges what lies between. */
static const double angles_degrees[] = { 0, -2, 2, -4, 4 };
enum {
	QUARTERS = sizeof(quarters_degrees) / sizeof(quarters_degrees[0]),
	ANGLES = sizeof(angles_degrees) / sizeof(angles_degrees[0])
};

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

/* Lines of the page that the picture shows, when it lies so. */
static double lines_seen(const struct scene *scene, const struct pose *pose)
{
	const struct plane *picture = &scene->picture->level[0];
	double scale = pose_scale(pose, scene->middle->width / 2.0, scene->middle->height / 2.0);
	bool lies = fabs(pose->a[3]) > fabs(pose->a[0]);

	return fmin(
		GRID_FOOT, (lies ? picture->width : picture->height) / scale / scene->cell.height);
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

/* The one candidate that is left, at finer views; the finest is the one whose pixels are as large as the picture's. */
static bool sharpen(struct scene *scene, size_t from, struct candidates *c, double *correlation)
{
	double scale = pose_scale(
		&c->best[0].pose, scene->middle->width / 2.0, scene->middle->height / 2.0);

	for (size_t i = from; i < VIEWS; i++) {
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

/* From candidates to one pose. */
static bool settle(struct scene *scene, struct candidates *c, double *correlation)
{
	double lines = lines_seen(scene, &c->best[0].pose);
	size_t first = lines > 24 ? 0 : lines > 5 ? 1 : 2;

	return refine(scene, first, ALIGN_SIMILAR, SEARCH_CANDIDATES, c) &&
		refine(scene, first + 1, ALIGN_AFFINE, 4, c) &&
		refine(scene, first + 2, ALIGN_PERSPECTIVE, 1, c) &&
		sharpen(scene, first + 3, c, correlation);
}

struct finding {
	struct pose pose;
	double correlation; /* 0: nothing found */
};

/* One angle; a better place replaces *best. False without memory. */
static bool try_angle(
	struct scene *scene, double degrees, struct search_scales scales, struct finding *best)
{
	struct candidates found = { 0 };
	double r = 0;

	if (!search_angle(scene->search, &scene->searched, degrees * M_PI / 180, scales, &found))
		return false;
	if (found.count == 0)
		return true;
	if (!settle(scene, &found, &r))
		return false;
	if (fabs(r) > fabs(best->correlation))
		*best = (struct finding){ found.best[0].pose, r };
	return true;
}

/* A page as wide as the picture. *quarter: how it is held. False without memory. */
static bool guess(struct scene *scene, double *quarter, struct finding *best)
{
	const struct plane *picture = &scene->picture->level[0];

	*quarter = 0;
	for (size_t i = 0; i < QUARTERS && fabs(best->correlation) < correlation_near; i++) {
		uint32_t across = quarters_degrees[i] * quarters_degrees[i] == 90 * 90
			? picture->height
			: picture->width;
		double width = (double)across / scene->middle->width;

		if (!try_angle(scene, quarters_degrees[i],
			    (struct search_scales){
				    guess_widths.least * width, guess_widths.most * width },
			    best))
			return false;
		if (fabs(best->correlation) >= correlation_near)
			*quarter = quarters_degrees[i];
	}
	return true;
}

/* As wide as the picture, then at any scale and other angles, until one is sure. best: nothing found so far. */
static bool find_pose(struct scene *scene, struct finding *best)
{
	double quarter;

	if (!guess(scene, &quarter, best))
		return false;
	for (size_t i = 0; i < ANGLES && fabs(best->correlation) < correlation_sure; i++) {
		struct search_scales scales = search_all_scales;

		if (fabs(best->correlation) >= correlation_near) {
			double scale = pose_scale(&best->pose, scene->middle->width / 2.0,
				scene->middle->height / 2.0);

			scales = (struct search_scales){ scale / near_scale, scale * near_scale };
		}
		if (!try_angle(scene, quarter + angles_degrees[i], scales, best))
			return false;
	}
	return true;
}

/*
 * The same text may stand several times on a page: moves the pose to the lines that agree best, and tells which others
 * agree as well. False without memory.
 */
static bool find_repeats(struct scene *scene, struct finding *best, struct registration *found)
{
	const struct align_view *coarse = scene_view(scene, VIEWS - 3);
	const struct align_view *fine = scene_view(scene, VIEWS - 2);
	struct repeats repeats;

	found->repeat_count = 0;
	if (coarse == NULL || fine == NULL)
		return false;
	if (lines_seen(scene, &best->pose) > REPEAT_LINES_MOST)
		return true;
	repeats_find(scene->picture, coarse, fine, scene->cell.height, &best->pose, &repeats);
	int first = repeats.lines[0];

	if (first != 0) {
		struct candidates moved = { 1,
			{ { repeats_pose(&best->pose, first * (double)scene->cell.height), 0 } } };

		if (!sharpen(scene, VIEWS - 2, &moved, &best->correlation))
			return false;
		best->pose = moved.best[0].pose;
	}
	for (size_t i = 1; i < repeats.count; i++)
		found->repeats[found->repeat_count++] = (int8_t)(repeats.lines[i] - first);
	return true;
}

void detect_repeat(const struct registration *found, enum glass_zoom zoom, size_t repeat,
	struct registration *place)
{
	struct pose pose;

	assert(repeat < found->repeat_count);
	memcpy(pose.a, found->a, sizeof(found->a));
	pose.a[8] = 1;
	pose = repeats_pose(&pose, found->repeats[repeat] * (double)atlas_cells[zoom].height);
	*place = *found;
	memcpy(place->a, pose.a, sizeof(place->a));
	place->repeat_count = 0;
}

enum err_kind detect_register(struct detector *d, const struct picture *picture,
	const struct detect_page *page, struct registration *found, struct err *err)
{
	struct pyramid pyramid = { 0 };
	struct detect_model model;
	struct scene scene;
	struct finding best = { 0 };
	enum err_kind rc = detect_pyramid_make(picture, &pyramid, err);

	if (rc != OK)
		return rc;
	rc = detect_model_make(d->atlas, page, &model, err);
	if (rc != OK) {
		detect_pyramid_free(&pyramid);
		return rc;
	}
	if (!scene_make(&pyramid, &model.middle, page->zoom, &scene) || !find_pose(&scene, &best) ||
		(best.correlation != 0 && !find_repeats(&scene, &best, found)))
		rc = err_set(err, ERR_LIMIT, "detect: no memory to compare page and picture");
	else if (fabs(best.correlation) < correlation_least)
		rc = err_set(err, ERR_NOT_FOUND, "detect: this page is not in this picture");
	if (rc == OK) {
		memcpy(found->a, best.pose.a, sizeof(found->a));
		found->correlation = fabs(best.correlation);
		found->inverted = best.correlation < 0;
	}
	scene_free(&scene);
	detect_model_free(&model);
	detect_pyramid_free(&pyramid);
	return rc;
}
