/* Property: a token that is found stands in the header, in the one spelling of its 32 bytes, under our name. */
#include <stdlib.h>

#include "base/hex.h"
#include "web/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_hold(struct str header, const char *before, const uint8_t token[FRAME_TOKEN_BYTES])
{
	struct arena mem;
	struct out out;
	struct str text;
	struct err err;

	arena_init(&mem, 4096);
	out_init(&out, &mem, 1024);
	out_put(&out, str_from(before));
	out_base64url(&out, str_of(token, FRAME_TOKEN_BYTES));
	if (out_finish(&out, &text, &err) != OK ||
		memmem(header.ptr, header.len, text.ptr, text.len) == NULL)
		abort();
	arena_reset(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str header = str_of(data, size);
	uint8_t token[FRAME_TOKEN_BYTES];

	if (cookie_token(header, token))
		must_hold(header, COOKIE_NAME "=", token);
	if (bearer_token(header, token))
		must_hold(header, "", token);
	return 0;
}
