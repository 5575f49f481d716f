/* Property: what is accepted is written again byte for byte. */
#include <stdlib.h>

#include "base/limit.h"
#include "source/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct release_file *files;
	struct str again;
	struct arena mem;
	struct out o;
	struct err err;
	size_t count;

	arena_init(&mem, 64U << 20);
	if (manifest_parse(&mem, str_of(data, size), &files, &count, &err) == OK) {
		out_init(&o, &mem, size);
		manifest_format(&o, files, count);
		if (out_finish(&o, &again, &err) != OK || !str_eq(again, str_of(data, size)))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
