/* Property: what the door lets through is whole frames, which it lets through again, each under the peer's name. */
#include "link/door_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct door_check check = { .name = "centre" };
	struct frame frame;
	struct err err;
	size_t used, again, step;

	if (size > 65536 || door_check_take(&check, str_of(data, size), &used, &err) != OK)
		return 0;
	if (used > size || door_check_take(&check, str_of(data, used), &again, &err) != OK ||
		again != used)
		abort();
	for (size_t at = 0; at < used; at += step) {
		if (frame_parse(str_of(data + at, used - at), &frame, &step, &err) != OK ||
			step == 0)
			abort();
		if (frame.type == FRAME_CALL && strcmp(frame.call.point, "centre") != 0)
			abort();
	}
	return 0;
}
