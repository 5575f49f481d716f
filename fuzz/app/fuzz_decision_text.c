/* Property: a decision that is read is, byte for byte, what its members write. */
#include <stdlib.h>

#include "app/decision_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decision_text decision;
	struct arena mem;
	struct str again;
	struct err err;

	arena_init(&mem, 1 << 16);
	if (decision_text_parse(&mem, str_of(data, size), &decision, &err) == OK &&
		(decision_text_format(&mem, &decision, &again, &err) != OK ||
			!str_eq(again, str_of(data, size))))
		abort();
	arena_reset(&mem);
	return 0;
}
