/*
 * glass: a tile of source as a marked PNG. Two children: `layout` turns a file's bytes into a fixed,
 * range-checked cell grid (untrusted bytes; a pool per engagement); `draw` turns grids into pages, parses
 * nothing and alone knows the mark secret.
 *
 * A tile is LIMIT_TILE_LINES lines by LIMIT_TILE_COLUMNS columns, plus one row at the foot: the visible line.
 */
#ifndef GLASS_GLASS_H
#define GLASS_GLASS_H

#include "glass/grid.h"
#include "glass/profile.h"

enum { GLASS_VISIBLE_BYTES_MAX = 240 };

struct glass_request {
	struct sha256 blob;
	struct str bytes; /* the file, mapped */
	struct str path; /* tells the language; nothing else of it is used */
	uint32_t first_line; /* 0-based, a multiple of LIMIT_TILE_LINES */
	uint32_t first_column; /* 0-based, a multiple of LIMIT_TILE_COLUMNS */
	enum glass_theme theme;
	enum glass_zoom zoom;
	struct str session; /* id: the mark is keyed by it */
	struct str pool; /* engagement id: which layout child */
	struct str visible; /* "Reviewer 3 · Operator A · ENG-7 · 22 Nov 2026 15:04 UTC", UTF-8 */
};

struct glass_page {
	struct str png; /* in the arena */
	uint32_t lines, columns_max; /* of the whole file: lines, and cells of its longest line */
	uint16_t lines_here; /* lines of source on this tile */
	uint16_t width, height; /* pixels */
	bool binary; /* a hex page */
	const char *language; /* static text: "C", "plain" */
	struct glass_hit *hits;
	size_t hit_count;
	char profile[PROFILE_ID_BYTES]; /* id of the render profile */
};

struct glass;
/* font_fd: the lab's font artefact; mark_key_fd: keys/mark.key, read by the draw child alone. Both stay the caller's. */
/* Errors: ERR_IO (no child starts), ERR_CORRUPT (the font or the key is none). *g to glass_stop. */
MUST_CHECK enum err_kind glass_start(int font_fd, int mark_key_fd, unsigned layout_children_max,
	struct glass **g, struct err *err);
/* No other call may be under way. NULL is fine. */
void glass_stop(struct glass *g);
/*
 * Any thread. A child that dies, hangs or lies is ended, the next request gets another, and this one fails with
 * ERR_CORRUPT or ERR_IO.
 * page  on OK: png and hits in mem. About 1.4 MB of mem at most
 * Errors: ERR_INPUT (not the first cell of a tile), ERR_NOT_FOUND (past the last line), ERR_LIMIT (file or mem).
 */
MUST_CHECK enum err_kind glass_draw(struct glass *g, struct arena *mem,
	const struct glass_request *request, struct glass_page *page, struct err *err);
/* SHA-256 of the session's mark secret, for the entry at session start; the secret itself never leaves draw. */
MUST_CHECK enum err_kind glass_commit_session(
	struct glass *g, struct str session, struct sha256 *digest, struct err *err);

/*
 * The cells of a tile as a session may have seen them, the foot left blank: what a detector compares a picture with.
 * Uses blob, bytes, path, first_line, first_column and pool of the request. Errors: those of glass_draw.
 */
MUST_CHECK enum err_kind glass_lay_out(
	struct glass *g, const struct glass_request *request, struct grid *grid, struct err *err);

/* The children's mains, for `--child ROLE`: they speak on descriptor 3 and never return. */
_Noreturn void layout_child(void);
_Noreturn void draw_child(void);
_Noreturn void picture_child(void);
_Noreturn void find_child(void);
_Noreturn void detect_child(void);

#endif
