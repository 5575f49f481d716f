/* Property: a body that is accepted is the only spelling of itself. */
#include "witness/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct add_request r;
	struct arena mem;
	struct str text;
	struct out o;
	struct err err;

	if (add_request_parse(str_of(data, size), &r, &err) != OK)
		return 0;
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, size);
	add_request_put(&o, &r);
	if (r.path.count > ADD_REQUEST_PROOF_MAX || out_finish(&o, &text, &err) != OK ||
		!str_eq(text, str_of(data, size)))
		abort();
	arena_reset(&mem);
	return 0;
}
