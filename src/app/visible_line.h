/*
 * visible_line: what every page says at its foot: who looks, for which party, under which engagement, when.
 * "Reviewer 3 · Operator A · eng_7k2m9q4x… · 22 Nov 2026 15:04 UTC".
 */
#ifndef APP_VISIBLE_LINE_H
#define APP_VISIBLE_LINE_H

#include "base/str.h"
#include "glass/glass.h"

struct visible_line {
	struct str person, party, engagement;
	int64_t now_us;
};

/*
 * Writes at most GLASS_VISIBLE_BYTES_MAX bytes and returns how many. Names that are too long are cut, the
 * engagement and the time never are: the line takes at most LIMIT_TILE_COLUMNS - 2 cells.
 */
size_t visible_line_format(const struct visible_line *line, char text[GLASS_VISIBLE_BYTES_MAX]);

#endif
