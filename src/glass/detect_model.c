#include "glass/detect_model.h"

/* ITU-R BT.601. */
static void palette_luma(enum glass_theme theme, float luma[PALETTE_COLOURS])
{
	struct palette palette;

	palette_make(theme, &palette);
	for (int i = 0; i < PALETTE_COLOURS; i++)
		luma[i] = 0.299F * palette.rgb[i][0] + 0.587F * palette.rgb[i][1] +
			0.114F * palette.rgb[i][2];
	luma[0] = luma[1] = (luma[0] + luma[1]) / 2;
}

/* One cell. glyph NULL: blank. */
static void draw_cell(const struct atlas_cell *size, const uint8_t *glyph, uint8_t ink,
	uint32_t shift_px, const float luma[PALETTE_COLOURS], struct plane *to, float *corner)
{
	for (uint32_t y = 0; y < size->height; y++, corner += to->width)
		for (uint32_t x = 0; x < size->width; x++) {
			uint8_t level = glyph != NULL && x >= shift_px
				? glyph[y * size->width + x - shift_px]
				: (uint8_t)ATLAS_PAPER;

			corner[x] = luma[palette_index(level, ink, 0)];
		}
}

static enum err_kind draw_page(const struct atlas *atlas, const struct detect_page *page,
	uint32_t shift_px, struct plane *to, struct err *err)
{
	const struct atlas_cell *size = &atlas_cells[page->zoom];
	float luma[PALETTE_COLOURS];

	palette_luma(page->theme, luma);
	for (size_t row = 0; row < GRID_FOOT; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			const struct grid_cell *cell = &page->grid->cells[row][column];
			const uint8_t *glyph = NULL;

			if (cell->code_point != ' ') {
				glyph = atlas_glyph(atlas, page->zoom, cell->code_point);
				if (glyph == NULL)
					return err_set(err, ERR_CORRUPT,
						"detect: the font lacks a character of the page");
			}
			draw_cell(size, glyph, cell->ink, shift_px, luma, to,
				to->at + row * size->height * to->width + column * size->width);
		}
	return OK;
}

static void find_paper(struct detect_model *model, enum glass_theme theme)
{
	float luma[PALETTE_COLOURS];
	size_t count = (size_t)model->paper.width * model->paper.height;

	palette_luma(theme, luma);
	for (size_t i = 0; i < count; i++) {
		float still = model->still.at[i], shifted = model->shifted.at[i];

		model->middle.at[i] = (still + shifted) / 2;
		model->paper.at[i] = still == luma[0] && shifted == luma[0] ? 1 : 0;
	}
}

enum err_kind detect_model_make(const struct atlas *atlas, const struct detect_page *page,
	struct detect_model *model, struct err *err)
{
	uint32_t width = page_width(page->zoom);
	uint32_t height = GRID_FOOT * (uint32_t)atlas_cells[page->zoom].height;

	*model = (struct detect_model){ 0 };
	bool made = plane_make(width, height, &model->still) &&
		plane_make(width, height, &model->shifted) &&
		plane_make(width, height, &model->middle) &&
		plane_make(width, height, &model->paper);
	enum err_kind rc = made ? OK
				: err_set(err, ERR_LIMIT, "detect: no memory to draw the page");

	if (rc == OK)
		rc = draw_page(atlas, page, 0, &model->still, err);
	if (rc == OK)
		rc = draw_page(atlas, page, page_shift_px(page->zoom), &model->shifted, err);
	if (rc == OK)
		find_paper(model, page->theme);
	else
		detect_model_free(model);
	return rc;
}

bool detect_model_reduce(const struct detect_model *from, double scale, struct detect_model *to)
{
	const struct plane_scale both = { scale, scale };

	*to = (struct detect_model){ 0 };
	return plane_reduce(&from->still, both, &to->still) &&
		plane_reduce(&from->shifted, both, &to->shifted) &&
		plane_reduce(&from->middle, both, &to->middle) &&
		plane_reduce(&from->paper, both, &to->paper);
}

void detect_model_free(struct detect_model *model)
{
	plane_free(&model->still);
	plane_free(&model->shifted);
	plane_free(&model->middle);
	plane_free(&model->paper);
}
