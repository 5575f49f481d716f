/*
 * message: what the vault and its glass children say to each other over os/ipc, and the regions of memory
 * that they share. The sender of a region's bytes is never believed: they are copied out, then checked.
 *
 *   layout:  LAYOUT_START -> CHILD_READY;  LAYOUT_OPEN -> CHILD_DONE;  LAYOUT_TILE -> CHILD_DONE + grid
 *   draw:    DRAW_START -> DRAW_READY + coverage;  grid + DRAW_PAGE -> DRAW_DONE + page;
 *            DRAW_COMMIT -> DRAW_COMMITTED
 *   picture: PICTURE_DECODE -> PICTURE_DONE + luminance, once
 *   find:    FIND_START -> CHILD_READY;  FIND_FILE -> FIND_DONE + hits
 *   detect:  DETECT_START -> CHILD_READY;  grid + DETECT_PAGE -> DETECT_SEEN;  ids + DETECT_SCORE -> CHILD_DONE;
 *            DETECT_BEST -> DETECT_TOLD + best
 */
#ifndef GLASS_MESSAGE_H
#define GLASS_MESSAGE_H

#include "crypto/digest.h"
#include "glass/decode.h"
#include "glass/detect.h"
#include "glass/find.h"
#include "glass/mark.h"
#include "glass/page.h"
#include "os/ipc.h"

enum glass_message {
	LAYOUT_START = 1, /* descriptors: coverage (sealed), struct layout_region */
	LAYOUT_OPEN, /* a file into a slot; descriptor: its bytes (sealed) */
	LAYOUT_TILE,
	DRAW_START, /* descriptors: font, mark key, struct draw_region */
	DRAW_PAGE,
	DRAW_COMMIT,
	CHILD_READY,
	CHILD_DONE,
	DRAW_READY,
	DRAW_DONE,
	DRAW_COMMITTED,
	PICTURE_DECODE, /* descriptors: the file's bytes (sealed), LIMIT_PICTURE_PIXELS bytes of luminance */
	PICTURE_DONE,
	FIND_START, /* descriptor: struct find_region */
	FIND_FILE, /* descriptor: its bytes (sealed) */
	FIND_DONE,
	DETECT_START, /* descriptors: font, mark key, luminance, struct detect_region */
	DETECT_PAGE, /* a page to find in the picture */
	DETECT_SEEN,
	DETECT_SCORE, /* the marks of some sessions on that page */
	DETECT_BEST, /* the best of all so far, into the region */
	DETECT_TOLD,
	GLASS_MESSAGES
};

enum {
	LAYOUT_SLOTS = 64, /* files that a layout child holds open with their indexes */
	LAYOUT_NAME_BYTES_MAX = 255, /* end of a path: the last part decides the language */
	GLASS_SESSION_BYTES_MAX = 64,
	MARK_KEY_BYTES = 32,
};

/* A layout child's files together: below its address space, above the largest file. */
#define LAYOUT_OPEN_BYTES_MAX ((uint64_t)LIMIT_FILE_BYTES + (256ULL << 20))

struct layout_open {
	uint64_t bytes;
	uint32_t slot, name_len;
	char name[LAYOUT_NAME_BYTES_MAX + 1];
};
struct layout_ask {
	uint32_t slot, first_line, first_column;
};
/* OK, or ERR_LIMIT: the file is more than the child's memory holds. */
struct child_done {
	uint32_t kind;
};
struct draw_ready {
	struct sha256 font;
	char engine[ATLAS_ENGINE_BYTES]; /* NUL-terminated */
};
/* What is drawn, and for whom: the mark hangs on the session, the file and the place. */
struct draw_ask {
	struct sha256 blob;
	uint32_t first_line, first_column;
	uint32_t theme, zoom;
	uint32_t session_len;
	char session[GLASS_SESSION_BYTES_MAX];
};
struct draw_done {
	uint32_t png_bytes;
};
struct draw_commit {
	uint32_t session_len;
	char session[GLASS_SESSION_BYTES_MAX];
};
struct draw_committed {
	struct sha256 digest;
};

struct picture_ask {
	uint64_t bytes;
};
/* OK; ERR_INPUT: no picture, or a damaged one; ERR_LIMIT: too large. */
struct picture_done {
	uint32_t kind;
	struct decoded about;
};
struct find_ask {
	uint64_t bytes;
};
struct find_done {
	uint32_t count;
};
struct detect_start {
	uint32_t width, height;
};
/* themes, zooms: a bit each of those that the page may have been drawn in. number: of the page, as DETECT_BEST tells. */
struct detect_ask {
	struct sha256 blob;
	uint32_t first_line, first_column;
	uint32_t themes, zooms;
	uint32_t number;
};
/* tries: how many drawings of the page were found in the picture and measured; 0: none, and nothing else counts. */
struct detect_seen {
	uint32_t tries;
	uint32_t theme, zoom;
	uint32_t is_inverted;
	uint32_t bits[MARK_LAYERS];
	double a[8];
	double correlation;
};
struct detect_score {
	uint32_t count;
};
struct detect_told {
	uint32_t count;
};

static_assert(sizeof(struct layout_open) == 16 + 256 && sizeof(struct layout_ask) == 12 &&
		sizeof(struct draw_ready) == 48 && sizeof(struct draw_ask) == 116 &&
		sizeof(struct draw_commit) == 68 && sizeof(struct picture_done) == 16 &&
		sizeof(struct detect_ask) == 52 && sizeof(struct detect_seen) == 96,
	"messages travel without padding");

struct layout_region {
	struct grid grid;
};

/* A page at 2x that does not compress at all: 1,280 x 1,952 pixels of 4 bits, and deflate's own bytes. */
enum { DRAW_PNG_BYTES_MAX = 1300 << 10 };
static_assert(DRAW_PNG_BYTES_MAX < LIMIT_FRAME_BYTES, "a page fits a frame");

struct draw_region {
	struct grid grid;
	struct coverage coverage;
	uint8_t png[DRAW_PNG_BYTES_MAX];
};

struct find_region {
	struct find_needles needles;
	struct find_hit hits[FIND_HITS_MAX];
};

enum {
	DETECT_BATCH = 4096,
	DETECT_BEST_MAX = 10,
	DETECT_SESSION_BYTES = 32,
	/* A page drawn in light, and in the better of the two dark themes: an inverted picture cannot tell which it was. */
	DETECT_THEMES_TRIED = 2,
	/* At each of its places in the picture. */
	DETECT_TRIES_MAX = DETECT_THEMES_TRIED * DETECT_PLACES_MAX
};
/* digest: of the session's mark secret. */
struct detect_best {
	char session[DETECT_SESSION_BYTES]; /* NUL-terminated */
	double paper, shift, both, log_chance; /* as struct score */
	struct sha256 digest;
	uint32_t page, zero;
};
static_assert(sizeof(struct detect_best) == 104, "shared layout without padding");
struct detect_region {
	struct grid grid;
	char sessions[DETECT_BATCH][DETECT_SESSION_BYTES]; /* NUL-terminated */
	struct detect_best best[DETECT_BEST_MAX];
};

/* What each end accepts. */
extern const struct ipc_rule glass_to_layout[GLASS_MESSAGES];
extern const struct ipc_rule glass_to_draw[GLASS_MESSAGES];
extern const struct ipc_rule glass_to_picture[GLASS_MESSAGES];
extern const struct ipc_rule glass_to_find[GLASS_MESSAGES];
extern const struct ipc_rule glass_to_detect[GLASS_MESSAGES];
extern const struct ipc_rule glass_from_child[GLASS_MESSAGES];

#endif
