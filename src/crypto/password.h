/*
 * password: argon2id (64 MiB, 3 passes) behind a semaphore, so that a flood of sign-ins uses bounded memory;
 * and time-based one-time codes (RFC 6238, SHA-1, 30 s, 6 digits).
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/err.h"
#include "base/str.h"

enum { PASSWORD_HASH_BYTES = 128, TOTP_SECRET_BYTES = 20, PASSWORD_PARALLEL_MAX = 2 };

struct password_hash {
	char text[PASSWORD_HASH_BYTES];
}; /* "$argon2id$…" */

/* Errors: ERR_LIMIT when memory is short or `wait_ms_max` passed in the queue. */
MUST_CHECK enum err_kind password_make(
	struct str password, struct password_hash *hash, struct err *err);
/* Takes as long for a wrong password as for a right one. *matches is set on OK. */
MUST_CHECK enum err_kind password_check(
	const struct password_hash *hash, struct str password, bool *matches, struct err *err);
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
