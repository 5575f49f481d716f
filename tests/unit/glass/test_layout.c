#include "harness.h"

#include "glass/chars.h"
#include "glass/hex_page.h"
#include "glass/layout.h"

#define BIG (1 << 20)

static struct coverage coverage;
static struct grid grid;
static struct arena mem;

static int make_coverage(void **state)
{
	(void)state;
	memset(&coverage, 0, sizeof(coverage));
	for (uint32_t c = '!'; c <= '~'; c++)
		assert_true(coverage_add(&coverage, c));
	for (uint32_t c = 0xa1; c <= 0x17f; c++)
		if (c != 0xad)
			assert_true(coverage_add(&coverage, c));
	assert_true(coverage_add(&coverage, 0x2026));
	struct err err;

	assert_int_equal(coverage_check(&coverage, &err), OK);
	arena_init(&mem, 64U << 20);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	arena_reset(&mem);
	return 0;
}

static struct layout_index index_of(struct str bytes, const char *path)
{
	struct layout_index index;
	struct err err;

	assert_int_equal(
		layout_index_build(&mem, &coverage, bytes, str_from(path), &index, &err), OK);
	return index;
}

static void lay(struct str bytes, const char *path, uint32_t line, uint32_t column)
{
	struct layout_index index = index_of(bytes, path);
	struct err err;

	layout_tile(&index, &coverage, bytes, line, column, &grid);
	if (grid_check(&grid, &err) != OK)
		fail_msg("%s", err.msg);
}

/* A row as ASCII, without trailing blanks; code points beyond it as '?'. */
static const char *row_text(uint32_t row)
{
	static char text[LIMIT_TILE_COLUMNS + 1];
	size_t len = 0;

	for (size_t i = 0; i < LIMIT_TILE_COLUMNS; i++) {
		uint32_t c = grid.cells[row][i].code_point;

		text[i] = c < 0x7f ? (char)c : '?';
		if (c != ' ')
			len = i + 1;
	}
	text[len] = '\0';
	return text;
}

static const struct {
	const char *name, *path;
	struct str in;
	const char *rows[3];
	uint32_t lines, columns_max;
} cases[] = {
	{ "empty", "a.c", { "", 0 }, { "" }, 0, 0 },
	{ "one line, no end", "a", { "abc", 3 }, { "abc" }, 1, 3 },
	{ "end makes no line of its own", "a", { "abc\n", 4 }, { "abc", "" }, 1, 3 },
	{ "blank lines", "a", { "\n\nx", 3 }, { "", "", "x" }, 3, 1 },
	{ "CRLF", "a", { "ab\r\ncd\r\n", 8 }, { "ab", "cd" }, 2, 2 },
	{ "lone CR", "a", { "ab\rcd\n", 6 }, { "ab\\u{d}cd" }, 1, 9 },
	{ "CR at the end of the file", "a", { "ab\r", 3 }, { "ab\\u{d}" }, 1, 7 },
	{ "two CR before LF", "a", { "ab\r\r\n", 5 }, { "ab\\u{d}" }, 1, 7 },
	{ "tab", "a", { "\tx\ty", 4 }, { "        x       y" }, 1, 17 },
	{ "tab at a stop", "a", { "12345678\tx", 10 }, { "12345678        x" }, 1, 17 },
	{ "tab past the first stop", "a", { "1234567\tx", 9 }, { "1234567 x" }, 1, 9 },
	{ "UTF-8", "a", { "na\xc3\xafve", 6 }, { "na?ve" }, 1, 5 },
	{ "bad byte", "a",
		{ "a\xff"
		  "b12345",
			8 },
		{ "a\\xffb12345" }, 1, 11 },
	{ "overlong", "a", { "abcdefgh\xc0\x80", 10 }, { "abcdefgh\\xc0\\x80" }, 1, 16 },
	{ "cut sequence", "a", { "abcdefgh\xe4\xb8", 10 }, { "abcdefgh\\xe4\\xb8" }, 1, 16 },
	{ "wide character that the font lacks", "a", { "\xe4\xb8\xad!", 4 }, { "U+4E2D!" }, 1, 7 },
	{ "beyond the BMP", "a", { "\xf0\x9f\x98\x80", 4 }, { "U+1F600" }, 1, 7 },
	{ "combining mark", "a", { "e\xcc\x81", 3 }, { "eU+0301" }, 1, 7 },
	{ "no-break space", "a",
		{ "a\xc2\xa0"
		  "b",
			4 },
		{ "aU+00A0b" }, 1, 8 },
	{ "right-to-left override", "a",
		{ "a\xe2\x80\xae"
		  "b",
			5 },
		{ "a\\u{202e}b" }, 1, 10 },
	{ "isolate in a comment", "a.c", { "/*\xe2\x81\xa6*/", 7 }, { "/*\\u{2066}*/" }, 1, 12 },
	{ "zero width space", "a",
		{ "a\xe2\x80\x8b"
		  "b",
			5 },
		{ "a\\u{200b}b" }, 1, 10 },
	{ "byte order mark", "a", { "\xef\xbb\xbfx", 4 }, { "\\u{feff}x" }, 1, 9 },
	{ "tag character", "a", { "x\xf3\xa0\x81\x81", 5 }, { "x\\u{e0041}" }, 1, 10 },
	{ "form feed", "a", { "\fab", 3 }, { "\\u{c}ab" }, 1, 7 },
	{ "escape character", "a", { "\x1b[0m ok", 7 }, { "\\u{1b}[0m ok" }, 1, 12 },
	{ "NUL: hex page", "a.c", { "int\0", 4 },
		{ "00000000  69 6e 74 00                                       |int.|" }, 1, 78 },
};

static void lays_out_each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		lay(cases[i].in, cases[i].path, 0, 0);
		for (uint32_t row = 0; row < 3; row++) {
			const char *want = cases[i].rows[row] == NULL ? "" : cases[i].rows[row];

			if (strcmp(row_text(row), want) != 0)
				fail_msg("%s: row %u is \"%s\", not \"%s\"", cases[i].name,
					(unsigned)row, row_text(row), want);
		}
		if (grid.lines != cases[i].lines || grid.columns_max != cases[i].columns_max)
			fail_msg("%s: %u lines of %u columns", cases[i].name, (unsigned)grid.lines,
				(unsigned)grid.columns_max);
		arena_reset(&mem);
	}
}

static void marks_escapes(void **state)
{
	(void)state;
	lay(STR("a\xe2\x80\xae"), "a", 0, 0);
	assert_int_equal(grid.cells[0][0].flags, 0);
	for (size_t i = 1; i < 9; i++) {
		assert_int_equal(grid.cells[0][i].flags, GRID_ESCAPE);
		assert_int_equal(grid.cells[0][i].ink, INK_NUMBER);
	}
}

static void tiles_by_lines_and_columns(void **state)
{
	char text[200 * 101];
	size_t len = 0;

	(void)state;
	/* 200 lines of 100 columns; cell (l, c) says something about both. */
	for (uint32_t l = 0; l < 200; l++) {
		for (uint32_t c = 0; c < 100; c++)
			text[len++] = (char)('A' + (l * 7 + c) % 26);
		text[len++] = '\n';
	}
	static const struct {
		uint32_t line, column, lines_here;
	} tiles[] = { { 0, 0, 60 }, { 60, 0, 60 }, { 180, 0, 20 }, { 0, 80, 60 }, { 120, 80, 60 },
		{ 200, 0, 0 }, { 240, 0, 0 }, { 60, 160, 60 }, { UINT32_MAX, 0, 0 },
		{ 0, UINT32_MAX, 60 }, { 17, 33, 60 } };

	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		lay((struct str){ text, len }, "a", tiles[i].line, tiles[i].column);
		assert_int_equal(grid.lines_here, tiles[i].lines_here);
		assert_int_equal(grid.lines, 200);
		for (uint32_t r = 0; r < LIMIT_TILE_LINES; r++)
			for (uint32_t c = 0; c < LIMIT_TILE_COLUMNS; c++) {
				uint64_t l = (uint64_t)tiles[i].line + r,
					 k = (uint64_t)tiles[i].column + c;

				assert_int_equal(grid.cells[r][c].code_point,
					l < 200 && k < 100 ? 'A' + (l * 7 + k) % 26 : ' ');
			}
	}
}

static void cuts_a_wide_form_at_the_edge(void **state)
{
	char line[81];

	(void)state;
	memset(line, 'x', 78);
	memcpy(line + 78, "\xe4\xb8\xad", 3);
	lay((struct str){ line, 81 }, "a", 0, 0);
	assert_string_equal(row_text(0) + 76, "xxU+");
	lay((struct str){ line, 81 }, "a", 0, 80);
	assert_string_equal(row_text(0), "4E2D");
}

/* One line of 1 MiB: each tile shows its columns, whatever was asked before. */
static void lays_out_a_line_of_a_mebibyte(void **state)
{
	static char text[BIG + 16];

	(void)state;
	for (size_t i = 0; i < BIG; i++)
		text[i] = (char)('a' + (i / 5 + i / 1000) % 26);
	memcpy(text + BIG, "\nint last;\n", 11);
	struct str bytes = { text, BIG + 11 };
	struct layout_index index = index_of(bytes, "a.c");

	assert_int_equal(index.lines, 2);
	assert_int_equal(index.columns_max, BIG);
	assert_in_range(index.point_count, BIG / 16384 / 2, BIG / 16384 + 2);
	for (uint32_t column = 0; column < BIG; column += 80 * 997) {
		layout_tile(&index, &coverage, bytes, 0, column, &grid);
		for (uint32_t c = 0; c < LIMIT_TILE_COLUMNS && column + c < BIG; c++)
			assert_int_equal(grid.cells[0][c].code_point, text[column + c]);
		assert_string_equal(row_text(1), column == 0 ? "int last;" : "");
	}
	layout_tile(&index, &coverage, bytes, 0, 0, &grid);
	assert_int_equal(grid.cells[1][0].ink, INK_KEYWORD);
}

static void lays_out_a_million_lines(void **state)
{
	static char text[2000000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2) {
		text[i] = (char)('0' + i / 2 % 10);
		text[i + 1] = '\n';
	}
	struct str bytes = { text, sizeof(text) };
	struct layout_index index = index_of(bytes, "a");

	assert_int_equal(index.lines, 1000000);
	for (uint32_t line = 0; line < 1000000; line += 60 * 1009) {
		layout_tile(&index, &coverage, bytes, line, 0, &grid);
		for (uint32_t r = 0; r < grid.lines_here; r++)
			assert_int_equal(grid.cells[r][0].code_point, '0' + (line + r) % 10);
	}
}

static void finds_identifiers(void **state)
{
	(void)state;
	lay(STR("int sum(int a) /* b */\n\treturn \"c\" + d9;\n"), "x.c", 0, 0);
	static const struct glass_hit want[] = { { 0, 4, 3, 0 }, { 0, 12, 1, 1 }, { 1, 21, 2, 2 } };

	assert_int_equal(grid.hit_count, 3);
	assert_memory_equal(grid.hits, want, sizeof(want));
	assert_int_equal(grid.cells[0][4].ink, INK_NAME);
	assert_int_equal(grid.cells[0][12].ink, INK_TEXT);
	lay(STR("words in prose"), "README", 0, 0);
	assert_int_equal(grid.hit_count, 0);
}

static void clips_hits_at_the_edge(void **state)
{
	char line[100];

	(void)state;
	memset(line, ' ', sizeof(line));
	memset(line + 75, 'n', 10);
	lay((struct str){ line, 100 }, "x.c", 0, 0);
	assert_int_equal(grid.hit_count, 1);
	assert_int_equal(grid.hits[0].column, 75);
	assert_int_equal(grid.hits[0].columns, 5);
	lay((struct str){ line, 100 }, "x.c", 0, 80);
	assert_int_equal(grid.hit_count, 1);
	assert_int_equal(grid.hits[0].column, 0);
	assert_int_equal(grid.hits[0].columns, 5);
}

static void bounds_hits(void **state)
{
	static char text[LIMIT_TILE_LINES * 81];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 81 == 80 ? '\n' : i % 81 % 2 == 0 ? 'a' : '+';
	lay((struct str){ text, sizeof(text) }, "x.c", 0, 0);
	assert_int_equal(grid.hit_count, LIMIT_PAGE_HITS);
}

static void tells_text_from_binary(void **state)
{
	static char text[20000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_false(chars_are_binary((struct str){ text, sizeof(text) }));
	text[8192] = '\0';
	assert_false(chars_are_binary((struct str){ text, sizeof(text) }));
	text[8191] = '\0';
	assert_true(chars_are_binary((struct str){ text, sizeof(text) }));
	memset(text, 'a', sizeof(text));
	memset(text, '\xff', 2457);
	assert_false(chars_are_binary((struct str){ text, sizeof(text) }));
	memset(text, '\xff', 2458);
	assert_true(chars_are_binary((struct str){ text, sizeof(text) }));
	assert_false(chars_are_binary(STR("")));
}

static void pages_through_a_binary_file(void **state)
{
	static char text[16 * 100 + 3];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	lay((struct str){ text, sizeof(text) }, "x", 60, 0);
	assert_int_equal(grid.binary, 1);
	assert_int_equal(grid.lines, 101);
	assert_int_equal(grid.lines_here, 41);
	assert_string_equal(row_text(0),
		"000003c0  c0 c1 c2 c3 c4 c5 c6 c7  c8 c9 ca cb cc cd ce cf  |................|");
	assert_string_equal(
		row_text(40), "00000640  40 41 42                                          |@AB|");
	lay((struct str){ text, sizeof(text) }, "x", 0, 11);
	assert_string_equal(row_text(4) + 49, "|@ABCDEFGHIJKLMNO|");
}

static void refuses_what_breaks_an_invariant(void **state)
{
	struct err err;
	static const struct {
		const char *what;
		size_t offset;
		uint8_t value;
	} breaks[] = {
		{ "ink", offsetof(struct grid, cells) + offsetof(struct grid_cell, ink), INKS },
		{ "flags", offsetof(struct grid, cells) + offsetof(struct grid_cell, flags), 2 },
		{ "padding", offsetof(struct grid, cells) + offsetof(struct grid_cell, zero), 1 },
		{ "control", offsetof(struct grid, cells), 7 },
		{ "beyond Unicode", offsetof(struct grid, cells) + 3, 1 },
		{ "past the last line", offsetof(struct grid, cells) + 8 * 80 * 3, 'x' },
		{ "lines_here", offsetof(struct grid, lines_here), 61 },
		{ "more here than in all", offsetof(struct grid, lines), 0 },
		{ "columns", offsetof(struct grid, columns_max) + 3, 2 },
		{ "language", offsetof(struct grid, language), LANGUAGES },
		{ "binary", offsetof(struct grid, binary), 2 },
		{ "zero", offsetof(struct grid, zero), 1 },
		{ "hit count", offsetof(struct grid, hit_count) + 1, 255 },
		{ "hit's id", offsetof(struct grid, hits) + offsetof(struct glass_hit, id), 9 },
		{ "hit's row", offsetof(struct grid, hits) + offsetof(struct glass_hit, row), 3 },
		{ "hit's column", offsetof(struct grid, hits) + offsetof(struct glass_hit, column),
			80 },
		{ "hit's width", offsetof(struct grid, hits) + offsetof(struct glass_hit, columns),
			0 },
		{ "hits overlap", offsetof(struct grid, hits) + offsetof(struct glass_hit, columns),
			9 },
	};

	(void)state;
	lay(STR("one two\nthree\n\n"), "x.c", 0, 0);
	grid_put_foot(&grid, &coverage, STR("visible"));
	assert_int_equal(grid_check(&grid, &err), OK);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		uint8_t *byte = (uint8_t *)&grid + breaks[i].offset, was = *byte;

		*byte = breaks[i].value;
		if (grid_check(&grid, &err) != ERR_CORRUPT)
			fail_msg("%s passes", breaks[i].what);
		*byte = was;
	}
	grid.cells[0][0].code_point = 0x202e;
	assert_int_equal(grid_check(&grid, &err), ERR_CORRUPT);
	grid.cells[0][0].code_point = 0xd800;
	assert_int_equal(grid_check(&grid, &err), ERR_CORRUPT);
}

static void lays_out_the_visible_line(void **state)
{
	char longer[200];

	(void)state;
	grid_clear(&grid);
	grid_put_foot(&grid, &coverage, STR("Reviewer 3 \xc2\xb7 ENG-7"));
	assert_string_equal(row_text(GRID_FOOT), " Reviewer 3 ? ENG-7");
	grid_put_foot(&grid, &coverage,
		STR("a\xe2\x80\xae"
		    "b"));
	assert_string_equal(row_text(GRID_FOOT), " a\\u{202e}b");
	memset(longer, 'x', sizeof(longer));
	grid_put_foot(&grid, &coverage, (struct str){ longer, 78 });
	assert_int_equal(grid.cells[GRID_FOOT][78].code_point, 'x');
	assert_int_equal(grid.cells[GRID_FOOT][79].code_point, ' ');
	grid_put_foot(&grid, &coverage, (struct str){ longer, 79 });
	assert_int_equal(grid.cells[GRID_FOOT][77].code_point, 'x');
	assert_int_equal(grid.cells[GRID_FOOT][78].code_point, 0x2026);
	assert_int_equal(grid.cells[GRID_FOOT][79].code_point, ' ');
}

static void needs_the_memory_it_says(void **state)
{
	struct arena small;
	struct layout_index index;
	struct err err;

	(void)state;
	arena_init(&small, layout_index_bytes(3));
	assert_int_equal(
		layout_index_build(&small, &coverage, STR("a\nb"), STR("a"), &index, &err), OK);
	arena_reset(&small);
	arena_init(&small, 16);
	assert_int_equal(layout_index_build(&small, &coverage, STR("a\nb"), STR("a"), &index, &err),
		ERR_LIMIT);
	arena_reset(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lays_out_each_case),
		cmocka_unit_test(marks_escapes),
		cmocka_unit_test(tiles_by_lines_and_columns),
		cmocka_unit_test(cuts_a_wide_form_at_the_edge),
		cmocka_unit_test(lays_out_a_line_of_a_mebibyte),
		cmocka_unit_test(lays_out_a_million_lines),
		cmocka_unit_test(finds_identifiers),
		cmocka_unit_test(clips_hits_at_the_edge),
		cmocka_unit_test(bounds_hits),
		cmocka_unit_test(tells_text_from_binary),
		cmocka_unit_test(pages_through_a_binary_file),
		cmocka_unit_test(refuses_what_breaks_an_invariant),
		cmocka_unit_test(lays_out_the_visible_line),
		cmocka_unit_test(needs_the_memory_it_says),
	};

	return cmocka_run_group_tests(tests, make_coverage, drop_arena);
}
