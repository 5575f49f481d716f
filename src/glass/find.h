/*
 * find: where words or whole lines stand in a file's bytes, as places of tiles. Runs in the find child, which has no
 * rights; answers numbers, never text.
 *
 * Words: a tile fits when every word stands on it. Lines: compared without the blanks at their ends, and any run of
 * blanks inside counts as one: what was typed again agrees.
 *
 * A column counts cells as layout does where a character takes one cell; in lines with characters that are spelled
 * out it may be too small.
 */
#ifndef GLASS_FIND_H
#define GLASS_FIND_H

#include "base/err.h"
#include "base/limit.h"
#include "base/str.h"

enum {
	FIND_NEEDLES_MAX = 512,
	FIND_WORDS_MAX = 16,
	FIND_LINE_BYTES_MAX = 1024, /* longer lines are not compared */
	FIND_LINE_SIGNS_MIN = 8, /* a line of fewer visible bytes tells nothing */
	FIND_HITS_MAX = 4096,
};

enum find_mode { FIND_WORDS, FIND_LINES };

/* What is looked for; shared with the child, so without pointers. */
struct find_needles {
	uint32_t mode, count; /* enum find_mode */
	struct {
		uint32_t at, len, line; /* line: 0-based, of the text that it was made of */
	} needle[FIND_NEEDLES_MAX];
	char text[LIMIT_TEXT_BYTES];
};

/*
 * Words: the first cell of a tile (multiples of LIMIT_TILE_LINES and LIMIT_TILE_COLUMNS); needle is 0.
 * Lines: the line, 0-based, and the column that its first visible character stands in.
 */
struct find_hit {
	uint32_t needle, line, column;
};

/*
 * Cuts text at blanks. Errors: ERR_INPUT (no word, or more than FIND_WORDS_MAX), ERR_LIMIT.
 */
MUST_CHECK enum err_kind find_split_words(
	struct str text, struct find_needles *needles, struct err *err);
/*
 * The text's lines that can tell something, each once. *blank counts those left out because they are too short, too
 * long, or there already. Errors: ERR_INPUT (none is left), ERR_LIMIT.
 */
MUST_CHECK enum err_kind find_split_lines(
	struct str text, struct find_needles *needles, uint32_t *blank, struct err *err);
/* Do the offsets lie inside, and is there anything to look for? Ask before find_in. */
bool find_check(const struct find_needles *needles);
/*
 * needles  checked by find_check
 * hits     room for FIND_HITS_MAX
 * Returns how many were found; FIND_HITS_MAX: there may be more.
 */
size_t find_in(struct str bytes, const struct find_needles *needles, struct find_hit *hits);

#endif
