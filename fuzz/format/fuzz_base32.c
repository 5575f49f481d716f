/* Property: text that is accepted is the only spelling of its bytes; any bytes written read back. */
#include "format/base32.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str put(struct arena *mem, struct str bytes)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, 2 * bytes.len + 8);
	base32_put(&o, bytes);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct str in = str_of(data, size), text;
	size_t len;

	if (size > 4096)
		return 0;
	arena_init(&mem, 1 << 20);
	char *bytes = arena_alloc(&mem, size + 1, 1);

	if (bytes == NULL)
		abort();
	if (base32_parse(in, bytes, size, &len) && !str_eq(put(&mem, str_of(bytes, len)), in))
		abort();
	text = put(&mem, in);
	if (!base32_parse(text, bytes, size, &len) || !str_eq(str_of(bytes, len), in))
		abort();
	arena_reset(&mem);
	return 0;
}
