#include "glass/mark.h"

#include "crypto/sign.h"
#include "crypto/stream.h"

/* A run is cut after so many cells, and may be cut at an identifier once it has so many. */
enum { RUN_CELLS_MAX = 12, RUN_CELLS_MIN = 3 };

static_assert(2 * LIMIT_TILE_COLUMNS <= 8 * STREAM_BLOCK_BYTES, "a block holds the bits of a line");
static_assert(LIMIT_TILE_COLUMNS % 8 == 0, "the layers' bits begin at bytes");

static const char purpose[] = "vitrine mark 1";

struct sha256 mark_secret(struct str mark_key, struct str session)
{
	return hmac_sha256(mark_key, session);
}

/* One key for a column block of a file; one block of its stream for a line. */
static struct sha256 place_key(const struct sha256 *secret, const struct mark_place *place)
{
	char text[sizeof(purpose) + SHA256_BYTES + 4];
	uint32_t block = place->first_column / LIMIT_TILE_COLUMNS;
	char *to = text;

	memcpy(to, purpose, sizeof(purpose));
	to += sizeof(purpose);
	memcpy(to, place->blob.bytes, SHA256_BYTES);
	to += SHA256_BYTES;
	for (int shift = 24; shift >= 0; shift -= 8)
		*to++ = (char)(uint8_t)(block >> shift);
	return hmac_sha256((struct str){ (const char *)secret->bytes, SHA256_BYTES },
		(struct str){ text, sizeof(text) });
}

static_assert((int)MARK_BLOCK_BYTES == (int)STREAM_BLOCK_BYTES, "a block of key stream is a line");

void mark_stream(const struct sha256 *secret, const struct mark_place *place,
	uint8_t stream[LIMIT_TILE_LINES][MARK_BLOCK_BYTES])
{
	struct sha256 key = place_key(secret, place);

	stream_blocks(&key, place->first_line, stream[0], LIMIT_TILE_LINES);
	secret_wipe(&key, sizeof(key));
}

static inline uint8_t bit_at(const uint8_t *block, size_t layer, size_t column)
{
	return block[layer * MARK_LINE_BYTES + column / 8] >> (column % 8) & 1;
}

void mark_bits(const struct sha256 *secret, const struct mark_place *place, struct mark_bits *bits)
{
	uint8_t stream[LIMIT_TILE_LINES][STREAM_BLOCK_BYTES];

	mark_stream(secret, place, stream);
	for (size_t layer = 0; layer < MARK_LAYERS; layer++)
		for (size_t line = 0; line < LIMIT_TILE_LINES; line++)
			for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++)
				bits->bit[layer][line][column] = bit_at(
					stream[line], layer, column);
	secret_wipe(stream, sizeof(stream));
}

static bool is_identifier(uint32_t code_point)
{
	return (code_point >= 'a' && code_point <= 'z') ||
		(code_point >= 'A' && code_point <= 'Z') ||
		(code_point >= '0' && code_point <= '9') || code_point == '_' || code_point >= 0x80;
}

static void line_cells(const struct grid_cell *cells, uint8_t *paper, uint8_t *shift)
{
	size_t run = 0, len = 0; /* its first column, its cells so far; 0: none open */

	for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
		uint32_t code_point = cells[column].code_point;

		if (code_point == ' ') {
			len = 0;
			paper[column] = (uint8_t)(column & ~(size_t)1);
			shift[column] = MARK_NONE;
			continue;
		}
		bool is_word = len >= RUN_CELLS_MIN && is_identifier(code_point) &&
			!is_identifier(cells[column - 1].code_point);
		if (len == 0 || len == RUN_CELLS_MAX || is_word) {
			run = column;
			len = 0;
		}
		len++;
		paper[column] = shift[column] = (uint8_t)run;
	}
}

void mark_cells(const struct grid *grid, struct mark_cells *cells)
{
	for (size_t row = 0; row < GRID_FOOT; row++)
		line_cells(grid->cells[row], cells->column[MARK_PAPER][row],
			cells->column[MARK_SHIFT][row]);
	memset(cells->column[MARK_PAPER][GRID_FOOT], MARK_NONE, LIMIT_TILE_COLUMNS);
	memset(cells->column[MARK_SHIFT][GRID_FOOT], MARK_NONE, LIMIT_TILE_COLUMNS);
}

void mark_page(const struct sha256 *secret, const struct mark_place *place, const struct grid *grid,
	struct marks *marks)
{
	uint8_t stream[LIMIT_TILE_LINES][STREAM_BLOCK_BYTES];

	mark_stream(secret, place, stream);
	memset(marks, 0, sizeof(*marks));
	for (size_t row = 0; row < GRID_FOOT; row++) {
		uint8_t paper[LIMIT_TILE_COLUMNS], shift[LIMIT_TILE_COLUMNS];

		line_cells(grid->cells[row], paper, shift);
		for (size_t column = 0; column < LIMIT_TILE_COLUMNS; column++) {
			marks->paper[row][column] = bit_at(stream[row], MARK_PAPER, paper[column]);
			if (shift[column] != MARK_NONE)
				marks->shift[row][column] = bit_at(
					stream[row], MARK_SHIFT, shift[column]);
		}
	}
	secret_wipe(stream, sizeof(stream));
}
