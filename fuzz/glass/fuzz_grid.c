/*
 * What a layout child may put into the memory that it shares, against the rules of grid.h counted out here again: a
 * grid that grid_check takes keeps every rule, one that it refuses breaks one.
 *
 * Input: changes to a sound grid: an offset in 32 bits, low byte first, and the byte that goes there. The first byte
 * says how many hits the grid has before them.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "glass/grammar.h"
#include "glass/grid.h"

enum { CHANGE_BYTES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_drawn(uint32_t c)
{
	bool is_ascii = c >= 0x20 && c < 0x7f;

	return is_ascii || (c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && !utf8_is_hidden(c));
}

static bool cells_hold(const struct grid *g)
{
	for (size_t i = 0; i < (size_t)GRID_ROWS * LIMIT_TILE_COLUMNS; i++) {
		const struct grid_cell
			*cell = &g->cells[i / LIMIT_TILE_COLUMNS][i % LIMIT_TILE_COLUMNS];
		size_t row = i / LIMIT_TILE_COLUMNS;
		bool is_plain = cell->code_point == ' ' && cell->ink == 0 && cell->flags == 0;

		if (cell->zero != 0 || cell->ink >= INKS || cell->flags > GRID_ESCAPE ||
			!is_drawn(cell->code_point))
			return false;
		if (row != GRID_FOOT && row >= g->lines_here && !is_plain)
			return false;
	}
	return true;
}

/* Each hit marks its cells; nothing is marked twice, and none comes before the last. */
static bool hits_hold(const struct grid *g)
{
	static bool marked[GRID_ROWS][LIMIT_TILE_COLUMNS];
	size_t last = 0;

	memset(marked, 0, sizeof(marked));
	for (size_t i = 0; i < g->hit_count; i++) {
		const struct glass_hit *hit = &g->hits[i];
		size_t at = (size_t)hit->row * LIMIT_TILE_COLUMNS + hit->column;

		if (hit->id != i || hit->columns == 0 || hit->row >= g->lines_here ||
			(size_t)hit->column + hit->columns > LIMIT_TILE_COLUMNS ||
			(i > 0 && at < last))
			return false;
		for (size_t c = hit->column; c < (size_t)hit->column + hit->columns; c++) {
			if (marked[hit->row][c])
				return false;
			marked[hit->row][c] = true;
		}
		last = at;
	}
	return true;
}

static bool all_hold(const struct grid *g)
{
	return g->lines_here <= LIMIT_TILE_LINES && g->lines_here <= g->lines &&
		g->columns_max <= LIMIT_LINE_COLUMNS && g->language < LANGUAGES && g->binary <= 1 &&
		g->zero == 0 && g->hit_count <= LIMIT_PAGE_HITS && cells_hold(g) && hits_hold(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct grid grid;
	struct err err;

	if (size == 0)
		return 0;
	grid_clear(&grid);
	grid.lines = grid.lines_here = LIMIT_TILE_LINES / 2;
	grid.columns_max = LIMIT_TILE_COLUMNS;
	grid.hit_count = data[0] % LIMIT_TILE_LINES / 2;
	for (uint16_t i = 0; i < grid.hit_count; i++)
		grid.hits[i] = (struct glass_hit){ .row = i, .column = i, .columns = 3, .id = i };
	for (size_t at = 1; size - at >= CHANGE_BYTES; at += CHANGE_BYTES) {
		uint32_t offset = (uint32_t)data[at] | (uint32_t)data[at + 1] << 8 |
			(uint32_t)data[at + 2] << 16 | (uint32_t)data[at + 3] << 24;

		((uint8_t *)&grid)[offset % sizeof(grid)] = data[at + 4];
	}
	if ((grid_check(&grid, &err) == OK) != all_hold(&grid))
		abort();
	return 0;
}
