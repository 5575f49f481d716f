/*
 * chars: one character of source as cells. A character that the font draws takes one cell; any other is
 * spelled out: \xNN a byte that is not UTF-8, \u{N} a hidden character, U+N one that the font lacks.
 */
#ifndef GLASS_CHARS_H
#define GLASS_CHARS_H

#include "base/str.h"
#include "glass/coverage.h"

enum { CHAR_CELLS_MAX = 10, TAB_COLUMNS = 8 };

struct char_cells {
	uint8_t bytes; /* taken from the source, 1 to 4 */
	uint8_t count; /* cells, 1 to CHAR_CELLS_MAX */
	bool is_escape; /* spelled out */
	uint32_t cells[CHAR_CELLS_MAX];
};

/* The first character of rest (rest.len > 0). A tab is the caller's: its width hangs on the column. */
void char_read(const struct coverage *coverage, struct str rest, struct char_cells *out);

/* Is this file shown as a hex page? A NUL, or more than 30 % odd bytes, in its first 8 KiB. */
bool chars_are_binary(struct str bytes);

#endif
