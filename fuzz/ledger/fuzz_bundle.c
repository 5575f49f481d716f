/* Property: the entries that are cut off the front, put again, are the bytes that were read; what is left is no entry. */
#include <stdlib.h>

#include "ledger/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = str_of(data, size), rest = all, entry, text;
	struct arena mem;
	struct out o;
	struct err err;

	arena_init(&mem, 4 * size + 4096);
	out_init(&o, &mem, 2 * size + 16);
	while (rest.len > 0 && bundle_next(&rest, &entry))
		bundle_put(&o, entry);
	if (out_finish(&o, &text, &err) != OK || text.len + rest.len != size ||
		!str_eq(text, str_head(all, text.len)))
		abort();
	if (rest.len >= 2) {
		const uint8_t *head = data + text.len;

		if (((size_t)head[0] << 8 | head[1]) <= rest.len - 2)
			abort();
	}
	arena_reset(&mem);
	return 0;
}
