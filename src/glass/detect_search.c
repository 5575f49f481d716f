#include "glass/detect_search.h"

#include <assert.h>
#include <math.h>

const struct search_scales search_all_scales = { 0.32, 3.1 };
/* Less spread than this (of 255) is taken for an empty map. */
static const double spread_least = 1.5;

/* A box of fewer pixels, either way from its middle, does not spread. */
static const double box_half_least = 1.25;

enum {
	PEAKS = 3,
	/* Shifts closer than this belong to one peak. */
	PEAK_APART = 2,
	TRANSFORMS_MAX = 24,
	/* A picture of fewer cells shows nothing that could be told apart. */
	CELLS_LEAST = 12
};

/*
 * How finely the maps are made: parts of a cell on each side, the fewest lines of a picture that this is meant
 * for, and the step from one scale to the next that leaves a page's ends within about one part.
 */
static const struct fineness {
	uint32_t parts;
	double lines_least, step;
} finenesses[] = { { 1, 24, 1.03 }, { 2, 5, 1.02 }, { 4, 0, 1.012 } };

enum { FINENESSES = sizeof(finenesses) / sizeof(finenesses[0]) };

struct transform {
	size_t fineness;
	struct fft fft;
};

struct search {
	struct search_cell cell;
	struct plane map[FINENESSES];
	struct plane_sums sums[FINENESSES], squares[FINENESSES];
	double mean[FINENESSES];
	struct transform transforms[TRANSFORMS_MAX]; /* of the page's maps */
	size_t transform_count;
};

static double mean_of(const struct plane_sums *sums)
{
	return plane_sums_at(sums, sums->width, sums->height) /
		((double)sums->width * sums->height);
}

/* One try: the page at this scale and angle. */
struct hypothesis {
	double scale, angle; /* the picture's pixels (unshrunk) for one of the page */
	size_t fineness;
	double part_x, part_y; /* the page's pixels of one element of a map */
	double left, top; /* where the picture begins, in the page's pixels, before any shift */
	uint32_t width, height; /* of the picture's map */
};

/* Its map would be as large as this; false: nothing to compare. */
static bool lay_out(
	const struct search *s, const struct search_picture *picture, struct hypothesis *h)
{
	double width = picture->sums.width * picture->shrink / h->scale;
	double height = picture->sums.height * picture->shrink / h->scale;
	double c = cos(h->angle), n = sin(h->angle);
	/* The picture's corners, turned back. */
	double right = fmax(0, width * c) + fmax(0, height * n);
	double left = fmin(0, width * c) + fmin(0, height * n);
	double top = fmin(0, -width * n) + fmin(0, height * c);
	double low = fmax(0, -width * n) + fmax(0, height * c);

	h->left = left;
	h->top = top;
	h->part_x = (double)s->cell.width / finenesses[h->fineness].parts;
	h->part_y = (double)s->cell.height / finenesses[h->fineness].parts;
	double columns = (right - left) / h->part_x, rows = (low - top) / h->part_y;

	if (columns < 4 || rows < 1 || columns > FFT_SIDE_MAX || rows > FFT_SIDE_MAX)
		return false;
	h->width = (uint32_t)columns;
	h->height = (uint32_t)rows;
	uint32_t parts = finenesses[h->fineness].parts;

	return h->width * h->height >= CELLS_LEAST * parts * parts;
}

static double clamp(double v, double most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

/* Grey values of a box: how far they spread, as a standard deviation. */
struct box {
	double x, y, half_width, half_height;
};

static double box_sum(const struct plane_sums *s, double left, double top, double right, double low)
{
	return plane_sums_between(s, right, low) - plane_sums_between(s, left, low) -
		plane_sums_between(s, right, top) + plane_sums_between(s, left, top);
}

/* 0 when the box's middle lies outside. */
static double box_spread(
	const struct plane_sums *sums, const struct plane_sums *squares, const struct box *box)
{
	if (box->x < 0 || box->y < 0 || box->x > sums->width || box->y > sums->height)
		return 0;
	double left = clamp(box->x - box->half_width, sums->width);
	double right = clamp(box->x + box->half_width, sums->width);
	double top = clamp(box->y - box->half_height, sums->height);
	double low = clamp(box->y + box->half_height, sums->height);
	double area = (right - left) * (low - top);

	if (area <= 0)
		return 0;
	double mean = box_sum(sums, left, top, right, low) / area;
	double variance = box_sum(squares, left, top, right, low) / area - mean * mean;

	return variance > 0 ? sqrt(variance) : 0;
}

/* Turned by a quarter, more or less: its lines run from top to bottom. */
static bool is_lying(double angle)
{
	return fabs(sin(angle)) > fabs(cos(angle));
}

static bool picture_map(
	const struct search_picture *picture, const struct hypothesis *h, struct plane *map)
{
	double k = h->scale / picture->shrink, c = k * cos(h->angle), n = k * sin(h->angle);
	double half_x = fmax(k * h->part_x / 2, box_half_least);
	double half_y = fmax(k * h->part_y / 2, box_half_least);
	bool lies = is_lying(h->angle);
	struct box box = { .half_width = lies ? half_y : half_x,
		.half_height = lies ? half_x : half_y };

	if (!plane_make(h->width, h->height, map))
		return false;
	for (uint32_t y = 0; y < h->height; y++)
		for (uint32_t x = 0; x < h->width; x++) {
			double px = h->left + (x + 0.5) * h->part_x;
			double py = h->top + (y + 0.5) * h->part_y;

			box.x = c * px - n * py;
			box.y = n * px + c * py;
			map->at[(size_t)y * h->width + x] = (float)box_spread(
				&picture->sums, &picture->squares, &box);
		}
	return true;
}

/* The page's map, made as the picture's would be if it were the page. */
static bool page_map(struct search *s, size_t i, const struct search_picture *page)
{
	double parts = finenesses[i].parts;
	struct hypothesis h = { .scale = 1,
		.fineness = i,
		.part_x = s->cell.width / parts,
		.part_y = s->cell.height / parts,
		.width = LIMIT_TILE_COLUMNS * finenesses[i].parts,
		.height = GRID_FOOT * finenesses[i].parts };

	return picture_map(page, &h, &s->map[i]) &&
		plane_sums_make(&s->map[i], false, &s->sums[i]) &&
		plane_sums_make(&s->map[i], true, &s->squares[i]);
}

bool search_open(const struct plane *middle, struct search_cell cell, struct search **search)
{
	struct search *s = calloc(1, sizeof(*s));
	struct search_picture page = { .shrink = 1 };
	bool made = s != NULL && plane_sums_make(middle, false, &page.sums) &&
		plane_sums_make(middle, true, &page.squares);

	for (size_t i = 0; made && i < FINENESSES; i++) {
		s->cell = cell;
		made = page_map(s, i, &page);
		if (made)
			s->mean[i] = mean_of(&s->sums[i]);
	}
	plane_sums_free(&page.sums);
	plane_sums_free(&page.squares);
	if (!made)
		search_close(s);
	else
		*search = s;
	return made;
}

void search_close(struct search *search)
{
	if (search == NULL)
		return;
	for (size_t i = 0; i < FINENESSES; i++) {
		plane_free(&search->map[i]);
		plane_sums_free(&search->sums[i]);
		plane_sums_free(&search->squares[i]);
	}
	for (size_t i = 0; i < search->transform_count; i++)
		fft_free(&search->transforms[i].fft);
	free(search);
}

/* The transform's side: with this much room a quarter of the smaller one may stand out. */
static uint32_t side_for(uint32_t a, uint32_t b)
{
	uint32_t larger = a > b ? a : b, smaller = a > b ? b : a, side = 1;

	while (side < larger + smaller / 4)
		side *= 2;
	return side;
}

/* How much has to overlap: half of the smaller one, and enough that both ends do not meet across the side. */
static int32_t overlap_least(uint32_t a, uint32_t b, uint32_t side)
{
	uint32_t half = ((a < b ? a : b) + 1) / 2, apart = a + b > side ? a + b - side : 0;

	return (int32_t)(half > apart ? half : apart);
}

static void put_map(const struct plane *map, double mean, struct fft *fft)
{
	for (uint32_t y = 0; y < map->height; y++)
		for (uint32_t x = 0; x < map->width; x++)
			fft->re[(size_t)y * fft->width + x] = map->at[(size_t)y * map->width + x] -
				(float)mean;
}

/* The page's transform at a size. NULL without memory, or when there are too many sizes. */
static const struct fft *page_transform(
	struct search *s, size_t fineness, uint32_t width, uint32_t height)
{
	for (size_t i = 0; i < s->transform_count; i++) {
		const struct transform *t = &s->transforms[i];

		/* It lies turned. */
		if (t->fineness == fineness && t->fft.width == height && t->fft.height == width)
			return &t->fft;
	}
	if (s->transform_count == TRANSFORMS_MAX)
		return NULL;
	struct transform *t = &s->transforms[s->transform_count];

	if (!fft_make(width, height, &t->fft)) {
		fft_free(&t->fft);
		return NULL;
	}
	t->fineness = fineness;
	put_map(&s->map[fineness], s->mean[fineness], &t->fft);
	fft_forward(&t->fft);
	s->transform_count++;
	return &t->fft;
}

/* fft becomes the cross-correlation: the conjugate of the picture's transform times the page's. */
static void correlate(struct fft *fft, const struct fft *page)
{
	fft_forward(fft);
	size_t count = (size_t)fft->width * fft->height;

	for (size_t i = 0; i < count; i++) {
		float re = fft->re[i] * page->re[i] + fft->im[i] * page->im[i];
		float im = fft->re[i] * page->im[i] - fft->im[i] * page->re[i];

		fft->re[i] = re;
		fft->im[i] = im;
	}
	fft_back(fft);
}

struct peak {
	double score;
	int32_t x, y;
};

static void keep_peak(struct peak peaks[PEAKS], struct peak p)
{
	size_t at = PEAKS;

	for (size_t i = 0; i < PEAKS; i++)
		if (peaks[i].score > 0 && abs(peaks[i].x - p.x) <= PEAK_APART &&
			abs(peaks[i].y - p.y) <= PEAK_APART) {
			if (peaks[i].score >= p.score)
				return;
			at = i;
		}
	if (at == PEAKS) {
		if (peaks[PEAKS - 1].score >= p.score)
			return;
		at = PEAKS - 1;
	}
	peaks[at] = p;
	for (; at > 0 && peaks[at].score > peaks[at - 1].score; at--) {
		struct peak kept = peaks[at];

		peaks[at] = peaks[at - 1];
		peaks[at - 1] = kept;
	}
}

struct span {
	uint32_t first, end;
};

/* Sum over a rectangle. */
static double span_sum(const struct plane_sums *s, struct span x, struct span y)
{
	return plane_sums_at(s, x.end, y.end) - plane_sums_at(s, x.first, y.end) -
		plane_sums_at(s, x.end, y.first) + plane_sums_at(s, x.first, y.first);
}

struct maps {
	const struct plane_sums *page, *page_squares;
	struct plane_sums picture, picture_squares;
	double page_mean, picture_mean;
};

/* What a shift is worth: -n log(1 - r r), r the correlation of what overlaps. product: of the centred maps. */
static double shift_score(const struct maps *m, struct span px, struct span py, int32_t sx,
	int32_t sy, double product)
{
	struct span qx = { (uint32_t)((int32_t)px.first - sx), (uint32_t)((int32_t)px.end - sx) };
	struct span qy = { (uint32_t)((int32_t)py.first - sy), (uint32_t)((int32_t)py.end - sy) };
	double n = (double)(px.end - px.first) * (py.end - py.first);
	double a = span_sum(m->page, px, py) / n, b = span_sum(&m->picture, qx, qy) / n;
	double aa = span_sum(m->page_squares, px, py) / n - a * a;
	double bb = span_sum(&m->picture_squares, qx, qy) / n - b * b;

	if (aa < spread_least * spread_least || bb < spread_least * spread_least)
		return 0;
	double r = (product / n - (a - m->page_mean) * (b - m->picture_mean)) / sqrt(aa * bb);

	return -n * log1p(-fmin(r * r, 0.9999));
}

static struct span overlap(uint32_t page, uint32_t picture, int32_t shift)
{
	int32_t first = shift > 0 ? shift : 0;
	int32_t end = shift + (int32_t)picture < (int32_t)page ? shift + (int32_t)picture
							       : (int32_t)page;

	return (struct span){ (uint32_t)first, (uint32_t)end };
}

/* All shifts at which enough overlaps. */
static void find_peaks(const struct maps *m, const struct fft *fft, struct peak peaks[PEAKS])
{
	uint32_t pw = m->page->width, ph = m->page->height;
	uint32_t w = m->picture.width, h = m->picture.height;
	int32_t least_x = overlap_least(pw, w, fft->width);
	int32_t least_y = overlap_least(ph, h, fft->height);
	double count = (double)fft->width * fft->height;

	for (int32_t sy = least_y - (int32_t)h; sy <= (int32_t)ph - least_y; sy++) {
		struct span py = overlap(ph, h, sy);
		const float *row = fft->re +
			(size_t)((uint32_t)(sy + (int32_t)fft->height) % fft->height) * fft->width;

		for (int32_t sx = least_x - (int32_t)w; sx <= (int32_t)pw - least_x; sx++) {
			double product = row[(uint32_t)(sx + (int32_t)fft->width) % fft->width];
			double score = shift_score(
				m, overlap(pw, w, sx), py, sx, sy, product / count);

			if (score > peaks[PEAKS - 1].score)
				keep_peak(peaks, (struct peak){ score, sx, sy });
		}
	}
}

static void keep_candidate(struct candidates *found, const struct candidate *c)
{
	if (found->count == SEARCH_CANDIDATES &&
		found->best[SEARCH_CANDIDATES - 1].score >= c->score)
		return;
	if (found->count < SEARCH_CANDIDATES)
		found->count++;
	size_t at = found->count - 1;

	for (; at > 0 && found->best[at - 1].score < c->score; at--)
		found->best[at] = found->best[at - 1];
	found->best[at] = *c;
}

static void keep_peaks(
	const struct hypothesis *h, const struct peak peaks[PEAKS], struct candidates *found)
{
	double c = h->scale * cos(h->angle), n = h->scale * sin(h->angle);
	double parts = finenesses[h->fineness].parts;

	for (size_t i = 0; i < PEAKS && peaks[i].score > 0; i++) {
		double x = h->left - peaks[i].x * h->part_x, y = h->top - peaks[i].y * h->part_y;
		struct candidate candidate = {
			{ { c, -n, c * x - n * y, n, c, n * x + c * y, 0, 0, 1 } },
			/* Finer maps count the same cells several times. */
			peaks[i].score / (parts * parts),
		};

		keep_candidate(found, &candidate);
	}
}

/* Fills fft, made here, with the correlation of both maps. */
static bool correlate_maps(struct search *s, const struct hypothesis *h, const struct plane *map,
	double mean, struct fft *fft)
{
	const struct plane *page = &s->map[h->fineness];
	uint32_t width = side_for(page->width, map->width);
	uint32_t height = side_for(page->height, map->height);

	if (width > FFT_SIDE_MAX || height > FFT_SIDE_MAX)
		return false;
	const struct fft *transform = page_transform(s, h->fineness, width, height);

	if (transform == NULL || !fft_make(width, height, fft))
		return false;
	put_map(map, mean, fft);
	correlate(fft, transform);
	return true;
}

static bool try_hypothesis(struct search *s, const struct search_picture *picture,
	const struct hypothesis *h, struct candidates *found)
{
	struct maps m = { &s->sums[h->fineness], &s->squares[h->fineness], { 0 }, { 0 },
		s->mean[h->fineness], 0 };
	struct plane map = { 0 };
	struct fft fft = { 0 };
	struct peak peaks[PEAKS] = { 0 };
	bool made = picture_map(picture, h, &map) && plane_sums_make(&map, false, &m.picture) &&
		plane_sums_make(&map, true, &m.picture_squares);

	if (made) {
		m.picture_mean = mean_of(&m.picture);
		if (correlate_maps(s, h, &map, m.picture_mean, &fft)) {
			find_peaks(&m, &fft, peaks);
			keep_peaks(h, peaks, found);
		}
	}
	fft_free(&fft);
	plane_free(&map);
	plane_sums_free(&m.picture);
	plane_sums_free(&m.picture_squares);
	return made;
}

bool search_angle(struct search *search, const struct search_picture *picture, double angle,
	struct search_scales scales, struct candidates *found)
{
	double scale = fmax(scales.least, search_all_scales.least);
	double end = fmin(scales.most, search_all_scales.most);
	uint32_t across = is_lying(angle) ? picture->sums.width : picture->sums.height;

	while (scale < end) {
		double lines = across * picture->shrink / scale / search->cell.height;
		struct hypothesis h = { .scale = scale, .angle = angle };

		while (lines < finenesses[h.fineness].lines_least)
			h.fineness++;
		if (lay_out(search, picture, &h) && !try_hypothesis(search, picture, &h, found))
			return false;
		scale *= finenesses[h.fineness].step;
	}
	return true;
}
