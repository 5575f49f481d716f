/* hex_page: a file that is not text, 16 bytes a line: offset, bytes in hexadecimal, ASCII. */
#ifndef GLASS_HEX_PAGE_H
#define GLASS_HEX_PAGE_H

#include "glass/grid.h"

enum { HEX_PAGE_LINE_BYTES = 16, HEX_PAGE_COLUMNS = 78 };

uint32_t hex_page_lines(size_t file_bytes);
/* Fills the rows that grid->lines_here counts. first_line and first_column lie inside the page. */
void hex_page_tile(struct str bytes, uint32_t first_line, uint32_t first_column, struct grid *grid);

#endif
