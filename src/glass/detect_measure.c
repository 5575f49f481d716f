/* What is left of a picture when the page is subtracted, bit by bit. */
#include <math.h>

#include "glass/detect.h"
#include "glass/detect_picture.h"

enum {
	/* A cell's neighbourhood, in cells on each side: its mean is taken off. */
	NEAR_ROWS = 2,
	NEAR_COLUMNS = 5,
	/* Runs so far away, in cells, still tell how a run is displaced by registration alone. */
	NEAR_RUN_ROWS = 4,
	NEAR_RUN_COLUMNS = 14
};

/* Values further out than so many deviations are clipped: a speck of dirt is not evidence. */
static const double paper_clip = 2;
/* A run moved by more than a whole shift either way says no more than one moved by a shift. */
static const double shift_clip = 1;
/* A run with less change than this by its shift, a squared luminance, shows nothing. */
static const double shift_energy_least = 8000;
/* Where a pixel counts as paper. */
static const float paper_least = 0.99F;

typedef double cell_values[LIMIT_TILE_LINES][LIMIT_TILE_COLUMNS];

/* Sums of a cell (paper) or of a bit (shift). */
struct cell_sums {
	cell_values sum, weight;
};

struct measure {
	const struct pyramid *picture;
	const struct detect_model *model; /* reduced by `scale` */
	const struct pose *pose;
	struct mark_cells cells;
	double scale, cell_width, cell_height; /* of the model's pixels */
	const struct plane *level;
	double shrink;
	double gain, offset; /* from the picture's values to the page's */
	struct cell_sums paper, shift;
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
		m->paper.sum[row][column] += v;
		m->paper.weight[row][column]++;
	}
	double still = model->still.at[at], shifted = model->shifted.at[at];
	double change = shifted - still;
	uint8_t run = m->cells.column[MARK_SHIFT][row][column];

	if (change == 0 || run == MARK_NONE)
		return;
	m->shift.sum[row][run] += change * (v - (still + shifted) / 2);
	m->shift.weight[row][run] += change * change;
}

static double clip(double v, double most)
{
	return v > most ? most : v < -most ? -most : v;
}

/* The mean of what lies around a cell: of rows and columns so far away, where `of` has weight. */
struct around {
	size_t rows, columns;
};
static double mean_around(
	const struct cell_sums *cells, struct around around, size_t row, size_t column)
{
	size_t top = row > around.rows ? row - around.rows : 0;
	size_t left = column > around.columns ? column - around.columns : 0;
	double sum = 0, n = 0;

	for (size_t r = top; r <= row + around.rows && r < LIMIT_TILE_LINES; r++)
		for (size_t c = left; c <= column + around.columns && c < LIMIT_TILE_COLUMNS; c++)
			if (cells->weight[r][c] > 0) {
				sum += cells->sum[r][c];
				n++;
			}
	return n > 0 ? sum / n : 0;
}

/* Cells with fewer pixels of paper than `least` lose their weight; the others' sums become means. */
static void to_means(struct cell_sums *cells, double least)
{
	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			if (cells->weight[r][c] < least)
				cells->weight[r][c] = 0;
			else
				cells->sum[r][c] /= cells->weight[r][c];
		}
}

static void finish_layer(struct evidence_layer *layer)
{
	layer->energy = 0;
	layer->bits = 0;
	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			double v = layer->value[r][c];

			layer->energy += v * v;
			layer->bits += v != 0;
		}
}

/* Paper: a cell's mean against its neighbours', clipped, added up over the cells of a bit. */
static void paper_evidence(struct measure *m, struct evidence_layer *layer)
{
	static const struct around around = { NEAR_ROWS, NEAR_COLUMNS };
	cell_values left;
	double squares = 0, n = 0;
	/* The sign of the gain tells whether high paper is the brighter one in this picture: v has it already. */
	double least = m->scale * m->cell_width < 6 ? 2 : 4;

	to_means(&m->paper, least);
	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			if (m->paper.weight[r][c] == 0)
				continue;
			left[r][c] = m->paper.sum[r][c] - mean_around(&m->paper, around, r, c);
			squares += left[r][c] * left[r][c];
			n++;
		}
	double deviation = n > 0 ? sqrt(squares / n) : 0;

	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			if (m->paper.weight[r][c] == 0)
				continue;
			layer->value[r][m->cells.column[MARK_PAPER][r][c]] +=
				clip(left[r][c], paper_clip * deviation) *
				sqrt(m->paper.weight[r][c]);
		}
}

/* Shift: how far a run is moved, in shifts, against the runs around it; half a shift is the mean. */
static void shift_evidence(struct measure *m, struct evidence_layer *layer)
{
	static const struct around around = { NEAR_RUN_ROWS, NEAR_RUN_COLUMNS };

	/* The energy of a change grows with the area of a cell. */
	to_means(&m->shift, shift_energy_least * m->cell_width * m->cell_height / 128);
	for (size_t r = 0; r < LIMIT_TILE_LINES; r++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			if (m->shift.weight[r][c] == 0)
				continue;
			double mean = mean_around(&m->shift, around, r, c);

			layer->value[r][c] = clip(m->shift.sum[r][c] - mean, shift_clip);
		}
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
	memset(evidence, 0, sizeof(*evidence));
	paper_evidence(m, &evidence->layer[MARK_PAPER]);
	shift_evidence(m, &evidence->layer[MARK_SHIFT]);
	for (size_t i = 0; i < MARK_LAYERS; i++)
		finish_layer(&evidence->layer[i]);
	return OK;
}

enum err_kind detect_measure(struct detector *d, const struct picture *picture,
	const struct detect_page *page, const struct registration *found, struct evidence *evidence,
	struct err *err)
{
	struct pyramid pyramid;
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
