/*
 * key_file: a secret of 32 bytes on its owner's own disk: an Ed25519 seed or an X25519 secret, for commands that
 * work offline. Either those 32 bytes alone, readable by the owner only; or sealed under a passphrase
 * (argon2id, XChaCha20-Poly1305), one line of JSON (docs/formats/decision.md).
 */
#ifndef APP_KEY_FILE_H
#define APP_KEY_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { KEY_FILE_SECRET_BYTES = 32, KEY_FILE_BYTES_MAX = 512 };

/*
 * passphrase: empty: the bytes alone. The file must not exist; it is made 0600 and is durable on OK.
 * Errors: ERR_CONFLICT (it exists), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind key_file_write(const char *path,
	const uint8_t secret[KEY_FILE_SECRET_BYTES], struct str passphrase, struct err *err);
/* The file's bytes into mem. Errors: ERR_DENIED (others may read bytes that are not sealed), ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind key_file_read(
	struct arena *mem, const char *path, struct str *bytes, struct err *err);
bool key_file_is_sealed(struct str bytes);
/* The owner wipes the secret. Errors: ERR_DENIED (wrong passphrase, or changed), ERR_INPUT, ERR_LIMIT. */
MUST_CHECK enum err_kind key_file_open(struct arena *mem, struct str bytes, struct str passphrase,
	uint8_t secret[KEY_FILE_SECRET_BYTES], struct err *err);

#endif
