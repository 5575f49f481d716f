/* What is left of a picture when the page is subtracted, bit by bit. */
#include <math.h>

#include "glass/detect_bits.h"
#include "glass/detect_picture.h"

/* A run with less change than this by its shift, a squared luminance, shows nothing. */
static const double shift_energy_least = 8000;
/* Where a pixel counts as paper. */
static const float paper_least = 0.99F;
/* Paper is a little brighter or darker, in grey levels; a run is moved by half a shift either way. */
static const double paper_most = 10, shift_most = 1.5;

struct measure {
	const struct pyramid *picture;
	const struct detect_model *model; /* reduced by `scale` */
	const struct pose *pose;
	struct mark_cells cells;
	double scale, cell_width, cell_height; /* of the model's pixels */
	const struct plane *level;
	double shrink;
	double gain, offset; /* from the picture's values to the page's */
	/* Sums until they are divided by their weights: pixels of paper; squared change by a shift. */
	struct layer_bits paper, shift;
};

/* The picture's value at a pixel of the model. */
static bool value_at(const struct measure *m, uint32_t x, uint32_t y, float *value)
{
	double px = 0, py = 0;

	return pose_apply(m->pose, (x + 0.5) / m->scale, (y + 0.5) / m->scale, &px, &py) &&
		plane_sample(m->level, px / m->shrink, py / m->shrink, value);
}

/* Brings the picture's contrast to the page's, by all pixels of both. False: nothing of it is seen. */
static bool find_gain(struct measure *m)
{
	const struct plane *page = &m->model->middle;
	double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;

	for (uint32_t y = 0; y < page->height; y++)
		for (uint32_t x = 0; x < page->width; x++) {
			double p = page->at[(size_t)y * page->width + x];
			float v = 0;

			if (!value_at(m, x, y, &v))
				continue;
			n++;
			a += p;
			b += v;
			aa += p * p;
			bb += (double)v * v;
			ab += p * v;
		}
	if (n < 1)
		return false;
	double pp = aa - a * a / n, vv = bb - b * b / n;

	if (!(pp > 0 && vv > 0))
		return false;
	m->gain = sqrt(pp / vv) * (ab - a * b / n < 0 ? -1 : 1);
	m->offset = a / n - m->gain * b / n;
	return true;
}

static bool is_paper(const struct plane *paper, uint32_t x, uint32_t y)
{
	const float *at = paper->at + (size_t)y * paper->width + x;

	return at[0] > paper_least && at[1] > paper_least && at[-1] > paper_least &&
		at[paper->width] > paper_least && at[-(ptrdiff_t)paper->width] > paper_least;
}

static void add_pixel(struct measure *m, uint32_t x, uint32_t y)
{
	const struct detect_model *model = m->model;
	size_t at = (size_t)y * model->paper.width + x;
	size_t row = (size_t)((y + 0.5) / m->cell_height);
	size_t column = (size_t)((x + 0.5) / m->cell_width);
	float value = 0;

	if (row >= LIMIT_TILE_LINES || column >= LIMIT_TILE_COLUMNS || !value_at(m, x, y, &value))
		return;
	double v = m->gain * value + m->offset;

	if (is_paper(&model->paper, x, y)) {
		uint8_t bit = m->cells.column[MARK_PAPER][row][column];

		m->paper.value[row][bit] += v;
		m->paper.weight[row][bit]++;
	}
	double still = model->still.at[at], shifted = model->shifted.at[at];
	double change = shifted - still;
	uint8_t run = m->cells.column[MARK_SHIFT][row][column];

	if (change == 0 || run == MARK_NONE)
		return;
	m->shift.value[row][run] += change * (v - (still + shifted) / 2);
	m->shift.weight[row][run] += change * change;
}

/* Bits of less weight than `least` lose it; the others' sums become means. */
static void to_means(struct layer_bits *bits, double least)
{
	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			if (bits->weight[r][c] < least)
				bits->weight[r][c] = 0;
			else
				bits->value[r][c] /= bits->weight[r][c];
		}
}

static enum err_kind judge(struct measure *m, struct evidence *evidence, struct err *err)
{
	double area = m->cell_width * m->cell_height;

	m->paper.near.lines = 2;
	m->paper.near.columns = 6;
	m->paper.value_most = paper_most;
	to_means(&m->paper, area < 64 ? 2 : 4);
	m->shift.near.lines = 4;
	m->shift.near.columns = 14;
	m->shift.value_most = shift_most;
	/* The energy of a change grows with the area of a cell. */
	to_means(&m->shift, shift_energy_least * area / 128);
	if (detect_bits_judge(&m->paper, &evidence->layer[MARK_PAPER]) &&
		detect_bits_judge(&m->shift, &evidence->layer[MARK_SHIFT]))
		return OK;
	return err_set(err, ERR_LIMIT, "detect: no memory");
}

static enum err_kind measure(struct measure *m, struct evidence *evidence, struct err *err)
{
	double middle_x = m->model->paper.width / 2.0 / m->scale;
	double middle_y = m->model->paper.height / 2.0 / m->scale;
	size_t level = pyramid_level(
		m->picture, pose_scale(m->pose, middle_x, middle_y) / m->scale);

	m->level = &m->picture->level[level];
	m->shrink = (double)(1U << level);
	if (!find_gain(m))
		return err_set(err, ERR_NOT_FOUND, "detect: the page does not lie in the picture");
	for (uint32_t y = 1; y + 1 < m->model->paper.height; y++)
		for (uint32_t x = 1; x + 1 < m->model->paper.width; x++)
			add_pixel(m, x, y);
	return judge(m, evidence, err);
}

enum err_kind detect_measure(struct detector *d, const struct picture *picture,
	const struct detect_page *page, const struct registration *found, struct evidence *evidence,
	struct err *err)
{
	struct pyramid pyramid = { 0 };
	struct detect_model whole, model;
	struct pose pose;
	struct measure *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_set(err, ERR_LIMIT, "detect: no memory");
	enum err_kind rc = detect_pyramid_make(picture, &pyramid, err);

	if (rc != OK)
		goto out_state;
	rc = detect_model_make(d->atlas, page, &whole, err);
	if (rc != OK)
		goto out_pyramid;
	memcpy(pose.a, found->a, sizeof(found->a));
	pose.a[8] = 1;
	/* The page is never looked at more finely than the picture shows it. */
	double scale = pose_scale(&pose, whole.paper.width / 2.0, whole.paper.height / 2.0);

	*m = (struct measure){ .picture = &pyramid, .model = &model, .pose = &pose };
	m->scale = scale < 1 ? fmax(scale, 0.2) : 1;
	m->cell_width = atlas_cells[page->zoom].width * m->scale;
	m->cell_height = atlas_cells[page->zoom].height * m->scale;
	mark_cells(page->grid, &m->cells);
	if (detect_model_reduce(&whole, m->scale, &model))
		rc = measure(m, evidence, err);
	else
		rc = err_set(err, ERR_LIMIT, "detect: no memory to measure the picture");
	detect_model_free(&model);
	detect_model_free(&whole);
out_pyramid:
	detect_pyramid_free(&pyramid);
out_state:
	free(m);
	return rc;
}
