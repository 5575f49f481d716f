/* picture_child: a picture that somebody sent becomes luminance here, in a process without rights; one, then it ends. */
#include "glass/child.h"
#include "glass/glass.h"

/* Address space: the decoder's, and what is mapped in. */
#define MEMORY_BYTES_MAX                                                                           \
	(LIMIT_PICTURE_MEM_BYTES + LIMIT_PICTURE_PIXELS + LIMIT_PICTURE_BYTES + (64ULL << 20))

_Noreturn void picture_child(void)
{
	static struct ipc_msg msg;
	struct picture_done done = { 0 };
	struct picture_ask ask;
	struct err err;

	child_enter_once("picture", MEMORY_BYTES_MAX, LIMIT_PICTURE_CPU_S);
	child_receive(glass_to_picture, &msg);
	memcpy(&ask, msg.body, sizeof(ask));
	if (ask.bytes > LIMIT_PICTURE_BYTES)
		child_end();
	struct str bytes = str_of(child_map(msg.fds[0], (size_t)ask.bytes), (size_t)ask.bytes);
	uint8_t *luma = child_map_shared(msg.fds[1], LIMIT_PICTURE_PIXELS);

	done.kind = decode_picture(bytes, luma, &done.about, &err);
	child_send(PICTURE_DONE, &done, sizeof(done));
	child_end();
}
