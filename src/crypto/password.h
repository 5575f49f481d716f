/*
 * password: argon2id (64 MiB, 3 passes) behind a semaphore, so that a flood of sign-ins uses bounded memory;
 * and time-based one-time codes (RFC 6238, SHA-1, 30 s, 6 digits).
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/err.h"
#include "base/str.h"
#include "crypto/seal.h"

enum {
	PASSWORD_HASH_BYTES = 128,
	PASSWORD_BYTES_MAX = 1024, /* longer than anybody types; hashing it costs nothing extra */
	PASSWORD_PARALLEL_MAX = 2, /* hashes at once: 128 MiB */
	PASSWORD_WAIT_MS_MAX = 10000, /* in the queue, then the caller is told to come back */
	PASSWORD_SALT_BYTES = 16,
	TOTP_SECRET_BYTES = 20,
	TOTP_STEP_S = 30,
};

struct password_hash {
	char text[PASSWORD_HASH_BYTES];
}; /* "$argon2id$…" */

/* Errors: ERR_INPUT (longer than PASSWORD_BYTES_MAX); ERR_LIMIT (no memory, or PASSWORD_WAIT_MS_MAX in the queue). */
MUST_CHECK enum err_kind password_make(
	struct str password, struct password_hash *hash, struct err *err);
/*
 * Takes as long for a wrong password as for a right one. *matches is set on OK.
 * Errors: those of password_make; ERR_CORRUPT when the hash is not one of password_make's.
 */
MUST_CHECK enum err_kind password_check(
	const struct password_hash *hash, struct str password, bool *matches, struct err *err);
/*
 * A key from a passphrase and a salt of its own, with the same cost as a password's hash; its owner wipes it.
 * Errors: those of password_make.
 */
MUST_CHECK enum err_kind password_derive(struct str passphrase,
	const uint8_t salt[PASSWORD_SALT_BYTES], struct seal_key *key, struct err *err);
/* A hash that no password matches, to spend the same time on accounts that do not exist. */
const struct password_hash *password_nobody(void);

/* The code of a 30-second step (step = seconds / 30). */
uint32_t totp_code(struct str secret, uint64_t step);
/*
 * True when `digits` (6 of them) is the code of the step of now_us, or one before or after, and that step is
 * later than last_step (a code works once). *step gets it.
 */
bool totp_check(
	struct str secret, struct str digits, int64_t now_us, uint64_t last_step, uint64_t *step);

#endif
