/*
 * message: what the vault and its glass children say to each other over os/ipc, and the regions of memory
 * that they share. The sender of a region's bytes is never believed: they are copied out, then checked.
 *
 *   layout:  LAYOUT_START -> CHILD_READY;  LAYOUT_OPEN -> CHILD_DONE;  LAYOUT_TILE -> CHILD_DONE + grid
 *   draw:    DRAW_START -> DRAW_READY + coverage;  grid + DRAW_PAGE -> DRAW_DONE + page;
 *            DRAW_COMMIT -> DRAW_COMMITTED
 */
#ifndef GLASS_MESSAGE_H
#define GLASS_MESSAGE_H

#include "crypto/digest.h"
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
	GLASS_MESSAGES
};

enum {
	LAYOUT_SLOTS = 8, /* files that a layout child holds open with their indexes */
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

static_assert(sizeof(struct layout_open) == 16 + 256 && sizeof(struct layout_ask) == 12 &&
		sizeof(struct draw_ready) == 48 && sizeof(struct draw_ask) == 116 &&
		sizeof(struct draw_commit) == 68,
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

/* What each end accepts. */
extern const struct ipc_rule glass_to_layout[GLASS_MESSAGES];
extern const struct ipc_rule glass_to_draw[GLASS_MESSAGES];
extern const struct ipc_rule glass_from_child[GLASS_MESSAGES];

#endif
