/* find_child: words and lines are looked for in source here, in a process without rights; one question, then it ends. */
#include <sys/mman.h>

#include "glass/child.h"
#include "glass/glass.h"

/* Address space: the largest file, and what a small C program needs. */
#define MEMORY_BYTES_MAX (LIMIT_FILE_BYTES + (128ULL << 20))

static uint32_t look(
	const struct ipc_msg *msg, const struct find_needles *needles, struct find_region *region)
{
	struct find_ask ask;

	memcpy(&ask, msg->body, sizeof(ask));
	if (ask.bytes > LIMIT_FILE_BYTES)
		child_end();
	struct str bytes = str_of(child_map(msg->fds[0], (size_t)ask.bytes), (size_t)ask.bytes);
	size_t count = find_in(bytes, needles, region->hits);

	if (bytes.len > 0)
		munmap((void *)(uintptr_t)bytes.ptr, bytes.len);
	return (uint32_t)count;
}

_Noreturn void find_child(void)
{
	static struct find_needles needles; /* our own copy: nobody changes it once it is checked */
	static struct ipc_msg msg;
	struct child_done ready = { OK };

	child_enter("find", MEMORY_BYTES_MAX);
	child_receive(glass_to_find, &msg);
	if (msg.type != FIND_START)
		child_end();
	struct find_region *region = child_map_shared(msg.fds[0], sizeof(*region));

	needles = region->needles;
	if (!find_check(&needles))
		child_end();
	child_send(CHILD_READY, &ready, sizeof(ready));
	for (;;) {
		child_receive(glass_to_find, &msg);
		if (msg.type != FIND_FILE)
			child_end();
		struct find_done done = { look(&msg, &needles, region) };

		child_send(FIND_DONE, &done, sizeof(done));
	}
}
