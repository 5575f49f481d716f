#include "glass/layout.h"

#include "glass/chars.h"
#include "glass/hex_page.h"

enum {
	POINT_STEP_BYTES = 16 << 10,
	/* So much of a line is looked at at once: a line of gigabytes is never searched for its end again. */
	VIEW_BYTES = 64 << 10,
	VIEW_BYTES_LEAST = 2 * LEX_LOOK_BYTES,
};
static_assert(
	VIEW_BYTES > VIEW_BYTES_LEAST, "a view is refreshed before the lexer could see its edge");

struct walker {
	const struct grammar *grammar;
	const struct coverage *coverage;
	struct str bytes;
	struct layout_point at;
	/* The part of the line in view: bytes[at.offset .. view_end), and whether the line ends there. */
	size_t view_end, next_line;
	bool sees_end;
	/* Where cells go; NULL when walking only. */
	struct grid *grid;
	uint32_t row, first_column;
};

static void look(struct walker *w)
{
	size_t from = (size_t)w->at.offset;
	struct str rest = str_skip(w->bytes, from);
	size_t len = rest.len < VIEW_BYTES ? rest.len : VIEW_BYTES;
	const char *end = len == 0 ? NULL : memchr(rest.ptr, '\n', len);

	w->sees_end = end != NULL || len == rest.len;
	w->view_end = end != NULL ? (size_t)(end - w->bytes.ptr) : from + len;
	w->next_line = w->view_end + (end != NULL ? 1 : 0);
	if (end != NULL && w->view_end > from && w->bytes.ptr[w->view_end - 1] == '\r')
		w->view_end--;
}

static void place(
	struct walker *w, uint32_t column, uint32_t code_point, uint8_t ink, bool is_escape)
{
	if (w->grid == NULL || column < w->first_column ||
		column - w->first_column >= LIMIT_TILE_COLUMNS)
		return;
	struct grid_cell *cell = &w->grid->cells[w->row][column - w->first_column];

	cell->code_point = code_point;
	/* A blank has no ink: so blank cells are all alike. */
	cell->ink = code_point == ' ' ? 0 : ink;
	cell->flags = is_escape ? GRID_ESCAPE : 0;
}

static void advance(uint32_t *column, uint32_t cells)
{
	*column = cells > LIMIT_LINE_COLUMNS - *column ? LIMIT_LINE_COLUMNS : *column + cells;
}

/* The cells of one span, from *column on. */
static void put_span(struct walker *w, struct str span, uint8_t ink, uint32_t *column)
{
	while (span.len > 0) {
		uint8_t byte = (uint8_t)span.ptr[0];

		if (w->grid == NULL) {
			size_t plain = 0;

			while (plain < span.len && span.ptr[plain] >= ' ' && span.ptr[plain] < 0x7f)
				plain++;
			advance(column, (uint32_t)plain);
			span = str_skip(span, plain);
			if (plain > 0)
				continue;
		}

		if (byte >= ' ' && byte < 0x7f) {
			if (*column < LIMIT_LINE_COLUMNS)
				place(w, *column, byte, ink, false);
			advance(column, 1);
			span = str_skip(span, 1);
		} else if (byte == '\t') {
			advance(column, TAB_COLUMNS - *column % TAB_COLUMNS);
			span = str_skip(span, 1);
		} else {
			struct char_cells cells;

			char_read(w->coverage, span, &cells);
			for (uint32_t i = 0; i < cells.count && *column + i < LIMIT_LINE_COLUMNS;
				i++)
				place(w, *column + i, cells.cells[i],
					cells.is_escape ? INK_NUMBER : ink, cells.is_escape);
			advance(column, cells.count);
			span = str_skip(span, cells.bytes);
		}
	}
}

/* A hit for the cells [from, to) of an identifier, clipped to the tile. */
static void put_hit(struct walker *w, uint32_t from, uint32_t to)
{
	uint32_t first = w->first_column, end = first + LIMIT_TILE_COLUMNS;

	if (from < first)
		from = first;
	if (to > end)
		to = end;
	if (from >= to || w->grid->hit_count == LIMIT_PAGE_HITS)
		return;
	w->grid->hits[w->grid->hit_count] = (struct glass_hit){
		.row = (uint16_t)w->row,
		.column = (uint16_t)(from - first),
		.columns = (uint16_t)(to - from),
		.id = w->grid->hit_count,
	};
	w->grid->hit_count++;
}

/* One span further. False at the end of the line. */
static bool walk_span(struct walker *w)
{
	size_t at = (size_t)w->at.offset;

	if (!w->sees_end && w->view_end - at < VIEW_BYTES_LEAST) {
		look(w);
		at = (size_t)w->at.offset;
	}
	if (at >= w->view_end)
		return false;
	struct str rest = { w->bytes.ptr + at, w->view_end - at };
	struct lex_span span;
	uint32_t column = w->at.column;

	lex_next(w->grammar, &w->at.state, rest, w->grid == NULL ? LEX_SKIM : LEX_COLOUR, &span);
	put_span(w, str_head(rest, span.bytes), span.ink, &column);
	if (w->grid != NULL && span.is_name)
		put_hit(w, w->at.column, column);
	w->at.offset += span.bytes;
	w->at.column = column;
	return true;
}

/* To the first byte of the next line; call where walk_span said false. */
static void walk_line_end(struct walker *w)
{
	lex_line_end(w->grammar, &w->at.state);
	w->at.offset = w->next_line;
	w->at.line++;
	w->at.column = 0;
	look(w);
}

static void walker_init(struct walker *w, const struct layout_index *index,
	const struct coverage *coverage, struct str bytes, const struct layout_point *from)
{
	*w = (struct walker){ .grammar = grammar_of(index->language),
		.coverage = coverage,
		.bytes = bytes,
		.at = *from };
	look(w);
}

size_t layout_index_bytes(size_t file_bytes)
{
	return (file_bytes / POINT_STEP_BYTES + 2) * sizeof(struct layout_point) + 4096;
}

enum err_kind layout_index_build(struct arena *mem, const struct coverage *coverage,
	struct str bytes, struct str path, struct layout_index *index, struct err *err)
{
	size_t capacity = bytes.len / POINT_STEP_BYTES + 2;
	struct walker w;

	if (bytes.len > LIMIT_FILE_BYTES)
		return err_set(err, ERR_LIMIT, "glass: the file is larger than %llu bytes",
			(unsigned long long)LIMIT_FILE_BYTES);
	struct layout_index built = { .language = language_of(path, bytes) };

	if (chars_are_binary(bytes)) {
		built.is_binary = true;
		built.language = LANGUAGE_BINARY;
		built.lines = hex_page_lines(bytes.len);
		built.columns_max = HEX_PAGE_COLUMNS;
		*index = built;
		return OK;
	}
	built.points = arena_array(mem, struct layout_point, capacity);
	if (built.points == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory for the index of a file");
	walker_init(&w, &built, coverage, bytes, &(struct layout_point){ 0 });
	built.points[built.point_count++] = w.at;
	while (w.at.offset < bytes.len) {
		do {
			if (w.at.offset - built.points[built.point_count - 1].offset >=
				POINT_STEP_BYTES) {
				assert(built.point_count < capacity);
				built.points[built.point_count++] = w.at;
			}
		} while (walk_span(&w));
		if (w.at.column > built.columns_max)
			built.columns_max = w.at.column;
		walk_line_end(&w);
	}
	built.lines = w.at.line;
	*index = built;
	return OK;
}

/* The last point at or before (line, column). */
static const struct layout_point *find_point(
	const struct layout_index *index, uint32_t line, uint32_t column)
{
	size_t low = 0, high = index->point_count;

	assert(index->point_count > 0);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		const struct layout_point *p = &index->points[middle];

		if (p->line < line || (p->line == line && p->column <= column))
			low = middle;
		else
			high = middle;
	}
	return &index->points[low];
}

/* Go to (line, column) or the last span before it, by the nearest point when that is further on. */
static void seek(struct walker *w, const struct layout_index *index, uint32_t line, uint32_t column)
{
	const struct layout_point *point = find_point(index, line, column);

	if (point->offset > w->at.offset) {
		w->at = *point;
		look(w);
	}
	while (w->at.line < line) {
		while (walk_span(w))
			;
		walk_line_end(w);
	}
}

void layout_tile(const struct layout_index *index, const struct coverage *coverage,
	struct str bytes, uint32_t first_line, uint32_t first_column, struct grid *grid)
{
	struct walker w;

	grid_clear(grid);
	grid->lines = index->lines;
	grid->columns_max = index->columns_max;
	grid->language = (uint8_t)index->language;
	grid->binary = index->is_binary;
	if (first_line >= index->lines)
		return;
	uint32_t left = index->lines - first_line;

	grid->lines_here = (uint16_t)(left < LIMIT_TILE_LINES ? left : LIMIT_TILE_LINES);
	if (first_column >= index->columns_max)
		return;
	if (index->is_binary) {
		hex_page_tile(bytes, first_line, first_column, grid);
		return;
	}
	walker_init(&w, index, coverage, bytes, &index->points[0]);
	for (uint32_t row = 0; row < grid->lines_here; row++) {
		w.grid = NULL;
		seek(&w, index, first_line + row, first_column);
		w.grid = grid;
		w.row = row;
		w.first_column = first_column;
		while (w.at.column < first_column + LIMIT_TILE_COLUMNS && walk_span(&w))
			;
	}
}

struct lex_state layout_state_at(const struct layout_index *index, const struct coverage *coverage,
	struct str bytes, uint32_t line, bool from_index)
{
	struct walker w;

	assert(!index->is_binary && line <= index->lines);
	walker_init(&w, index, coverage, bytes,
		from_index ? find_point(index, line, 0) : &index->points[0]);
	while (w.at.line < line) {
		while (walk_span(&w))
			;
		walk_line_end(&w);
	}
	return w.at.state;
}
