/* seal: XChaCha20-Poly1305 for items under a session's key, X25519 sealed boxes for wrapping that key. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SEAL_KEY_BYTES = 32, SEAL_OVERHEAD_BYTES = 24 + 16, BOX_OVERHEAD_BYTES = 48 };

struct seal_key {
	uint8_t bytes[SEAL_KEY_BYTES];
};
struct box_public {
	uint8_t bytes[32];
};
struct box_secret {
	uint8_t bytes[32];
};

void seal_generate(struct seal_key *key);
/* nonce24 || ciphertext || tag16; `bound` is authenticated, not stored. Errors: ERR_LIMIT (arena). */
MUST_CHECK enum err_kind seal_close(struct arena *mem, const struct seal_key *key, struct str bound,
	struct str plain, struct str *sealed, struct err *err);
/* Errors: ERR_CORRUPT when key, bound bytes or sealed bytes are not the ones that belong together. */
MUST_CHECK enum err_kind seal_open(struct arena *mem, const struct seal_key *key, struct str bound,
	struct str sealed, struct str *plain, struct err *err);

void box_generate(struct box_public *public_key, struct box_secret *secret);
/* The public half of a secret. */
void box_public_of(const struct box_secret *secret, struct box_public *public_key);
/* For `to` alone; the sender stays unnamed. Errors: ERR_INPUT (a key of small order), ERR_LIMIT (arena). */
MUST_CHECK enum err_kind box_close(struct arena *mem, const struct box_public *to, struct str plain,
	struct str *sealed, struct err *err);
/* Errors: ERR_CORRUPT when the box is not for this pair of keys, or changed; ERR_LIMIT (arena). */
MUST_CHECK enum err_kind box_open(struct arena *mem, const struct box_public *to,
	const struct box_secret *secret, struct str sealed, struct str *plain, struct err *err);

#endif
