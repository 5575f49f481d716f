#include "crypto/stream.h"

#include <sodium.h>

static_assert(crypto_stream_chacha20_KEYBYTES == SHA256_BYTES, "a digest is a key");

void stream_blocks(const struct sha256 *key, uint64_t first, uint8_t *to, size_t count)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	memset(to, 0, count * STREAM_BLOCK_BYTES);
	crypto_stream_chacha20_xor_ic(to, to, count * STREAM_BLOCK_BYTES, nonce, first, key->bytes);
}
