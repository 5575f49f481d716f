#include "glass/find.h"

/* Columns of tiles that words are looked for in: what stands further right is not found by words. */
enum { BLOCKS_MAX = 64, SLOTS = 4 * FIND_NEEDLES_MAX, TAB_COLUMNS = 8 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool add_needle(struct find_needles *needles, size_t *used, struct str text, uint32_t line)
{
	if (needles->count == FIND_NEEDLES_MAX || text.len > sizeof(needles->text) - *used)
		return false;
	memcpy(needles->text + *used, text.ptr, text.len);
	needles->needle[needles->count].at = (uint32_t)*used;
	needles->needle[needles->count].len = (uint32_t)text.len;
	needles->needle[needles->count].line = line;
	needles->count++;
	*used += text.len;
	return true;
}

static struct str needle_of(const struct find_needles *needles, size_t i)
{
	return (struct str){ needles->text + needles->needle[i].at, needles->needle[i].len };
}

static bool has_needle(const struct find_needles *needles, struct str text)
{
	for (size_t i = 0; i < needles->count; i++)
		if (str_eq(needle_of(needles, i), text))
			return true;
	return false;
}

enum err_kind find_split_words(struct str text, struct find_needles *needles, struct err *err)
{
	size_t used = 0;

	memset(needles, 0, sizeof(*needles));
	needles->mode = FIND_WORDS;
	for (size_t i = 0; i < text.len;) {
		size_t start = i;

		while (i < text.len && !is_blank(text.ptr[i]) && text.ptr[i] != '\n')
			i++;
		struct str word = { text.ptr + start, i - start };

		i++;
		if (word.len == 0 || has_needle(needles, word))
			continue;
		if (needles->count == FIND_WORDS_MAX || !add_needle(needles, &used, word, 0))
			return err_set(
				err, ERR_LIMIT, "words: at most %d different ones", FIND_WORDS_MAX);
	}
	if (needles->count == 0)
		return err_set(err, ERR_INPUT, "words: type some that can be read in the picture");
	return OK;
}

/*
 * The line as it is compared, into `to`. Returns its length; 0 when it is longer than FIND_LINE_BYTES_MAX or has fewer
 * than FIND_LINE_SIGNS_MIN visible bytes.
 */
static size_t fold(struct str line, char to[FIND_LINE_BYTES_MAX])
{
	size_t len = 0, signs = 0;
	bool blank = false;

	for (size_t i = 0; i < line.len; i++) {
		if (is_blank(line.ptr[i])) {
			blank = len > 0;
			continue;
		}
		if (len + 2 > FIND_LINE_BYTES_MAX)
			return 0;
		if (blank)
			to[len++] = ' ';
		blank = false;
		to[len++] = line.ptr[i];
		signs++;
	}
	return signs < FIND_LINE_SIGNS_MIN ? 0 : len;
}

enum err_kind find_split_lines(
	struct str text, struct find_needles *needles, uint32_t *blank, struct err *err)
{
	char folded[FIND_LINE_BYTES_MAX];
	struct str line, rest = text;
	size_t used = 0;
	bool more = true;

	memset(needles, 0, sizeof(*needles));
	needles->mode = FIND_LINES;
	*blank = 0;
	for (uint32_t number = 0; more; number++) {
		line = rest;
		more = str_cut(rest, '\n', &line, &rest);
		struct str as_compared = { folded, fold(line, folded) };

		if (as_compared.len == 0 || has_needle(needles, as_compared)) {
			*blank += line.len > 0;
			continue;
		}
		if (!add_needle(needles, &used, as_compared, number))
			return err_set(err, ERR_LIMIT, "text: at most %d lines and %u bytes",
				FIND_NEEDLES_MAX, LIMIT_TEXT_BYTES);
	}
	if (needles->count == 0)
		return err_set(err, ERR_INPUT,
			"text: no line of %d visible characters or more to look for",
			FIND_LINE_SIGNS_MIN);
	return OK;
}

bool find_check(const struct find_needles *needles)
{
	size_t count_max = needles->mode == FIND_WORDS ? FIND_WORDS_MAX : FIND_NEEDLES_MAX;

	if (needles->mode > FIND_LINES || needles->count == 0 || needles->count > count_max)
		return false;
	for (size_t i = 0; i < needles->count; i++) {
		uint32_t at = needles->needle[i].at, len = needles->needle[i].len;

		if (len == 0 || at > sizeof(needles->text) || len > sizeof(needles->text) - at)
			return false;
		if (needles->mode == FIND_LINES && len > FIND_LINE_BYTES_MAX)
			return false;
	}
	return true;
}

/* The cell behind `bytes`, which begin in the cell `column` of their line. */
static uint32_t column_after(struct str bytes, uint32_t column)
{
	for (size_t i = 0; i < bytes.len && column < LIMIT_LINE_COLUMNS; i++) {
		uint8_t byte = (uint8_t)bytes.ptr[i];

		if (byte == '\t')
			column += TAB_COLUMNS - column % TAB_COLUMNS;
		else if ((byte & 0xc0) != 0x80)
			column++;
	}
	return column;
}

/* Which words stand in each column of tiles, of the lines that one row of tiles shows. */
struct tile_row {
	uint32_t words[BLOCKS_MAX];
};

static void note_words(const struct find_needles *needles, struct str line, struct tile_row *row)
{
	for (size_t i = 0; i < needles->count; i++) {
		struct str word = needle_of(needles, i), rest = line;
		uint32_t column = 0;
		const char *at;

		while ((at = memmem(rest.ptr, rest.len, word.ptr, word.len)) != NULL) {
			size_t before = (size_t)(at - rest.ptr);

			column = column_after(str_head(rest, before), column);
			if (column / LIMIT_TILE_COLUMNS >= BLOCKS_MAX)
				break;
			row->words[column / LIMIT_TILE_COLUMNS] |= 1U << i;
			column = column_after((struct str){ at, 1 }, column);
			rest = str_skip(rest, before + 1);
		}
	}
}

static size_t tell_tiles(const struct tile_row *row, uint32_t all, uint32_t line,
	struct find_hit *hits, size_t count)
{
	for (uint32_t block = 0; block < BLOCKS_MAX && count < FIND_HITS_MAX; block++)
		if (row->words[block] == all)
			hits[count++] = (struct find_hit){ 0, line, block * LIMIT_TILE_COLUMNS };
	return count;
}

/* One line of bytes, without its end; false after the last. */
static bool next_line(struct str *rest, struct str *line)
{
	if (rest->len == 0)
		return false;
	*line = *rest;
	if (!str_cut(*rest, '\n', line, rest))
		*rest = STR("");
	return true;
}

static size_t find_words(
	struct str bytes, const struct find_needles *needles, struct find_hit *hits)
{
	uint32_t all = (1U << needles->count) - 1, number = 0;
	struct tile_row row = { { 0 } };
	struct str line, rest = bytes;
	size_t count = 0;

	/* Most files lack a word: nothing is cut into lines then. */
	for (size_t i = 0; i < needles->count; i++) {
		struct str word = needle_of(needles, i);

		if (memmem(bytes.ptr, bytes.len, word.ptr, word.len) == NULL)
			return 0;
	}
	for (; next_line(&rest, &line) && count < FIND_HITS_MAX; number++) {
		if (number > 0 && number % LIMIT_TILE_LINES == 0) {
			count = tell_tiles(&row, all, number - LIMIT_TILE_LINES, hits, count);
			memset(&row, 0, sizeof(row));
		}
		note_words(needles, line, &row);
	}
	if (number == 0)
		return count;
	return tell_tiles(
		&row, all, (number - 1) / LIMIT_TILE_LINES * LIMIT_TILE_LINES, hits, count);
}

/* FNV-1a, 32 bits. */
static uint32_t hash(struct str s)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.ptr[i]) * 16777619U;
	return h;
}

/* Slots of an open table: index of a needle and 1; 0: free. Never more than a quarter full. */
static void make_table(const struct find_needles *needles, uint16_t table[SLOTS])
{
	memset(table, 0, SLOTS * sizeof(*table));
	for (size_t i = 0; i < needles->count; i++) {
		uint32_t slot = hash(needle_of(needles, i)) % SLOTS;

		while (table[slot] != 0)
			slot = (slot + 1) % SLOTS;
		table[slot] = (uint16_t)(i + 1);
	}
}

static bool look_up(const struct find_needles *needles, const uint16_t table[SLOTS],
	struct str line, uint32_t *found)
{
	for (uint32_t slot = hash(line) % SLOTS; table[slot] != 0; slot = (slot + 1) % SLOTS) {
		*found = table[slot] - 1U;
		if (str_eq(needle_of(needles, *found), line))
			return true;
	}
	return false;
}

static size_t find_lines(
	struct str bytes, const struct find_needles *needles, struct find_hit *hits)
{
	uint16_t table[SLOTS];
	char folded[FIND_LINE_BYTES_MAX];
	struct str line, rest = bytes;
	size_t count = 0;

	make_table(needles, table);
	for (uint32_t number = 0; next_line(&rest, &line) && count < FIND_HITS_MAX; number++) {
		struct str as_compared = { folded, fold(line, folded) };
		uint32_t needle;
		size_t first = 0;

		if (as_compared.len == 0 || !look_up(needles, table, as_compared, &needle))
			continue;
		while (is_blank(line.ptr[first]))
			first++;
		hits[count++] = (struct find_hit){ needle, number,
			column_after(str_head(line, first), 0) };
	}
	return count;
}

size_t find_in(struct str bytes, const struct find_needles *needles, struct find_hit *hits)
{
	assert(find_check(needles));
	return needles->mode == FIND_WORDS ? find_words(bytes, needles, hits)
					   : find_lines(bytes, needles, hits);
}
