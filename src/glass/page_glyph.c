#include "glass/page_glyph.h"

/* A page holds no more; so many again are kept from earlier pages. */
enum {
	PAGE_CELLS = GRID_ROWS * LIMIT_TILE_COLUMNS,
	GLYPHS_MAX = 3 * PAGE_CELLS,
	SLOTS = 32768, /* a power of two, at least twice GLYPHS_MAX */
};
static_assert(SLOTS >= 2 * GLYPHS_MAX, "looking for a glyph ends soon");
static_assert(PAGE_VARIANTS <= 1 << 6, "a key holds the variant");

struct page_glyphs {
	const struct atlas *atlas;
	const struct page_code *code;
	enum glass_zoom zoom;
	uint32_t count;
	struct page_glyph glyphs[GLYPHS_MAX];
	struct {
		uint32_t key; /* 0: free */
		uint32_t glyph;
	} slots[SLOTS];
	struct page_piece *pieces;
};

static uint32_t pieces_of(const struct page_shape *shape)
{
	return shape->cell_rows * shape->pieces;
}

enum err_kind page_glyphs_open(const struct atlas *atlas, enum glass_zoom zoom,
	const struct page_code *code, struct page_glyphs **glyphs, struct err *err)
{
	struct page_glyphs *g = calloc(1, sizeof(*g));

	if (g != NULL)
		g->pieces = calloc(
			(size_t)GLYPHS_MAX * pieces_of(&code->shape), sizeof(*g->pieces));
	if (g == NULL || g->pieces == NULL) {
		free(g);
		return err_set(err, ERR_LIMIT, "glass: no memory for glyphs");
	}
	g->atlas = atlas;
	g->code = code;
	g->zoom = zoom;
	*glyphs = g;
	return OK;
}

void page_glyphs_close(struct page_glyphs *glyphs)
{
	if (glyphs == NULL)
		return;
	free(glyphs->pieces);
	free(glyphs);
}

void page_glyphs_begin(struct page_glyphs *glyphs)
{
	if (glyphs->count + PAGE_CELLS <= GLYPHS_MAX)
		return;
	memset(glyphs->slots, 0, sizeof(glyphs->slots));
	glyphs->count = 0;
}

/* Rows of a cell, two pixels a byte. */
struct cell_bytes {
	uint8_t row[ATLAS_CELL_HEIGHT_MAX][ATLAS_CELL_WIDTH_MAX / 2];
};

static void draw(const struct page_shape *shape, const uint8_t *levels, uint32_t key,
	struct cell_bytes *cell)
{
	uint32_t variant = key & 63, width = 2 * shape->cell_bytes;
	uint8_t ink = (uint8_t)(variant % INKS);
	uint8_t paper = page_paper_byte(variant / INKS / 2) & 15;
	uint32_t shift_px = variant / INKS % 2 * shape->shift_px;

	for (uint32_t y = 0; y < shape->cell_rows; y++) {
		uint8_t index[ATLAS_CELL_WIDTH_MAX];

		memset(index, paper, sizeof(index));
		for (uint32_t x = shift_px; x < width; x++)
			index[x] = palette_index(levels[y * width + x - shift_px], ink, paper);
		for (uint32_t x = 0; x < width; x += 2)
			cell->row[y][x / 2] = (uint8_t)(index[x] << 4 | index[x + 1]);
	}
}

/* The literals of bytes[skipped] up to bytes[kept]. */
static struct page_piece make_piece(
	const struct huffman *h, const uint8_t *bytes, uint32_t skipped, uint32_t kept)
{
	struct huffman_string string = { 0, 0 };

	for (uint32_t i = skipped; i < kept; i++)
		huffman_add(&string, huffman_literal(h, bytes[i]));
	return (struct page_piece){ string.bits, (uint8_t)string.count, (uint8_t)skipped,
		(uint8_t)kept };
}

static struct page_piece trimmed_piece(
	const struct huffman *h, const uint8_t *bytes, uint32_t piece_bytes)
{
	uint32_t skipped = 0, kept = piece_bytes;

	while (kept > 0 && bytes[kept - 1] == 0)
		kept--;
	while (skipped < kept && bytes[skipped] == 0)
		skipped++;
	return make_piece(h, bytes, skipped, kept);
}

static void add_row(const struct page_code *code, uint32_t y, const uint8_t *bytes, uint8_t paper,
	struct page_glyph *glyph, struct page_piece *pieces)
{
	const struct page_shape *shape = &code->shape;
	bool is_baseline = y == shape->baseline, has_ink = false;

	/* In the baseline's row paper is what row 0 has, too: it is copied from there. */
	for (uint32_t i = 0; i < shape->cell_bytes; i++) {
		int32_t value = bytes[i] - (is_baseline ? paper : 0);

		has_ink = has_ink || value != 0;
		glyph->sum += value;
		glyph->moment += (int64_t)value * (y * shape->stride + i);
	}
	if (!has_ink)
		return;
	glyph->inked |= 1U << y;
	for (uint32_t p = 0; p < shape->pieces; p++) {
		const uint8_t *from = bytes + (size_t)p * shape->piece_bytes;

		pieces[p] = is_baseline ? make_piece(&code->huffman, from, 0, shape->piece_bytes)
					: trimmed_piece(&code->huffman, from, shape->piece_bytes);
	}
}

static void make_glyph(const struct page_glyphs *glyphs, const uint8_t *levels, uint32_t key,
	struct page_glyph *glyph, struct page_piece *pieces)
{
	const struct page_shape *shape = &glyphs->code->shape;
	uint8_t paper = page_paper_byte((key & 63) / INKS / 2);
	struct cell_bytes cell = { .row = { { 0 } } };

	draw(shape, levels, key, &cell);
	for (uint32_t i = 0; i < shape->cell_bytes; i++)
		assert(cell.row[0][i] == paper);
	*glyph = (struct page_glyph){ .pieces = pieces };
	memset(pieces, 0, pieces_of(shape) * sizeof(*pieces));
	for (uint32_t y = 1; y < shape->cell_rows; y++) {
		uint8_t bytes[ATLAS_CELL_WIDTH_MAX / 2] = { 0 };

		for (uint32_t i = 0; i < shape->cell_bytes; i++)
			bytes[i] = (uint8_t)(cell.row[y][i] -
				(y == shape->baseline ? 0 : cell.row[y - 1][i]));
		add_row(glyphs->code, y, bytes, paper, glyph, pieces + (size_t)y * shape->pieces);
	}
}

static const struct page_glyph *add_glyph(struct page_glyphs *glyphs, uint32_t slot, uint32_t key)
{
	const uint8_t *levels = atlas_glyph(glyphs->atlas, glyphs->zoom, key >> 6);
	uint32_t at = glyphs->count;

	if (levels == NULL)
		return NULL;
	assert(at < GLYPHS_MAX);
	make_glyph(glyphs, levels, key, &glyphs->glyphs[at],
		glyphs->pieces + (size_t)at * pieces_of(&glyphs->code->shape));
	glyphs->slots[slot].key = key;
	glyphs->slots[slot].glyph = at;
	glyphs->count++;
	return &glyphs->glyphs[at];
}

const struct page_glyph *page_glyph_get(struct page_glyphs *glyphs, uint32_t key)
{
	uint32_t slot = key * 0x9e3779b1U >> 17;

	static_assert(SLOTS == 1 << 15, "the hash gives a slot");
	assert(key != 0);
	while (glyphs->slots[slot].key != 0) {
		if (glyphs->slots[slot].key == key)
			return &glyphs->glyphs[glyphs->slots[slot].glyph];
		slot = (slot + 1) % SLOTS;
	}
	return add_glyph(glyphs, slot, key);
}
