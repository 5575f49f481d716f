/* Property: a checkpoint's text that is accepted is the only spelling of it. */
#include "ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct checkpoint c;
	struct out o;
	struct str text;
	struct err err;

	arena_init(&mem, 1 << 20);
	if (checkpoint_parse(str_of(data, size), &c, &err) == OK) {
		out_init(&o, &mem, size);
		checkpoint_put(&o, &c);
		if (out_finish(&o, &text, &err) != OK || !str_eq(text, str_of(data, size)))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
