/*
 * public_key: a person's key of one of two types, as text and as a verifier. The text is
 * "ed25519:" or "es256:" and standard base64 of the key's bytes, one spelling each (docs/formats/decision.md).
 */
#ifndef CRYPTO_PUBLIC_KEY_H
#define CRYPTO_PUBLIC_KEY_H

#include "base/out.h"
#include "crypto/digest.h"
#include "crypto/es256.h"
#include "crypto/sign.h"

enum public_key_type { PUBLIC_KEY_ED25519, PUBLIC_KEY_ES256 };
enum { PUBLIC_KEY_BYTES_MAX = ES256_PUBLIC_BYTES, PUBLIC_KEY_TEXT_BYTES_MAX = 8 + 88 };

struct public_key {
	enum public_key_type type;
	size_t len; /* 32 or 65 */
	uint8_t bytes[PUBLIC_KEY_BYTES_MAX];
};

/* False also for a key under which nothing could be proved. */
bool public_key_parse(struct str text, struct public_key *key);
void public_key_put(struct out *o, const struct public_key *key);
/* What entries name the key by: SHA-256 of its bytes. */
struct sha256 public_key_id(const struct public_key *key);
/* ed25519: 64 bytes; es256: DER. */
bool public_key_verify(const struct public_key *key, struct str message, struct str signature);

#endif
