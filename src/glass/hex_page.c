#include "glass/hex_page.h"

/* "00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|" */
enum { OFFSET_DIGITS = 8, BYTES_COLUMN = 10, HALF = 8, TEXT_COLUMN = 60 };
static_assert(
	TEXT_COLUMN + 1 + HEX_PAGE_LINE_BYTES + 1 == HEX_PAGE_COLUMNS, "the line as drawn above");
static_assert(HEX_PAGE_COLUMNS <= LIMIT_TILE_COLUMNS, "a hex line is one tile wide");
static_assert(LIMIT_FILE_BYTES <= UINT32_MAX, "an offset is eight digits");

static const char digits[] = "0123456789abcdef";

/* A line of the page under way: the cells of the tile's row, and the column that its first cell shows. */
struct line {
	struct grid_cell *row;
	uint32_t first_column;
};

static void put(const struct line *line, size_t column, char c, enum grid_ink ink)
{
	if (column < line->first_column)
		return;
	struct grid_cell *cell = &line->row[column - line->first_column];

	cell->code_point = (uint8_t)c;
	cell->ink = c == ' ' ? 0 : (uint8_t)ink;
}

static void put_line(const struct line *line, struct str bytes, uint32_t offset)
{
	for (size_t i = 0; i < OFFSET_DIGITS; i++)
		put(line, i, digits[offset >> (4 * (OFFSET_DIGITS - 1 - i)) & 0xf], INK_COMMENT);
	put(line, TEXT_COLUMN, '|', INK_COMMENT);
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t byte = (uint8_t)bytes.ptr[i];
		size_t column = BYTES_COLUMN + 3 * i + (i >= HALF ? 1 : 0);
		bool is_printable = byte >= ' ' && byte < 0x7f;
		enum grid_ink ink = byte == 0 ? INK_COMMENT : is_printable ? INK_STRING : INK_TEXT;

		put(line, column, digits[byte >> 4], ink);
		put(line, column + 1, digits[byte & 0xf], ink);
		put(line, TEXT_COLUMN + 1 + i, is_printable ? (char)byte : '.',
			is_printable ? INK_STRING : INK_COMMENT);
	}
	put(line, TEXT_COLUMN + 1 + bytes.len, '|', INK_COMMENT);
}

uint32_t hex_page_lines(size_t file_bytes)
{
	return (uint32_t)((file_bytes + HEX_PAGE_LINE_BYTES - 1) / HEX_PAGE_LINE_BYTES);
}

void hex_page_tile(struct str bytes, uint32_t first_line, uint32_t first_column, struct grid *grid)
{
	assert(first_column < HEX_PAGE_COLUMNS);
	for (uint32_t row = 0; row < grid->lines_here; row++) {
		size_t offset = ((size_t)first_line + row) * HEX_PAGE_LINE_BYTES;
		struct str rest = str_skip(bytes, offset);
		struct line line = { grid->cells[row], first_column };

		put_line(&line,
			str_head(rest,
				rest.len < HEX_PAGE_LINE_BYTES ? rest.len : HEX_PAGE_LINE_BYTES),
			(uint32_t)offset);
	}
}
