/*
 * Property: a stream is either refused, or incomplete, or begins with a frame that is written again byte for byte
 * the same; and no shorter cut of that frame is refused or complete.
 */
#include "link/frame.h"

enum { STREAM_BYTES_MAX = 8192, FRAMES_MAX = 64 };

/* The sanitizer sees a read past the cut, since the replay gives exact-size memory only for the whole input. */
static bool is_incomplete(struct str cut)
{
	struct frame frame;
	struct err err;
	size_t used = 1;
	char *copy = malloc(cut.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, cut.ptr, cut.len);
	enum err_kind rc = frame_parse(str_of(copy, cut.len), &frame, &used, &err);

	free(copy);
	return rc == OK && used == 0;
}

static size_t check_frame(struct str stream)
{
	struct frame frame;
	struct arena mem;
	struct out o;
	struct str again;
	struct err err;
	size_t used;

	if (frame_parse(stream, &frame, &used, &err) != OK)
		return 0;
	if (used == 0)
		return 0;
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, STREAM_BYTES_MAX);
	frame_format(&o, &frame);
	if (out_finish(&o, &again, &err) != OK)
		abort();
	if (!str_eq(again, str_head(stream, used)))
		abort();
	arena_reset(&mem);
	if (!is_incomplete(str_head(stream, used - 1)) ||
		!is_incomplete(str_head(stream, used / 2)))
		abort();
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size);

	if (size > STREAM_BYTES_MAX)
		return 0;
	for (int i = 0; i < FRAMES_MAX; i++) {
		size_t used = check_frame(rest);

		if (used == 0)
			break;
		rest = str_skip(rest, used);
	}
	return 0;
}
