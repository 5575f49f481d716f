#include "glass/message.h"

const struct ipc_rule glass_to_layout[GLASS_MESSAGES] = {
	[LAYOUT_START] = { .fds = 2 },
	[LAYOUT_OPEN] = { .size = sizeof(struct layout_open), .fds = 1 },
	[LAYOUT_TILE] = { .size = sizeof(struct layout_ask) },
};

const struct ipc_rule glass_to_draw[GLASS_MESSAGES] = {
	[DRAW_START] = { .fds = 3 },
	[DRAW_PAGE] = { .size = sizeof(struct draw_ask) },
	[DRAW_COMMIT] = { .size = sizeof(struct draw_commit) },
};

const struct ipc_rule glass_to_picture[GLASS_MESSAGES] = {
	[PICTURE_DECODE] = { .size = sizeof(struct picture_ask), .fds = 2 },
};

const struct ipc_rule glass_to_find[GLASS_MESSAGES] = {
	[FIND_START] = { .fds = 1 },
	[FIND_FILE] = { .size = sizeof(struct find_ask), .fds = 1 },
};

const struct ipc_rule glass_to_detect[GLASS_MESSAGES] = {
	[DETECT_START] = { .size = sizeof(struct detect_start), .fds = 4 },
	[DETECT_PAGE] = { .size = sizeof(struct detect_ask) },
	[DETECT_SCORE] = { .size = sizeof(struct detect_score) },
	[DETECT_BEST] = { .max = 1 },
};

const struct ipc_rule glass_from_child[GLASS_MESSAGES] = {
	[CHILD_READY] = { .size = sizeof(struct child_done) },
	[CHILD_DONE] = { .size = sizeof(struct child_done) },
	[DRAW_READY] = { .size = sizeof(struct draw_ready) },
	[DRAW_DONE] = { .size = sizeof(struct draw_done) },
	[DRAW_COMMITTED] = { .size = sizeof(struct draw_committed) },
	[PICTURE_DONE] = { .size = sizeof(struct picture_done) },
	[FIND_DONE] = { .size = sizeof(struct find_done) },
	[DETECT_SEEN] = { .size = sizeof(struct detect_seen) },
	[DETECT_TOLD] = { .size = sizeof(struct detect_told) },
};
