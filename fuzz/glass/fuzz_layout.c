/*
 * Property: whatever the bytes, the language and the place asked for, the grid is sound, the same when laid out
 * again, and the lexer's state at a line is the same from the index as by scanning.
 *
 * Input: language, then line and column (u32le each), then the file.
 */
#include <stdlib.h>

#include "glass/layout.h"

static const char *const names[] = { "plain", "a.c", "a.cpp", "a.py", "a.sh", "Makefile",
	"CMakeLists.txt", "a.json", "a.yaml", "a.md", "a.go", "a.js", "a.ts", "a.java", "a.rs",
	"a.sql", "a.xml", "a.ini", "a.diff" };
enum { NAMES = sizeof(names) / sizeof(names[0]), HEAD_BYTES = 9 };

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const struct coverage *make_coverage(void)
{
	static struct coverage coverage;

	for (uint32_t c = '!'; coverage.count == 0 || c < 0x180; c++)
		if (c <= '~' || (c > 0xa0 && c != 0xad))
			require(coverage_add(&coverage, c));
	return &coverage;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct coverage *coverage;
	static struct grid grid, again;
	struct layout_index index;
	struct arena mem;
	struct err err;

	if (size < HEAD_BYTES)
		return 0;
	if (coverage == NULL)
		coverage = make_coverage();
	struct str bytes = str_of(data + HEAD_BYTES, size - HEAD_BYTES);
	uint32_t line = le32(data + 1), column = le32(data + 5);

	arena_init(&mem, layout_index_bytes(bytes.len));
	require(layout_index_build(&mem, coverage, bytes, str_from(names[data[0] % NAMES]), &index,
			&err) == OK);
	layout_tile(&index, coverage, bytes, line, column, &grid);
	require(grid_check(&grid, &err) == OK);
	/* Near the middle of what is there, too. */
	layout_tile(&index, coverage, bytes, index.lines / 2, column % 200, &grid);
	require(grid_check(&grid, &err) == OK);
	require(index.lines == 0 || grid.lines_here > 0);
	layout_tile(&index, coverage, bytes, index.lines / 2, column % 200, &again);
	require(memcmp(&grid, &again, sizeof(grid)) == 0);
	if (!index.is_binary) {
		uint32_t at = index.lines == 0 ? 0 : line % index.lines;
		struct lex_state from_index = layout_state_at(&index, coverage, bytes, at, true);
		struct lex_state by_scan = layout_state_at(&index, coverage, bytes, at, false);

		require(memcmp(&from_index, &by_scan, sizeof(by_scan)) == 0);
	}
	arena_reset(&mem);
	return 0;
}
