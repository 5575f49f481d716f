/* The mark's bits and runs, against an independent script's (tests/vectors/make_mark_vectors.py), and its rules. */
#include <jansson.h>

#include "harness.h"

#include "base/utf8.h"
#include "crypto/sign.h"
#include "glass/mark.h"

static json_t *vectors;
static struct grid grid;
static struct marks marks;
static struct mark_cells cells;

static int start(void **state)
{
	const char *file = getenv("VITRINE_MARK_VECTORS");
	struct err err;

	(void)state;
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
	return vectors != NULL && crypto_init(&err) == OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	return 0;
}

static struct str text_at(const json_t *array, size_t i)
{
	const char *s = json_string_value(json_array_get(array, i));

	assert_non_null(s);
	return str_from(s);
}

static struct str text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	assert_non_null(s);
	return str_from(s);
}

static struct sha256 digest_of(const json_t *object, const char *key)
{
	struct sha256 digest;

	assert_true(sha256_parse(text_of(object, key), &digest));
	return digest;
}

/* A line of text in a row of the grid. */
static void put(size_t row, struct str text)
{
	for (size_t column = 0; text.len > 0; column++) {
		uint32_t code_point;
		size_t n = utf8_decode(text, &code_point);

		assert_true(n > 0 && column < LIMIT_TILE_COLUMNS);
		grid.cells[row][column].code_point = code_point;
		text = str_skip(text, n);
	}
}

static void clear(void)
{
	grid_clear(&grid);
	grid.lines = grid.lines_here = LIMIT_TILE_LINES;
}

/* The vectors' texts, by turns, in all rows. */
static void fill(void)
{
	const json_t *texts = json_object_get(vectors, "texts");

	clear();
	for (size_t row = 0; row < LIMIT_TILE_LINES; row++)
		put(row, text_at(texts, row % json_array_size(texts)));
}

static void cuts_lines_into_runs(void **state)
{
	static const char *const layers[MARK_LAYERS] = { "paper", "shift" };
	const json_t *all = json_object_get(vectors, "cells");

	(void)state;
	fill();
	mark_cells(&grid, &cells);
	assert_true(json_array_size(all) > 8);
	for (size_t row = 0; row < json_array_size(all); row++)
		for (size_t layer = 0; layer < MARK_LAYERS; layer++) {
			const json_t *want = json_object_get(
				json_array_get(all, row), layers[layer]);

			assert_int_equal(json_array_size(want), LIMIT_TILE_COLUMNS);
			for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
				json_int_t at = json_integer_value(json_array_get(want, c));

				assert_int_equal(
					cells.column[layer][row][c], at < 0 ? MARK_NONE : at);
			}
		}
}

static void expect_bits(const uint8_t *bits, struct str want)
{
	assert_int_equal(want.len, LIMIT_TILE_COLUMNS);
	for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++)
		assert_int_equal(bits[c], want.ptr[c] - '0');
}

static void marks_what_the_script_marks(void **state)
{
	const json_t *pages = json_object_get(vectors, "pages");

	(void)state;
	assert_int_equal(json_array_size(pages), 4);
	for (size_t i = 0; i < json_array_size(pages); i++) {
		const json_t *page = json_array_get(pages, i);
		struct sha256 key = digest_of(page, "mark_key"), want = digest_of(page, "secret");
		struct sha256 secret = mark_secret(
			str_of(key.bytes, SHA256_BYTES), text_of(page, "session"));
		const struct mark_place place = {
			.blob = digest_of(page, "blob"),
			.first_line = (uint32_t)json_integer_value(json_object_get(page, "line")),
			.first_column = (uint32_t)json_integer_value(
				json_object_get(page, "column")),
		};

		assert_true(sha256_eq(&secret, &want));
		fill();
		mark_page(&secret, &place, &grid, &marks);
		for (size_t row = 0; row < LIMIT_TILE_LINES; row++) {
			expect_bits(marks.paper[row], text_at(json_object_get(page, "paper"), row));
			expect_bits(marks.shift[row], text_at(json_object_get(page, "shift"), row));
		}
	}
}

static void leaves_the_foot_alone(void **state)
{
	const struct mark_place place = { .first_line = 60 };
	const struct sha256 secret = { { 1 } };

	(void)state;
	clear();
	put(GRID_FOOT, STR("Reviewer 3, Operator A, eng_7, 22 Nov 2026 15:04 UTC"));
	memset(&marks, 1, sizeof(marks));
	mark_page(&secret, &place, &grid, &marks);
	mark_cells(&grid, &cells);
	for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
		assert_int_equal(marks.paper[GRID_FOOT][c], 0);
		assert_int_equal(marks.shift[GRID_FOOT][c], 0);
		assert_int_equal(cells.column[MARK_PAPER][GRID_FOOT][c], MARK_NONE);
		assert_int_equal(cells.column[MARK_SHIFT][GRID_FOOT][c], MARK_NONE);
	}
}

/* What a page draws is the bits before they met cells, at the cells that mark_cells names. */
static void agrees_with_itself(void **state)
{
	static struct mark_bits bits;
	const struct mark_place place = { .first_line = 120, .first_column = 80 };
	const struct sha256 secret = { { 2 } };

	(void)state;
	fill();
	mark_bits(&secret, &place, &bits);
	mark_cells(&grid, &cells);
	mark_page(&secret, &place, &grid, &marks);
	for (size_t row = 0; row < LIMIT_TILE_LINES; row++)
		for (size_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
			uint8_t paper = cells.column[MARK_PAPER][row][c];
			uint8_t shift = cells.column[MARK_SHIFT][row][c];

			assert_int_equal(marks.paper[row][c], bits.bit[MARK_PAPER][row][paper]);
			assert_int_equal(marks.shift[row][c],
				shift == MARK_NONE ? 0 : bits.bit[MARK_SHIFT][row][shift]);
		}
}

/* Two tiles whose lines overlap, as no page does today: a line's bits hang on the line, not on the page. */
static void a_line_is_marked_alike_wherever_it_stands(void **state)
{
	static struct mark_bits here, there;
	const struct mark_place place = { .first_line = 60 }, later = { .first_line = 90 };
	const struct sha256 secret = { { 3 } };
	unsigned differing = 0;

	(void)state;
	mark_bits(&secret, &place, &here);
	mark_bits(&secret, &later, &there);
	for (size_t layer = 0; layer < MARK_LAYERS; layer++) {
		assert_memory_equal(
			here.bit[layer][30], there.bit[layer][0], (size_t)30 * LIMIT_TILE_COLUMNS);
		differing += memcmp(here.bit[layer][0], there.bit[layer][0], LIMIT_TILE_COLUMNS) !=
			0;
	}
	assert_int_equal(differing, MARK_LAYERS);
}

/* Session, file and column block each give other bits, about half of them. */
static void other_places_and_sessions_differ(void **state)
{
	static struct mark_bits first, other;
	const struct sha256 secret = { { 4 } }, another = { { 5 } };
	const struct mark_place place = { .first_line = 60 };
	const struct mark_place places[3] = {
		{ .first_line = 60 },
		{ .first_line = 60, .first_column = 80 },
		{ .first_line = 60, .blob = { { 1 } } },
	};

	(void)state;
	mark_bits(&secret, &place, &first);
	for (size_t i = 0; i < 3; i++) {
		unsigned differing = 0;

		mark_bits(i == 0 ? &another : &secret, &places[i], &other);
		for (size_t k = 0; k < sizeof(first.bit); k++) {
			const uint8_t *a = &first.bit[0][0][0], *b = &other.bit[0][0][0];

			assert_in_range(a[k], 0, 1);
			differing += a[k] != b[k];
		}
		/* Six standard deviations. */
		assert_in_range(
			differing, sizeof(first.bit) / 2 - 300, sizeof(first.bit) / 2 + 300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_lines_into_runs),
		cmocka_unit_test(marks_what_the_script_marks),
		cmocka_unit_test(leaves_the_foot_alone),
		cmocka_unit_test(agrees_with_itself),
		cmocka_unit_test(a_line_is_marked_alike_wherever_it_stands),
		cmocka_unit_test(other_places_and_sessions_differ),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
