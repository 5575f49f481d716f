/* layout_child: untrusted bytes become grids here, in a process without rights; one engagement's at a time. */
#include <sys/mman.h>

#include "glass/child.h"
#include "glass/glass.h"
#include "glass/layout.h"

/* Address space: the open files, their indexes, and what a small C program needs. */
#define MEMORY_BYTES_MAX (LAYOUT_OPEN_BYTES_MAX + (128ULL << 20))

struct slot {
	bool is_open;
	struct str bytes; /* mapped */
	struct arena mem; /* holds the index */
	struct layout_index index;
};

static void close_slot(struct slot *slot)
{
	if (!slot->is_open)
		return;
	if (slot->bytes.len > 0)
		munmap((void *)(uintptr_t)slot->bytes.ptr, slot->bytes.len);
	arena_reset(&slot->mem);
	slot->is_open = false;
}

static enum err_kind open_slot(
	struct slot *slots, const struct coverage *coverage, const struct ipc_msg *msg)
{
	struct layout_open ask;
	struct err err;

	memcpy(&ask, msg->body, sizeof(ask));
	if (ask.slot >= LAYOUT_SLOTS || ask.name_len > LAYOUT_NAME_BYTES_MAX ||
		ask.bytes > LIMIT_FILE_BYTES)
		child_end();
	struct slot *slot = &slots[ask.slot];

	close_slot(slot);
	slot->bytes = str_of(child_map(msg->fds[0], (size_t)ask.bytes), (size_t)ask.bytes);
	arena_init(&slot->mem, layout_index_bytes(slot->bytes.len));
	slot->is_open = true;
	enum err_kind rc = layout_index_build(&slot->mem, coverage, slot->bytes,
		(struct str){ ask.name, ask.name_len }, &slot->index, &err);

	if (rc != OK)
		close_slot(slot);
	return rc;
}

static void lay_out(const struct slot *slots, const struct coverage *coverage,
	const struct ipc_msg *msg, struct layout_region *region)
{
	struct layout_ask ask;

	memcpy(&ask, msg->body, sizeof(ask));
	if (ask.slot >= LAYOUT_SLOTS || !slots[ask.slot].is_open)
		child_end();
	const struct slot *slot = &slots[ask.slot];

	layout_tile(&slot->index, coverage, slot->bytes, ask.first_line, ask.first_column,
		&region->grid);
}

_Noreturn void layout_child(void)
{
	static struct slot slots[LAYOUT_SLOTS];
	static struct ipc_msg msg;
	struct child_done done = { OK };

	child_enter("layout", MEMORY_BYTES_MAX);
	child_receive(glass_to_layout, &msg);
	if (msg.type != LAYOUT_START)
		child_end();
	const struct coverage *coverage = child_map(msg.fds[0], sizeof(*coverage));
	struct layout_region *region = child_map_shared(msg.fds[1], sizeof(*region));

	child_send(CHILD_READY, &done, sizeof(done));
	for (;;) {
		child_receive(glass_to_layout, &msg);
		if (msg.type == LAYOUT_OPEN)
			done.kind = open_slot(slots, coverage, &msg);
		else if (msg.type == LAYOUT_TILE)
			lay_out(slots, coverage, &msg, region);
		else
			child_end();
		child_send(CHILD_DONE, &done, sizeof(done));
		done.kind = OK;
	}
}
