#include "app/visible_line.h"

#include "base/utf8.h"
#include "base/when.h"

#define DOT " \xc2\xb7 "
#define ELLIPSIS "\xe2\x80\xa6"

enum {
	CELLS = LIMIT_TILE_COLUMNS - 2,
	DOT_CELLS = 3,
	TIME_BYTES = 24,
	/* A character that the font may lack is spelled out, in so many cells at most. */
	SPELLED_CELLS = 10,
	/* Latin, Greek and Cyrillic lie below; the font has nearly all of them. */
	DRAWN_END = 0x530,
};

/* Cells that the first character takes, at most; *bytes gets its length. */
static size_t cells_of(struct str rest, size_t *bytes)
{
	uint32_t code_point;

	*bytes = utf8_decode(rest, &code_point);
	if (*bytes == 0) {
		*bytes = 1;
		return SPELLED_CELLS;
	}
	bool is_combining = code_point >= 0x300 && code_point < 0x370;

	return code_point < DRAWN_END && !is_combining && !utf8_is_hidden(code_point)
		? 1
		: SPELLED_CELLS;
}

static size_t cells_of_all(struct str text)
{
	size_t cells = 0;

	while (text.len > 0) {
		size_t bytes;

		cells += cells_of(text, &bytes);
		text = str_skip(text, bytes);
	}
	return cells;
}

/* The longest beginning that fits with an ellipsis, or the whole. *is_cut says which. */
static struct str fit(struct str name, size_t cells_max, bool *is_cut)
{
	size_t cells = 0, at = 0;

	*is_cut = cells_of_all(name) > cells_max;
	while (*is_cut) {
		size_t bytes;
		size_t more = cells_of(str_skip(name, at), &bytes);

		if (cells + more > cells_max - 1)
			return str_head(name, at);
		cells += more;
		at += bytes;
	}
	return name;
}

/* "22 Nov 2026 15:04 UTC" */
static void format_time(int64_t now_us, char text[TIME_BYTES])
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	char whole[WHEN_TEXT_BYTES];

	when_format(now_us, whole);
	size_t month = (size_t)(whole[5] - '0') * 10 + (size_t)(whole[6] - '0') - 1;

	assert(month < 12);
	snprintf(text, TIME_BYTES, "%.2s %s %.4s %.5s UTC", whole + 8, months[month], whole,
		whole + 11);
}

size_t visible_line_format(const struct visible_line *line, char text[GLASS_VISIBLE_BYTES_MAX])
{
	char time[TIME_BYTES];
	bool person_is_cut, party_is_cut;

	format_time(line->now_us, time);
	assert(line->engagement.len < LIMIT_TILE_COLUMNS / 3);
	size_t rest = CELLS - 3 * DOT_CELLS - strlen(time) - line->engagement.len;
	size_t person = cells_of_all(line->person), party = cells_of_all(line->party);

	/* Each half of the room, and what the other leaves of it. */
	size_t person_max = party < rest / 2 ? rest - party : rest - rest / 2;
	size_t party_max = person < person_max ? rest - person : rest / 2;
	struct str person_shown = fit(line->person, person_max, &person_is_cut);
	struct str party_shown = fit(line->party, party_max, &party_is_cut);
	int n = snprintf(text, GLASS_VISIBLE_BYTES_MAX, "%.*s%s" DOT "%.*s%s" DOT "%.*s" DOT "%s",
		STR_ARG(person_shown), person_is_cut ? ELLIPSIS : "", STR_ARG(party_shown),
		party_is_cut ? ELLIPSIS : "", STR_ARG(line->engagement), time);

	assert(n > 0 && n < GLASS_VISIBLE_BYTES_MAX);
	return (size_t)n;
}
