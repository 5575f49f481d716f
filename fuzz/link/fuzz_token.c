/* Property: what is taken for a token is written in one way, and read again as the same. */
#include "link/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token token, again;
	struct arena mem;
	struct out o;
	struct str text;
	struct err err;

	if (size > 1024 || !token_parse(str_of(data, size), &token))
		return 0;
	arena_init(&mem, 1 << 16);
	out_init(&o, &mem, TOKEN_TEXT_BYTES);
	token_put(&o, &token);
	if (out_finish(&o, &text, &err) != OK || !token_parse(text, &again) ||
		memcmp(&token, &again, sizeof(token)) != 0)
		abort();
	arena_reset(&mem);
	return 0;
}
