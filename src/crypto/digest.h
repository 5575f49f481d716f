/* digest: SHA-256, and HMAC-SHA-256 as keyed pseudonym and PRF. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <nettle/sha2.h>

#include "base/out.h"
#include "base/str.h"

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65 };

struct sha256 {
	uint8_t bytes[SHA256_BYTES];
};

struct sha256_state {
	struct sha256_ctx ctx;
};

void sha256_begin(struct sha256_state *s);
void sha256_add(struct sha256_state *s, struct str bytes);
struct sha256 sha256_end(struct sha256_state *s);
struct sha256 sha256_of(struct str bytes);
struct sha256 hmac_sha256(struct str key, struct str bytes);
bool sha256_eq(const struct sha256 *a, const struct sha256 *b); /* constant time */
bool sha256_parse(struct str hex, struct sha256 *out);
void sha256_format(const struct sha256 *d, char hex[SHA256_HEX_BYTES]);
/* Constant-time comparison of secrets. */
bool secret_eq(const void *a, const void *b, size_t len);

#endif
