/* The fast way and the simple one draw the same page, whatever its cells hold; both are read by zlib and libpng. */
#include "harness.h"

#include "glass/page_fast.h"
#include "glass/page_write.h"
#include "numbers.h"
#include "page_fixture.h"
#include "png_check.h"

enum { HOSTILE_BYTES_MAX = 105 << 10, CELLS = GRID_ROWS * LIMIT_TILE_COLUMNS };

static struct page_fast *fast;
static struct grid grid;
static struct marks marks;
static struct png_picture drawn, wanted;

static int open_all(void **state)
{
	struct err err;

	if (page_fixture_open(state) != 0)
		return -1;
	if (page_fast_open(atlas, &fast, &err) != OK) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static int close_all(void **state)
{
	page_fast_close(fast);
	return page_fixture_close(state);
}

static void clear(void)
{
	grid_clear(&grid);
	memset(&marks, 0, sizeof(marks));
	grid.lines = grid.lines_here = LIMIT_TILE_LINES;
}

static struct grid_cell *cell_at(size_t at)
{
	return &grid.cells[at / LIMIT_TILE_COLUMNS][at % LIMIT_TILE_COLUMNS];
}

static void mark_at_random(uint64_t *seed)
{
	for (size_t row = 0; row < GRID_ROWS; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			marks.paper[row][column] = draw_number(seed) & 1;
			marks.shift[row][column] = draw_number(seed) & 1;
		}
}

/* Both ways; what the fast one drew is read by zlib and libpng, and each pixel compared. Returns its length. */
static size_t compare(enum glass_theme theme, enum glass_zoom zoom)
{
	struct page_options options = { theme, zoom };
	struct err err;
	size_t len = 0;

	assert_int_equal(grid_check(&grid, &err), OK);
	if (page_encode(simple, &grid, &marks, &options, png, &len, &err) != OK)
		fail_msg("%s", err.msg);
	const char *why = png_check_read(png, len, &wanted);

	if (why == NULL && page_fast_encode(fast, &grid, &marks, &options, png, &len, &err) != OK)
		fail_msg("%s", err.msg);
	assert_in_range(len, 1, page_bytes_max(zoom));
	if (why == NULL)
		why = png_check_read(png, len, &drawn);
	if (why == NULL)
		why = png_check_compare(&drawn, atlas, &grid, &marks, &options);
	if (why != NULL)
		fail_msg("theme %d, zoom %d: %s", (int)theme, (int)zoom, why);
	assert_int_equal(drawn.width, wanted.width);
	assert_int_equal(drawn.height, wanted.height);
	assert_memory_equal(drawn.palette, wanted.palette, sizeof(drawn.palette));
	for (uint32_t y = 0; y < drawn.height; y++)
		assert_memory_equal(drawn.index[y], wanted.index[y], drawn.width);
	return len;
}

static void compare_all_zooms(void)
{
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		compare((enum glass_theme)(zoom % GLASS_THEMES), (enum glass_zoom)zoom);
}

static void draws_blank_pages(void **state)
{
	uint64_t seed = 3;

	(void)state;
	clear();
	compare_all_zooms();
	memset(marks.paper, 1, sizeof(marks.paper));
	compare_all_zooms();
	mark_at_random(&seed);
	compare_all_zooms();
}

/* Every glyph of the font, each in its turn shifted, on either paper, in every ink. */
static void draws_every_glyph(void **state)
{
	uint64_t seed = 5;
	uint32_t code_point = ' ';

	(void)state;
	while (code_point < 0x20000) {
		clear();
		for (size_t at = 0; at < (size_t)LIMIT_TILE_LINES * LIMIT_TILE_COLUMNS; at++) {
			struct grid_cell *cell = cell_at(at);

			do
				code_point++;
			while (code_point < 0x20000 &&
				!coverage_has(atlas_coverage(atlas), code_point));
			if (code_point >= 0x20000)
				break;
			cell->code_point = code_point;
			cell->ink = (uint8_t)(draw_number(&seed) % INKS);
		}
		mark_at_random(&seed);
		compare_all_zooms();
		for (size_t at = 0; at < CELLS; at++)
			marks.shift[at / LIMIT_TILE_COLUMNS][at % LIMIT_TILE_COLUMNS] ^= 1;
		compare_all_zooms();
	}
}

/* Words that come again, in reach of a match and out of it, at other columns, with other marks and inks. */
static void put_words(uint64_t *seed)
{
	static const char *const words[] = { "return", "if", "->next", "struct", "==", "0x1f",
		"page_encode", "();", "caf\xc3\xa9", "{", "}",
		"a_long_identifier_of_more_than_12" };
	unsigned kinds = 1 + (unsigned)(draw_number(seed) % 12);

	for (size_t row = 0; row < GRID_ROWS; row++) {
		size_t column = draw_number(seed) % 5;

		while (column < LIMIT_TILE_COLUMNS && draw_number(seed) % 12 != 0) {
			const char *word = words[draw_number(seed) % kinds];
			uint8_t ink = (uint8_t)(draw_number(seed) % 3);
			uint64_t bits = draw_number(seed) % 8 == 0 ? draw_number(seed) : 0;

			for (; *word != '\0' && column < LIMIT_TILE_COLUMNS; word++) {
				grid.cells[row][column].code_point = (uint8_t)*word < 0x80
					? (uint8_t)*word
					: 0xe9;
				grid.cells[row][column].ink = ink;
				marks.paper[row][column] = bits & 1;
				marks.shift[row][column] = bits >> 1 & 1;
				column++;
			}
			column += draw_number(seed) % 3;
		}
	}
}

static void draws_words_again(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 60; round++) {
		uint64_t seed = 1000 + round;

		clear();
		put_words(&seed);
		compare(GLASS_LIGHT, (enum glass_zoom)(round % 5 < 3 ? 0 : round % 5 - 2));
	}
}

/* Anything at all that grid_check lets through and the font covers. */
static void draws_random_grids(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 60; round++) {
		uint64_t seed = 77 + round, blanks = 1 + draw_number(&seed) % 20;
		uint32_t span = round % 3 == 0 ? 94 : 0x2600;

		clear();
		for (size_t at = 0; at < CELLS; at++) {
			uint32_t code_point = '!' + (uint32_t)draw_number(&seed) % span;

			if (draw_number(&seed) % blanks != 0 ||
				!coverage_has(atlas_coverage(atlas), code_point))
				continue;
			cell_at(at)->code_point = code_point;
			cell_at(at)->ink = (uint8_t)(draw_number(&seed) % INKS);
		}
		mark_at_random(&seed);
		compare((enum glass_theme)(round % GLASS_THEMES), (enum glass_zoom)(round % 7 % 3));
	}
}

static void fill_hostile(uint64_t *seed)
{
	clear();
	for (size_t at = 0; at < CELLS; at++) {
		cell_at(at)->code_point = '!' + (uint32_t)(draw_number(seed) % 94);
		cell_at(at)->ink = (uint8_t)(draw_number(seed) % INKS);
	}
	mark_at_random(seed);
}

static void bounds_hostile_pages(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 8; round++) {
		fill_hostile(&seed);
		assert_in_range(compare(GLASS_LIGHT, GLASS_1X), 1, HOSTILE_BYTES_MAX);
	}
	assert_in_range(compare(GLASS_LIGHT, GLASS_2X), 1, LIMIT_FRAME_BYTES / 2);
}

/* The bytes of a page hang on nothing that was drawn before it, not even when glyphs had to be made anew. */
static void forgets_the_pages_before(void **state)
{
	const struct page_options options = { GLASS_DARK, GLASS_1X };
	struct page_fast *other;
	struct err err;
	uint64_t seed = 21;
	size_t len, first_len;
	uint8_t *first = malloc(page_bytes_max(GLASS_1X));

	(void)state;
	assert_non_null(first);
	clear();
	put_words(&seed);
	assert_int_equal(page_fast_open(atlas, &other, &err), OK);
	assert_int_equal(
		page_fast_encode(other, &grid, &marks, &options, first, &first_len, &err), OK);
	for (uint32_t round = 0; round < 12; round++) {
		for (size_t at = 0; at < CELLS; at++) {
			uint32_t code_point = 0x100 + (uint32_t)draw_number(&seed) % 0x2000;

			cell_at(at)->code_point = coverage_has(atlas_coverage(atlas), code_point)
				? code_point
				: 'x';
			cell_at(at)->ink = (uint8_t)(draw_number(&seed) % INKS);
		}
		mark_at_random(&seed);
		assert_int_equal(
			page_fast_encode(other, &grid, &marks, &options, png, &len, &err), OK);
	}
	seed = 21;
	clear();
	put_words(&seed);
	assert_int_equal(page_fast_encode(other, &grid, &marks, &options, png, &len, &err), OK);
	assert_int_equal(len, first_len);
	assert_memory_equal(png, first, len);
	page_fast_close(other);
	free(first);
}

static void refuses_what_the_font_lacks(void **state)
{
	const struct page_options options = { GLASS_LIGHT, GLASS_1X };
	struct err err;
	size_t len;

	(void)state;
	clear();
	grid.cells[59][79].code_point = 0x4e2d;
	assert_int_equal(
		page_fast_encode(fast, &grid, &marks, &options, png, &len, &err), ERR_CORRUPT);
	grid.cells[59][79].code_point = 'x';
	compare(GLASS_LIGHT, GLASS_1X);
}

/* A page of noise goes whichever way makes it smaller. */
static void keeps_the_smaller_of_large_pages(void **state)
{
	uint64_t seed = 31;

	(void)state;
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
		const struct page_options options = { GLASS_LIGHT, (enum glass_zoom)zoom };
		struct err err;
		size_t simple_len;

		fill_hostile(&seed);
		size_t len = compare(GLASS_LIGHT, options.zoom);

		assert_int_equal(
			page_encode(simple, &grid, &marks, &options, png, &simple_len, &err), OK);
		assert_in_range(len, 1, simple_len);
	}
}

/* The bound of page_code.h, at any lengths: even where each byte costs the most, nothing is written beyond it. */
static void keeps_its_bound_at_any_lengths(void **state)
{
	uint64_t seed = 41;

	(void)state;
	for (int round = 0; round < 6; round++) {
		enum glass_zoom zoom = (enum glass_zoom)(round % GLASS_ZOOMS);
		struct huffman_counts counts;
		struct huffman_lengths lengths;
		struct page_writer *writer;
		const uint8_t *stream;
		struct err err;
		size_t len;

		for (size_t i = 0; i < HUFFMAN_LITERALS; i++)
			counts.literal[i] = draw_number(&seed) % 100;
		for (size_t i = 0; i < HUFFMAN_DISTANCES; i++)
			counts.distance[i] = draw_number(&seed) % 100;
		/* What a gap is made of is never rare: three matches and a literal are one string. */
		counts.literal[0] = counts.distance[0] = counts.literal[285] = 100000;
		huffman_train(&counts, &lengths);
		assert_int_equal(page_writer_open(atlas, zoom, &lengths, &writer, &err), OK);
		fill_hostile(&seed);
		assert_int_equal(page_write(writer, &grid, &marks, &stream, &len, &err), OK);
		assert_in_range(len, 1, page_code_bytes_max(zoom));
		page_writer_close(writer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_blank_pages),
		cmocka_unit_test(draws_every_glyph),
		cmocka_unit_test(draws_words_again),
		cmocka_unit_test(draws_random_grids),
		cmocka_unit_test(bounds_hostile_pages),
		cmocka_unit_test(forgets_the_pages_before),
		cmocka_unit_test(refuses_what_the_font_lacks),
		cmocka_unit_test(keeps_the_smaller_of_large_pages),
		cmocka_unit_test(keeps_its_bound_at_any_lengths),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
