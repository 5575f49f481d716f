#include "crypto/sign.h"

#include <sodium.h>

static_assert(SIGN_SEED_BYTES == crypto_sign_SEEDBYTES, "RFC 8032 seed");
static_assert(SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "RFC 8032 public key");
static_assert(SIGN_BYTES == crypto_sign_BYTES, "RFC 8032 signature");
static_assert(sizeof(struct sign_secret) == crypto_sign_SECRETKEYBYTES, "seed || public key");

enum err_kind crypto_init(struct err *err)
{
	if (sodium_init() < 0)
		return err_set(err, ERR_IO, "libsodium does not start: no source of random bytes");
	return OK;
}

void sign_from_seed(const uint8_t seed[SIGN_SEED_BYTES], struct sign_public *public_key,
	struct sign_secret *secret)
{
	int rc = crypto_sign_seed_keypair(public_key->bytes, secret->bytes, seed);

	assert(rc == 0);
	(void)rc;
}

void sign_generate(struct sign_public *public_key, struct sign_secret *secret)
{
	int rc = crypto_sign_keypair(public_key->bytes, secret->bytes);

	assert(rc == 0);
	(void)rc;
}

struct signature sign_make(const struct sign_secret *secret, struct str message)
{
	struct signature signature;
	int rc = crypto_sign_detached(signature.bytes, NULL, (const unsigned char *)message.ptr,
		message.len, secret->bytes);

	assert(rc == 0);
	(void)rc;
	return signature;
}

bool sign_public_is_sound(const struct sign_public *public_key)
{
	return crypto_core_ed25519_is_valid_point(public_key->bytes) == 1;
}

bool sign_verify(
	const struct sign_public *public_key, struct str message, const struct signature *signature)
{
	return crypto_sign_verify_detached(signature->bytes, (const unsigned char *)message.ptr,
		       message.len, public_key->bytes) == 0;
}

void secret_wipe(void *secret, size_t len)
{
	sodium_memzero(secret, len);
}
