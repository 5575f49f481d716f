/* Property: what the verifier takes for canonical JSON is what the lab's own writer makes of it, byte for byte. */
#include <stdlib.h>

#include "base/limit.h"
#include "format/json.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct arena mem;
	struct out o;
	struct str made;
	struct err err;
	json_t *value = NULL;

	if (size == 0 || size > LIMIT_JSON_BYTES || !canon_is(text))
		return 0;
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, size + 16);
	/* The lab's reader wants an object or a list at the top; a value alone is the verifier's own business. */
	if (data[0] == '{' || data[0] == '[') {
		if (json_parse(str_of(data, size), LIMIT_JSON_BYTES, &value, &err) != OK ||
			json_canonical(value, &o, &err) != OK ||
			out_finish(&o, &made, &err) != OK || !str_eq(made, str_of(data, size)))
			abort();
	}
	json_decref(value);
	arena_reset(&mem);
	return 0;
}
