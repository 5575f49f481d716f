#include "harness.h"

#include "glass/layout.h"
#include "glass/profile.h"
#include "numbers.h"
#include "page_fixture.h"
#include "png_check.h"

/* Goals of the design at zoom 1. */
enum { HOSTILE_BYTES_MAX = 105 << 10 };

static struct grid grid;
static struct marks marks;
static struct png_picture picture;

/* Encodes, and checks what came out. Returns its length. */
static size_t encode(enum glass_theme theme, enum glass_zoom zoom)
{
	struct page_options options = { theme, zoom };
	struct err err;
	size_t len = 0;

	assert_int_equal(grid_check(&grid, &err), OK);
	if (page_encode(simple, &grid, &marks, &options, png, &len, &err) != OK)
		fail_msg("%s", err.msg);
	const char *why = png_check_read(png, len, &picture);

	if (why == NULL)
		why = png_check_compare(&picture, atlas, &grid, &marks, &options);
	if (why != NULL)
		fail_msg("%s %s: %s", profile_theme_name(theme), profile_zoom_name(zoom), why);
	return len;
}

static void covers_the_alphabets(void **state)
{
	static const struct {
		uint32_t first, last;
	} all_of[] = {
		{ '!', '~' },
		{ 0xa1, 0xac },
		{ 0xae, 0xff },
		{ 0x100, 0x17f },
		{ 0x391, 0x3a1 },
		{ 0x3b1, 0x3c9 },
		{ 0x410, 0x44f },
		{ 0x2500, 0x257f },
		{ 0x2580, 0x259f },
		{ 0x2018, 0x201e },
		{ 0x2026, 0x2026 },
		{ 0x2190, 0x2193 },
		{ 0x2200, 0x2200 },
		{ 0x20ac, 0x20ac },
		{ 0x386, 0x386 },
	};
	static const uint32_t none_of[] = { ' ', 0x7f, 0xa0, 0xad, 0x300, 0x301, 0x20dd, 0x2003,
		0x202e, 0x2066, 0x200b, 0x3000, 0x4e2d, 0xac00, 0xfeff, 0x1f600 };

	(void)state;
	const struct coverage *coverage = atlas_coverage(atlas);

	for (size_t i = 0; i < sizeof(all_of) / sizeof(all_of[0]); i++)
		for (uint32_t c = all_of[i].first; c <= all_of[i].last; c++)
			if (!coverage_has(coverage, c))
				fail_msg("U+%04X is not covered", (unsigned)c);
	for (size_t i = 0; i < sizeof(none_of) / sizeof(none_of[0]); i++) {
		assert_false(coverage_has(coverage, none_of[i]));
		assert_null(atlas_glyph(atlas, GLASS_1X, none_of[i]));
	}
}

/* The page's encoder relies on both. */
static void keeps_ink_off_row_0_and_inside_the_cell(void **state)
{
	(void)state;
	for (int z = 0; z < GLASS_ZOOMS; z++) {
		const struct atlas_cell *cell = &atlas_cells[z];

		for (uint32_t c = '!'; c <= 0x1ffff; c++) {
			const uint8_t *glyph = atlas_glyph(atlas, (enum glass_zoom)z, c);
			unsigned ink = 0;

			if (glyph == NULL)
				continue;
			for (uint32_t x = 0; x < cell->width; x++)
				assert_int_equal(glyph[x], ATLAS_PAPER);
			for (uint32_t i = 0; i < (uint32_t)cell->width * cell->height; i++) {
				assert_true(glyph[i] < ATLAS_LEVELS);
				ink += glyph[i];
			}
			assert_int_not_equal(ink, 0);
			/* A shifted letter of ASCII loses at most light ink at the right edge. */
			for (uint32_t y = 0; c < 0x7f && y < cell->height; y++)
				for (uint32_t s = 1; s <= page_shift_px((enum glass_zoom)z); s++)
					assert_in_range(glyph[y * cell->width + cell->width - s], 0,
						ATLAS_LIGHT);
		}
	}
}

static void draws_what_the_grid_says(void **state)
{
	uint64_t seed = 7;

	(void)state;
	grid_clear(&grid);
	grid.lines = LIMIT_TILE_LINES;
	grid.lines_here = LIMIT_TILE_LINES;
	for (size_t row = 0; row < LIMIT_TILE_LINES; row += 1 + draw_number(&seed) % 3)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			uint64_t n = draw_number(&seed);
			struct grid_cell *cell = &grid.cells[row][column];

			if (n % 3 == 0)
				continue;
			cell->code_point = n % 7 == 0 ? 0x2500 + (uint32_t)(n >> 8) % 128
						      : '!' + (uint32_t)(n >> 8) % 94;
			cell->ink = (uint8_t)((n >> 24) % INKS);
		}
	grid_put_foot(
		&grid, atlas_coverage(atlas), STR("Reviewer 3 \xc2\xb7 Operator A \xc2\xb7 ENG-7"));
	for (int theme = 0; theme < GLASS_THEMES; theme++)
		for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
			encode((enum glass_theme)theme, (enum glass_zoom)zoom);
	/* Any marks, not only those that mark_page makes. */
	for (size_t row = 0; row < GRID_ROWS; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			marks.paper[row][column] = draw_number(&seed) & 1;
			marks.shift[row][column] = draw_number(&seed) & 1;
		}
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		encode(GLASS_LIGHT, (enum glass_zoom)zoom);
	memset(&marks, 0, sizeof(marks));
}

static void bounds_hostile_pages(void **state)
{
	uint64_t seed = 11;

	(void)state;
	grid_clear(&grid);
	grid.lines = LIMIT_TILE_LINES;
	grid.lines_here = LIMIT_TILE_LINES;
	for (size_t row = 0; row < GRID_ROWS; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			grid.cells[row][column].code_point = '!' +
				(uint32_t)(draw_number(&seed) % 94);
			grid.cells[row][column].ink = (uint8_t)(draw_number(&seed) % INKS);
		}
	assert_in_range(encode(GLASS_LIGHT, GLASS_1X), 1, HOSTILE_BYTES_MAX);
	assert_in_range(encode(GLASS_LIGHT, GLASS_2X), 1, LIMIT_FRAME_BYTES / 2);
}

static void is_deterministic(void **state)
{
	struct page_encoder *other;
	struct page_options options = { GLASS_DARK, GLASS_1X };
	struct err err;
	size_t len;

	(void)state;
	size_t first_len = encode(GLASS_DARK, GLASS_1X);
	uint8_t *again = malloc(page_bytes_max(GLASS_1X));

	assert_non_null(again);
	assert_int_equal(page_encoder_open(atlas, &other, &err), OK);
	assert_int_equal(page_encode(other, &grid, &marks, &options, again, &len, &err), OK);
	assert_int_equal(len, first_len);
	assert_memory_equal(png, again, len);
	page_encoder_close(other);
	free(again);
}

static void refuses_what_the_font_lacks(void **state)
{
	struct page_options options = { GLASS_LIGHT, GLASS_1X };
	struct err err;
	size_t len;

	(void)state;
	grid_clear(&grid);
	grid.lines = grid.lines_here = 1;
	grid.cells[0][0].code_point = 0x4e2d;
	assert_int_equal(
		page_encode(simple, &grid, &marks, &options, png, &len, &err), ERR_CORRUPT);
}

static void refuses_what_is_no_font(void **state)
{
	struct atlas *other;
	struct err err;

	(void)state;
	assert_int_equal(atlas_open(STR(""), &other, &err), ERR_CORRUPT);
	assert_int_equal(atlas_open(STR("no font"), &other, &err), ERR_CORRUPT);
	assert_int_equal(atlas_open(str_head(font, font.len / 3), &other, &err), ERR_CORRUPT);
}

/* WCAG 2.1: relative luminance and contrast. 4096ths. */
static double luminance(const uint8_t rgb[3])
{
	static const double weights[3] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		double c = rgb[i] / 255.0, powered = (c + 0.055) / 1.055;

		/* x^2.4 = x^2 * x^0.4; by Newton's method for the fifth root of x^2. */
		double root = 1;

		for (int k = 0; k < 60; k++)
			root -= (root * root * root * root * root - powered * powered) /
				(5 * root * root * root * root);
		sum += weights[i] * (c <= 0.04045 ? c / 12.92 : powered * powered * root);
	}
	return sum;
}

static void inks_stand_out_from_every_paper(void **state)
{
	static const int papers[] = { 0, 1, PALETTE_BAND };

	(void)state;
	for (int theme = 0; theme < GLASS_THEMES; theme++) {
		struct palette palette;
		double least = theme == GLASS_CONTRAST ? 7 : 4.5;

		palette_make((enum glass_theme)theme, &palette);
		for (int ink = 0; ink < INKS; ink++)
			for (size_t p = 0; p < 3; p++) {
				double a = luminance(palette.rgb[4 + 2 * ink]);
				double b = luminance(palette.rgb[papers[p]]);
				double ratio = a > b ? (a + 0.05) / (b + 0.05)
						     : (b + 0.05) / (a + 0.05);

				/* In the foot only text stands. */
				if (papers[p] == PALETTE_BAND && ink != INK_TEXT)
					continue;
				if (ratio < least)
					fail_msg("%s: ink %d is %.2f to 1",
						profile_theme_name((enum glass_theme)theme), ink,
						ratio);
			}
	}
}

static void names_its_profiles(void **state)
{
	struct profile profile = { .engine = "2.12.1", .theme = GLASS_DARK, .zoom = GLASS_1_5X };
	char text[PROFILE_TEXT_BYTES_MAX], id[PROFILE_ID_BYTES], other[PROFILE_ID_BYTES];

	(void)state;
	size_t len = profile_text(&profile, text);

	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
		"vitrine render profile 1\nrenderer 2\nfreetype 2.12.1\n"
		"font 0000000000000000000000000000000000000000000000000000000000000000\n"
		"grammar 1\ntheme dark\nzoom 1.5\ncell 12x24\ntile 80x60+1\n");
	profile_id(&profile, id);
	assert_int_equal(strlen(id), 19);
	assert_memory_equal(id, "g1.", 3);
	profile.font.bytes[31] = 1;
	profile_id(&profile, other);
	assert_string_not_equal(id, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covers_the_alphabets),
		cmocka_unit_test(keeps_ink_off_row_0_and_inside_the_cell),
		cmocka_unit_test(draws_what_the_grid_says),
		cmocka_unit_test(bounds_hostile_pages),
		cmocka_unit_test(is_deterministic),
		cmocka_unit_test(refuses_what_the_font_lacks),
		cmocka_unit_test(refuses_what_is_no_font),
		cmocka_unit_test(inks_stand_out_from_every_paper),
		cmocka_unit_test(names_its_profiles),
	};

	return cmocka_run_group_tests(tests, page_fixture_open, page_fixture_close);
}
