/* Property: what parses is exactly what is written of it. */
#include "format/trailfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct trailfile file;
	struct str in = str_of(data, size), text;
	struct out o;
	struct err err;

	if (size > 1 << 16)
		return 0;
	arena_init(&mem, 32 << 20);
	if (trailfile_parse(&mem, in, &file, &err) == OK) {
		out_init(&o, &mem, 4 << 20);
		trailfile_put(&o, &file);
		if (out_finish(&o, &text, &err) != OK || !str_eq(text, in))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
