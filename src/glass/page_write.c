#include "glass/page_write.h"

#include <endian.h>

enum {
	WORD_CELLS_MAX = 12,
	WORD_CELLS_MIN = 2, /* to be worth a match */
	WORD_LINES_MAX = 6, /* above; DEFLATE's window ends there at 1x */
	WORD_SLOTS = 1024,
	GAP_BITS = 3, /* what leaving a piece's gap unwritten saves, about */
	ADLER_BYTES = 4,
	ADLER_MODULUS = 65521,
	STORE_BYTES = 8, /* a put writes so many, whatever it appends */
};

struct cell {
	const struct page_glyph *glyph;
	uint32_t from; /* first byte in its row of pixels, the filter's not counted */
};

/* Cells of one kind, paper and shift. */
struct word {
	uint32_t first, end; /* cells of the line */
	uint32_t column;
	uint32_t inked; /* as page_glyph's, of any cell */
	uint32_t distance; /* to the same word before; 0: none */
	const uint32_t *same; /* its keys */
	struct huffman_string distance_string;
};

/* A row of cells that is being written. */
struct line {
	size_t row;
	uint32_t cell_count, word_count;
	uint32_t inked; /* of any word */
	uint8_t paper[LIMIT_TILE_COLUMNS];
	struct cell cells[LIMIT_TILE_COLUMNS];
	struct word words[LIMIT_TILE_COLUMNS];
};

/* Bits on their way out. */
struct sink {
	uint8_t *to;
	uint64_t bits;
	uint32_t count; /* of bits; 7 at most between two puts */
};

/* Both sums of Adler-32 (RFC 1950 section 8.2), not reduced. */
struct adler {
	uint64_t a, b;
};

struct page_writer {
	struct page_code code;
	struct page_glyphs *glyphs;
	uint8_t *stream;
	size_t stream_bytes;
	struct adler adler;
	struct line line;
	uint32_t keys[GRID_ROWS][LIMIT_TILE_COLUMNS]; /* page_glyph_key; 0 is blank */
	struct {
		uint32_t hash;
		uint8_t row, column;
		bool is_used;
	} seen[WORD_SLOTS];
};

enum err_kind page_writer_open(const struct atlas *atlas, enum glass_zoom zoom,
	const struct huffman_lengths *lengths, struct page_writer **writer, struct err *err)
{
	struct page_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory for a page");
	enum err_kind rc = page_code_make(zoom, lengths, &w->code, err);

	if (rc == OK)
		rc = page_glyphs_open(atlas, zoom, &w->code, &w->glyphs, err);
	if (rc == OK) {
		w->stream_bytes = page_code_bytes_max(zoom) + ADLER_BYTES + STORE_BYTES;
		w->stream = malloc(w->stream_bytes);
		if (w->stream == NULL)
			rc = err_set(err, ERR_LIMIT, "glass: no memory for a page");
	}
	if (rc == OK)
		*writer = w;
	else
		page_writer_close(w);
	return rc;
}

void page_writer_close(struct page_writer *writer)
{
	if (writer == NULL)
		return;
	page_glyphs_close(writer->glyphs);
	free(writer->stream);
	free(writer);
}

static inline void put(struct sink *sink, uint64_t bits, uint32_t count)
{
	sink->bits |= bits << sink->count;
	sink->count += count;
	uint64_t stored = htole64(sink->bits);

	memcpy(sink->to, &stored, STORE_BYTES);
	sink->to += sink->count / 8;
	sink->bits >>= sink->count & ~7U;
	sink->count &= 7;
}

static inline void put_string(struct sink *sink, struct huffman_string string)
{
	put(sink, string.bits, string.count);
}

/* --- a line's cells and words ---------------------------------------------------------------------------- */

static bool is_identifier(uint32_t key)
{
	uint32_t code_point = key >> 6;

	return (code_point | 0x20) - 'a' < 26 || code_point - '0' < 10 || code_point == '_' ||
		code_point >= 0x80;
}

static bool are_alike(uint32_t key, uint32_t first)
{
	/* Without the ink: what is left of the variant is paper and shift. */
	return (key & 63) / INKS == (first & 63) / INKS &&
		is_identifier(key) == is_identifier(first);
}

/* Where the same word stood, if within reach, and remember this one. */
static void look_up(struct page_writer *w, struct word *word, uint32_t hash)
{
	const struct page_shape *shape = &w->code.shape;
	uint32_t cells = word->end - word->first, slot = hash >> 22;
	size_t row = w->line.row, seen_row = w->seen[slot].row;
	uint32_t column = w->seen[slot].column;

	static_assert(WORD_SLOTS == 1 << 10, "the hash gives a slot");
	if (w->seen[slot].is_used && w->seen[slot].hash == hash &&
		row - seen_row <= WORD_LINES_MAX && column + cells <= LIMIT_TILE_COLUMNS &&
		memcmp(&w->keys[seen_row][column], &w->keys[row][word->column],
			cells * sizeof(w->keys[0][0])) == 0) {
		uint32_t distance = (uint32_t)(row - seen_row) * shape->line_stride +
			word->column * shape->cell_bytes - column * shape->cell_bytes;

		if (distance <= HUFFMAN_DISTANCE_MAX) {
			word->distance = distance;
			word->same = &w->keys[seen_row][column];
			word->distance_string = huffman_distance(&w->code.huffman, distance);
		}
	}
	w->seen[slot].hash = hash;
	w->seen[slot].row = (uint8_t)row;
	w->seen[slot].column = (uint8_t)word->column;
	w->seen[slot].is_used = true;
}

/* The word that begins at `column`; returns the column behind it. */
static uint32_t take_word(struct page_writer *w, uint32_t column)
{
	struct line *line = &w->line;
	const uint32_t *keys = w->keys[line->row];
	struct word *word = &line->words[line->word_count++];
	uint32_t begin = column, hash = 0;

	*word = (struct word){ .first = line->cell_count, .column = column };
	do {
		const struct page_glyph *glyph = line->cells[line->cell_count].glyph;

		word->inked |= glyph->inked;
		hash = (hash ^ keys[column]) * 0x9e3779b1U;
		line->cell_count++;
		column++;
	} while (column < LIMIT_TILE_COLUMNS && keys[column] != 0 &&
		column - begin < WORD_CELLS_MAX && are_alike(keys[column], keys[begin]));
	word->end = line->cell_count;
	line->inked |= word->inked;
	if (column - begin >= WORD_CELLS_MIN)
		look_up(w, word, hash);
	return column;
}

/* Keys, papers and glyphs of a line. False when the atlas lacks one. */
static bool take_cells(
	struct page_writer *w, const struct grid *grid, const struct marks *marks, size_t row)
{
	struct line *line = &w->line;
	uint32_t count = 0;

	for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
		const struct grid_cell *cell = &grid->cells[row][column];
		unsigned shift = marks->shift[row][column];

		assert(marks->paper[row][column] <= 1 && shift <= 1);
		uint8_t paper = row == GRID_FOOT ? PAGE_PAPER_FOOT : marks->paper[row][column];

		line->paper[column] = paper;
		w->keys[row][column] = 0;
		if (cell->code_point == ' ')
			continue;
		uint32_t key = page_glyph_key(cell->code_point, paper, shift, cell->ink);
		const struct page_glyph *glyph = page_glyph_get(w->glyphs, key);

		if (glyph == NULL)
			return false;
		w->keys[row][column] = key;
		line->cells[count++] = (struct cell){
			glyph,
			(uint32_t)column * w->code.shape.cell_bytes,
		};
	}
	return true;
}

static bool take_line(
	struct page_writer *w, const struct grid *grid, const struct marks *marks, size_t row)
{
	struct line *line = &w->line;

	line->row = row;
	line->cell_count = line->word_count = line->inked = 0;
	if (!take_cells(w, grid, marks, row))
		return false;
	for (uint32_t column = 0; column < LIMIT_TILE_COLUMNS;)
		if (w->keys[row][column] == 0)
			column++;
		else
			column = take_word(w, column);
	return true;
}

/* --- rows of pixels -------------------------------------------------------------------------------------- */

static uint32_t paper_run(const struct line *line, uint32_t column)
{
	uint32_t end = column + 1;

	while (end < LIMIT_TILE_COLUMNS && line->paper[end] == line->paper[column])
		end++;
	return end;
}

/* Row 0: papers, whatever stands on them. */
static void put_papers(const struct page_writer *w, struct sink *sink)
{
	const struct line *line = &w->line;

	put_string(sink, w->code.none);
	for (uint32_t column = 0; column < LIMIT_TILE_COLUMNS;) {
		uint32_t end = paper_run(line, column);

		put_string(sink, w->code.papers[line->paper[column]][end - column]);
		column = end;
	}
}

/* Bytes from..end of the baseline's row, the filter's counted: they are as in row 0. */
static void put_from_row_0(
	const struct page_writer *w, struct sink *sink, uint32_t from, uint32_t end)
{
	const struct page_code *code = &w->code;

	if (from == 0 && end == 1) {
		put_string(sink, code->none);
		return;
	}
	if (end - from == code->shape.cell_bytes) {
		unsigned paper = w->line.paper[(from - 1) / code->shape.cell_bytes];

		put_string(sink, code->papers[paper][1]);
		return;
	}
	for (uint32_t left = end - from; left > 0;) {
		uint32_t len = huffman_match_cut(left);

		put_string(sink, code->huffman.match[len]);
		put_string(sink, code->from_row_0);
		left -= len;
	}
}

/* A cell's row k. */
static inline const struct page_piece *pieces_of(
	const struct page_writer *w, const struct cell *cell, uint32_t k)
{
	return cell->glyph->pieces + (size_t)k * w->code.shape.pieces;
}

static void put_baseline(const struct page_writer *w, struct sink *sink)
{
	const struct page_shape *shape = &w->code.shape;
	const struct line *line = &w->line;
	uint32_t k = shape->baseline, at = 0;

	for (uint32_t i = 0; i < line->cell_count; i++) {
		const struct cell *cell = &line->cells[i];

		if ((cell->glyph->inked >> k & 1) == 0)
			continue;
		if (cell->from + 1 > at)
			put_from_row_0(w, sink, at, cell->from + 1);
		for (uint32_t p = 0; p < shape->pieces; p++) {
			const struct page_piece *piece = &cell->glyph
								  ->pieces[k * shape->pieces + p];

			put(sink, piece->bits, piece->count);
		}
		at = cell->from + 1 + shape->cell_bytes;
	}
	if (at < shape->stride)
		put_from_row_0(w, sink, at, shape->stride);
}

/* Bits that a word's cells would take in row k. */
static uint32_t cost_of(const struct page_writer *w, const struct word *word, uint32_t k)
{
	uint32_t pieces = w->code.shape.pieces, cost = 0;

	for (uint32_t i = word->first; i < word->end; i++)
		for (uint32_t p = 0; p < pieces; p++) {
			const struct page_piece *piece = pieces_of(w, &w->line.cells[i], k) + p;

			cost += piece->count + (piece->skipped > 0 ? GAP_BITS : 0U);
		}
	return cost;
}

/* Behind the last of the words that one match covers, from `first` on. */
static uint32_t joined_end(const struct page_writer *w, uint32_t first)
{
	const struct line *line = &w->line;
	const struct word *word = &line->words[first];
	const uint32_t *keys = &w->keys[line->row][word->column];
	uint32_t end = first + 1;

	while (end < line->word_count && line->words[end].distance == word->distance) {
		const struct word *next = &line->words[end];
		uint32_t cells = next->column + (next->end - next->first) - word->column;

		/* What is blank between them must be so there, too. */
		if (cells * w->code.shape.cell_bytes > HUFFMAN_MATCH_MAX ||
			memcmp(word->same, keys, cells * sizeof(*keys)) != 0)
			break;
		end++;
	}
	return end;
}

static inline uint32_t put_cells(const struct page_writer *w, struct sink *sink,
	const struct word *word, uint32_t k, uint32_t at)
{
	const struct page_shape *shape = &w->code.shape;

	for (uint32_t i = word->first; i < word->end; i++) {
		const struct cell *cell = &w->line.cells[i];

		if ((cell->glyph->inked >> k & 1) == 0)
			continue;
		for (uint32_t p = 0; p < shape->pieces; p++) {
			const struct page_piece *piece = &cell->glyph
								  ->pieces[k * shape->pieces + p];
			uint32_t from = cell->from + p * shape->piece_bytes;

			if (piece->kept == 0)
				continue;
			put_string(sink, w->code.gap[from + piece->skipped - at]);
			put(sink, piece->bits, piece->count);
			at = from + piece->kept;
		}
	}
	return at;
}

/* A row of filter Up: what differs from the one above. */
static void put_row(const struct page_writer *w, struct sink *sink, uint32_t k)
{
	const struct page_shape *shape = &w->code.shape;
	const struct huffman *h = &w->code.huffman;
	const struct line *line = &w->line;
	uint32_t at = 0, words = (line->inked >> k & 1) != 0 ? line->word_count : 0;

	put_string(sink, w->code.up);
	for (uint32_t i = 0; i < words;) {
		const struct word *word = &line->words[i];
		uint32_t bytes = (word->end - word->first) * shape->cell_bytes;

		if ((word->inked >> k & 1) == 0) {
			i++;
			continue;
		}
		if (word->distance == 0 ||
			cost_of(w, word, k) <=
				h->match[bytes].count + word->distance_string.count) {
			at = put_cells(w, sink, word, k, at);
			i++;
			continue;
		}
		uint32_t end = joined_end(w, i), from = word->column * shape->cell_bytes;
		const struct word *last = &line->words[end - 1];
		uint32_t behind = (last->column + last->end - last->first) * shape->cell_bytes;

		put_string(sink, w->code.gap[from - at]);
		put_string(sink, h->match[behind - from]);
		put_string(sink, word->distance_string);
		at = behind;
		i = end;
	}
	put_string(sink, w->code.gap[shape->row_bytes - at]);
}

/* --- Adler-32 -------------------------------------------------------------------------------------------- */

/* `value` stands `count` times from byte `at` of the page on. */
static void add_bytes(struct page_writer *w, uint64_t at, uint64_t value, uint64_t count)
{
	uint64_t sum = value * count;

	w->adler.a += sum;
	w->adler.b += sum * (w->code.shape.raw_bytes - at) - value * (count * (count - 1) / 2);
}

static void add_papers(struct page_writer *w, uint64_t row_at)
{
	const struct line *line = &w->line;
	uint64_t cell_bytes = w->code.shape.cell_bytes;

	for (uint32_t column = 0; column < LIMIT_TILE_COLUMNS;) {
		uint32_t end = paper_run(line, column);
		uint64_t value = page_paper_byte(line->paper[column]);

		if (value != 0)
			add_bytes(w, row_at + 1 + column * cell_bytes, value,
				(end - column) * cell_bytes);
		column = end;
	}
}

static void add_line(struct page_writer *w)
{
	const struct page_shape *shape = &w->code.shape;
	const struct line *line = &w->line;
	uint64_t line_at = (uint64_t)line->row * shape->line_stride;
	int64_t a = 0, b = 0;

	add_papers(w, line_at);
	for (uint32_t k = 1; k < shape->cell_rows; k++) {
		uint64_t row_at = line_at + (uint64_t)k * shape->stride;

		if (k == shape->baseline && line->cell_count > 0)
			add_papers(w, row_at);
		else
			add_bytes(w, row_at, 2, 1);
	}
	for (uint32_t i = 0; i < line->cell_count; i++) {
		const struct page_glyph *glyph = line->cells[i].glyph;
		int64_t left = (int64_t)(shape->raw_bytes - line_at - 1 - line->cells[i].from);

		a += glyph->sum;
		b += glyph->sum * left - glyph->moment;
	}
	/* Glyphs may take away from the papers, but never more than they hold. */
	w->adler.a += (uint64_t)a;
	w->adler.b += (uint64_t)b;
}

static uint32_t adler_of(const struct page_writer *w)
{
	uint64_t a = (w->adler.a + 1) % ADLER_MODULUS;
	uint64_t b = (w->adler.b + w->code.shape.raw_bytes) % ADLER_MODULUS;

	return (uint32_t)(b << 16 | a);
}

/* --- the page -------------------------------------------------------------------------------------------- */

static void put_line(struct page_writer *w, struct sink *sink)
{
	const struct page_shape *shape = &w->code.shape;
	struct sink own = *sink;

	put_papers(w, &own);
	for (uint32_t k = 1; k < shape->cell_rows; k++)
		if (k == shape->baseline && w->line.cell_count > 0)
			put_baseline(w, &own);
		else
			put_row(w, &own, k);
	add_line(w);
	*sink = own;
}

static struct sink begin(struct page_writer *w)
{
	size_t bytes = w->code.head_bits / 8;
	uint32_t rest = w->code.head_bits % 8;

	memcpy(w->stream, w->code.head, bytes);
	memset(w->seen, 0, sizeof(w->seen));
	w->adler = (struct adler){ 0, 0 };
	page_glyphs_begin(w->glyphs);
	return (struct sink){ w->stream + bytes, rest == 0 ? 0 : w->code.head[bytes], rest };
}

static size_t finish(struct page_writer *w, struct sink *sink)
{
	const struct huffman *h = &w->code.huffman;
	uint32_t adler = adler_of(w);

	put(sink, h->literal[HUFFMAN_END], h->lengths.literal[HUFFMAN_END]);
	if (sink->count > 0)
		sink->to++;
	for (int shift = 24; shift >= 0; shift -= 8)
		*sink->to++ = (uint8_t)(adler >> shift);
	size_t len = (size_t)(sink->to - w->stream);

	assert(len <= w->stream_bytes - STORE_BYTES);
	return len;
}

enum err_kind page_write(struct page_writer *writer, const struct grid *grid,
	const struct marks *marks, const uint8_t **stream, size_t *len, struct err *err)
{
	struct sink sink = begin(writer);

	for (size_t row = 0; row < GRID_ROWS; row++) {
		if (!take_line(writer, grid, marks, row))
			return err_set(
				err, ERR_CORRUPT, "glass: the font lacks a character of the grid");
		put_line(writer, &sink);
	}
	*len = finish(writer, &sink);
	*stream = writer->stream;
	return OK;
}
