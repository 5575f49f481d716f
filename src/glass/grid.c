#include "glass/grid.h"

#include "base/utf8.h"
#include "glass/chars.h"
#include "glass/grammar.h"

static const struct grid_cell blank = { .code_point = ' ' };

void grid_clear(struct grid *grid)
{
	memset(grid, 0, sizeof(*grid));
	for (size_t row = 0; row < GRID_ROWS; row++)
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++)
			grid->cells[row][column] = blank;
}

static bool cell_is_sound(const struct grid_cell *cell)
{
	uint32_t code_point = cell->code_point;

	return cell->ink < INKS && (cell->flags & ~GRID_ESCAPE) == 0 && cell->zero == 0 &&
		code_point <= 0x10ffff && !(code_point >= 0xd800 && code_point <= 0xdfff) &&
		(code_point - ' ' < 0x7f - ' ' || !utf8_is_hidden(code_point));
}

static bool cell_is_blank(const struct grid_cell *cell)
{
	return cell->code_point == ' ' && cell->ink == 0 && cell->flags == 0 && cell->zero == 0;
}

static bool hits_are_sound(const struct grid *grid)
{
	uint32_t free_from = 0; /* row * columns + column: no hit may begin before it */

	for (uint16_t i = 0; i < grid->hit_count; i++) {
		const struct glass_hit *hit = &grid->hits[i];

		if (hit->id != i || hit->row >= grid->lines_here || hit->columns == 0 ||
			hit->columns > LIMIT_TILE_COLUMNS ||
			hit->column > LIMIT_TILE_COLUMNS - hit->columns)
			return false;
		uint32_t from = (uint32_t)hit->row * LIMIT_TILE_COLUMNS + hit->column;

		if (from < free_from)
			return false;
		free_from = from + hit->columns;
	}
	return true;
}

enum err_kind grid_check(const struct grid *grid, struct err *err)
{
	if (grid->lines_here > LIMIT_TILE_LINES || grid->lines_here > grid->lines ||
		grid->columns_max > LIMIT_LINE_COLUMNS || grid->language >= LANGUAGES ||
		grid->binary > 1 || grid->zero != 0 || grid->hit_count > LIMIT_PAGE_HITS)
		return err_set(err, ERR_CORRUPT, "glass: a count of the grid is out of range");
	for (size_t row = 0; row < GRID_ROWS; row++) {
		bool must_be_blank = row >= grid->lines_here && row != GRID_FOOT;

		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			const struct grid_cell *cell = &grid->cells[row][column];

			if (!cell_is_sound(cell) || (must_be_blank && !cell_is_blank(cell)))
				return err_set(err, ERR_CORRUPT,
					"glass: cell %zu,%zu is out of range", row, column);
		}
	}
	if (!hits_are_sound(grid))
		return err_set(err, ERR_CORRUPT, "glass: the hit map is out of range");
	return OK;
}

void grid_put_foot(struct grid *grid, const struct coverage *coverage, struct str text)
{
	struct grid_cell *row = grid->cells[GRID_FOOT];
	/* One blank cell at each side: the band reads as a band. */
	const size_t last = LIMIT_TILE_COLUMNS - 1;
	size_t column = 1;

	for (size_t i = 0; i < LIMIT_TILE_COLUMNS; i++)
		row[i] = blank;
	while (text.len > 0) {
		struct char_cells cells;

		char_read(coverage, text, &cells);
		bool is_end = cells.bytes == text.len;

		if (column + cells.count > last - (is_end ? 0 : 1)) {
			row[column].code_point = coverage_has(coverage, 0x2026) ? 0x2026 : '.';
			return;
		}
		for (size_t i = 0; i < cells.count; i++)
			row[column++].code_point = cells.cells[i];
		text = str_skip(text, cells.bytes);
	}
}
