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

const struct ipc_rule glass_from_child[GLASS_MESSAGES] = {
	[CHILD_READY] = { .size = sizeof(struct child_done) },
	[CHILD_DONE] = { .size = sizeof(struct child_done) },
	[DRAW_READY] = { .size = sizeof(struct draw_ready) },
	[DRAW_DONE] = { .size = sizeof(struct draw_done) },
	[DRAW_COMMITTED] = { .size = sizeof(struct draw_committed) },
};
