#include "crypto/digest.h"

#include <nettle/hmac.h>
#include <sodium.h>

#include "base/hex.h"

static_assert(SHA256_BYTES == SHA256_DIGEST_SIZE, "nettle's idea of SHA-256");

void sha256_begin(struct sha256_state *s)
{
	sha256_init(&s->ctx);
}

void sha256_add(struct sha256_state *s, struct str bytes)
{
	sha256_update(&s->ctx, bytes.len, (const uint8_t *)bytes.ptr);
}

struct sha256 sha256_end(struct sha256_state *s)
{
	struct sha256 digest;

	sha256_digest(&s->ctx, sizeof(digest.bytes), digest.bytes);
	return digest;
}

struct sha256 sha256_of(struct str bytes)
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, bytes);
	return sha256_end(&s);
}

struct sha256 hmac_sha256(struct str key, struct str bytes)
{
	struct hmac_sha256_ctx ctx;
	struct sha256 code;

	hmac_sha256_set_key(&ctx, key.len, (const uint8_t *)key.ptr);
	hmac_sha256_update(&ctx, bytes.len, (const uint8_t *)bytes.ptr);
	hmac_sha256_digest(&ctx, sizeof(code.bytes), code.bytes);
	/* The context holds the key's two pads: enough to make codes. */
	sodium_memzero(&ctx, sizeof(ctx));
	return code;
}

bool sha256_eq(const struct sha256 *a, const struct sha256 *b)
{
	return secret_eq(a->bytes, b->bytes, SHA256_BYTES);
}

bool sha256_parse(struct str hex, struct sha256 *out)
{
	struct sha256 digest;

	if (!hex_parse(hex, digest.bytes, SHA256_BYTES))
		return false;
	*out = digest;
	return true;
}

void sha256_format(const struct sha256 *d, char hex[SHA256_HEX_BYTES])
{
	hex_format(d->bytes, SHA256_BYTES, hex);
}

bool secret_eq(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
