/*
 * sign: Ed25519 (RFC 8032).
 *
 * One rule of verification in the whole product, so that no two of our programs can disagree on a signature:
 * cofactorless, S below the group's order, R and A canonically encoded and not of small order. The last part is
 * stricter than RFC 8032: a key of small order signs many messages at once and proves nobody's act.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/err.h"
#include "base/str.h"

enum { SIGN_SEED_BYTES = 32, SIGN_PUBLIC_BYTES = 32, SIGN_BYTES = 64 };

struct sign_public {
	uint8_t bytes[SIGN_PUBLIC_BYTES];
};
struct sign_secret {
	uint8_t bytes[64];
}; /* seed || public, zeroed after use by its owner */
struct signature {
	uint8_t bytes[SIGN_BYTES];
};

/* Once a process, before any other function of crypto/. */
MUST_CHECK enum err_kind crypto_init(struct err *err);
void sign_from_seed(const uint8_t seed[SIGN_SEED_BYTES], struct sign_public *public_key,
	struct sign_secret *secret);
void sign_generate(struct sign_public *public_key, struct sign_secret *secret);
struct signature sign_make(const struct sign_secret *secret, struct str message);
/* May a signature by this key prove anybody's act? False for bytes that sign_verify accepts nothing under. */
bool sign_public_is_sound(const struct sign_public *public_key);
bool sign_verify(const struct sign_public *public_key, struct str message,
	const struct signature *signature);
void secret_wipe(void *secret, size_t len);

#endif
