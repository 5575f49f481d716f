/*
 * layout: a file's bytes as tiles of cells. Pure: the same bytes, path and coverage give the same grid.
 *
 * A file is scanned once into an index: its lines, its widest line, and a point about every 16 KiB where
 * lexing can be taken up again, be it inside a line of many megabytes. A tile then costs what it shows, and at
 * most the way from one point to the next a row.
 *
 * Lines end with LF; a CR before it is not shown. Columns are cells: a tab goes to the next multiple of 8, an
 * escape takes as many as it is long. What lies beyond LIMIT_LINE_COLUMNS of a line is not shown.
 */
#ifndef GLASS_LAYOUT_H
#define GLASS_LAYOUT_H

#include "base/arena.h"
#include "glass/lex.h"

struct layout_point {
	uint64_t offset;
	uint32_t line, column;
	struct lex_state state;
};

/* What is known of a file. points live in the arena it was built with. */
struct layout_index {
	enum language language;
	bool is_binary;
	uint32_t lines, columns_max;
	struct layout_point *points; /* ascending; the first is the beginning of the file */
	size_t point_count;
};

/* Memory that the index of a file of so many bytes needs. */
size_t layout_index_bytes(size_t file_bytes);
/*
 * coverage  checked
 * bytes     at most LIMIT_FILE_BYTES
 * path      tells the language
 * Errors: ERR_LIMIT when the file is larger, or the arena too small.
 */
MUST_CHECK enum err_kind layout_index_build(struct arena *mem, const struct coverage *coverage,
	struct str bytes, struct str path, struct layout_index *index, struct err *err);
/*
 * Lay out the tile whose first cell is (first_line, first_column). Any values: past the end lines_here is 0,
 * past the columns the rows are blank. The foot is left blank.
 */
void layout_tile(const struct layout_index *index, const struct coverage *coverage,
	struct str bytes, uint32_t first_line, uint32_t first_column, struct grid *grid);
/* The lexer's state at the beginning of a line, for tests: from the index, or by scanning all before. */
struct lex_state layout_state_at(const struct layout_index *index, const struct coverage *coverage,
	struct str bytes, uint32_t line, bool from_index);

#endif
