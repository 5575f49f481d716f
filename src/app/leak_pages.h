/*
 * leak_pages: which pages a picture may show. They come from words that can be read in it and are looked for in a
 * release, from a file named by its path, or from a list: the pages that somebody was shown, as an opened trail tells.
 */
#ifndef APP_LEAK_PAGES_H
#define APP_LEAK_PAGES_H

#include "app/verb.h"
#include "glass/inquiry.h"
#include "source/release.h"

struct leak_page {
	struct str release;
	struct release_file file;
	uint32_t line, column; /* the tile's first */
	uint32_t themes, zooms; /* a bit each */
	struct inquiry_seen seen; /* filled by the inquiry */
};

struct leak_pages {
	struct leak_page page[LIMIT_LEAK_PAGES];
	size_t count;
};

/* The arguments of the verb's row that choose pages. */
#define LEAK_PAGES_ARGS                                                                                                    \
	{ "release", ARG_ID, 0, 0, 0, "rel", "The release that the page belongs to." },                                    \
		{ "words", ARG_LINE, 0, 0, 0, NULL,                                                                        \
			"Words that can be read in the picture, separated by blanks; pages with all of them are tried." }, \
		{ "path", ARG_PATH, 0, 1, LIMIT_PATH_BYTES, NULL,                                                          \
			"The file that the picture shows." },                                                              \
		{ "line", ARG_INT, 0, 0, UINT32_MAX - LIMIT_TILE_LINES, NULL,                                              \
			"A line of it that the picture shows, counted from 0; without it all of the file is tried." },     \
		{ "column", ARG_INT, 0, 0, LIMIT_LINE_COLUMNS, NULL,                                                       \
			"A column that it shows, counted from 0; 0 when not given." },                                     \
		{ "tiles", ARG_LIST, 0, 0, LIMIT_LEAK_PAGES, NULL,                                                         \
			"Pages to try: \"RELEASE LINE COLUMN BLOB\" each, as a trail tells them." },                       \
		{ "theme", ARG_ENUM, 0, 0, 0, "light dark contrast",                                                       \
			"Colours of the page; any when not given." },                                                      \
	{                                                                                                                  \
		"zoom", ARG_ENUM, 0, 0, 0, "1 1.5 2", "Its zoom; any when not given."                                      \
	}

/*
 * By the call's arguments, in call's memory. Errors: ERR_INPUT (says what is missing), ERR_NOT_FOUND (no such file, or
 * no page holds the words), ERR_LIMIT (more pages than can be tried: says how to narrow them down).
 */
MUST_CHECK enum err_kind leak_pages_choose(
	struct ctx *ctx, struct leak_pages *pages, struct err *err);

#endif
