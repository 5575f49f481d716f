#include "crypto/seal.h"

#include <sodium.h>

enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
static_assert(SEAL_OVERHEAD_BYTES == NONCE_BYTES + TAG_BYTES, "nonce || ciphertext || tag");
static_assert(BOX_OVERHEAD_BYTES == crypto_box_SEALBYTES, "sealed box");

void seal_generate(struct seal_key *key)
{
	randombytes_buf(key->bytes, sizeof(key->bytes));
}

/* Room for len + extra bytes, or NULL with err set. */
static unsigned char *room(struct arena *mem, size_t len, size_t extra, struct err *err)
{
	unsigned char *p = len > SIZE_MAX - extra ? NULL : arena_alloc(mem, len + extra, 1);

	if (p == NULL)
		err_set(err, ERR_LIMIT, "request memory used up");
	return p;
}

enum err_kind seal_close(struct arena *mem, const struct seal_key *key, struct str bound,
	struct str plain, struct str *sealed, struct err *err)
{
	unsigned char *p = room(mem, plain.len, SEAL_OVERHEAD_BYTES, err);

	if (p == NULL)
		return err->kind;
	/* 24 random bytes do not repeat: no counter to keep across restarts and restored backups. */
	randombytes_buf(p, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(p + NONCE_BYTES, NULL,
		(const unsigned char *)plain.ptr, plain.len, (const unsigned char *)bound.ptr,
		bound.len, NULL, p, key->bytes);
	*sealed = str_of(p, plain.len + SEAL_OVERHEAD_BYTES);
	return OK;
}

enum err_kind seal_open(struct arena *mem, const struct seal_key *key, struct str bound,
	struct str sealed, struct str *plain, struct err *err)
{
	const unsigned char *s = (const unsigned char *)sealed.ptr;

	if (sealed.len < SEAL_OVERHEAD_BYTES)
		return err_set(err, ERR_CORRUPT, "sealed bytes are too short");
	unsigned char *p = room(mem, sealed.len - SEAL_OVERHEAD_BYTES, 0, err);

	if (p == NULL)
		return err->kind;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(p, NULL, NULL, s + NONCE_BYTES,
		    sealed.len - NONCE_BYTES, (const unsigned char *)bound.ptr, bound.len, s,
		    key->bytes) != 0)
		return err_set(
			err, ERR_CORRUPT, "sealed bytes do not open: changed, or another key");
	*plain = str_of(p, sealed.len - SEAL_OVERHEAD_BYTES);
	return OK;
}

void box_generate(struct box_public *public_key, struct box_secret *secret)
{
	int rc = crypto_box_keypair(public_key->bytes, secret->bytes);

	assert(rc == 0);
	(void)rc;
}

void box_public_of(const struct box_secret *secret, struct box_public *public_key)
{
	int rc = crypto_scalarmult_base(public_key->bytes, secret->bytes);

	assert(rc == 0);
	(void)rc;
}

enum err_kind box_close(struct arena *mem, const struct box_public *to, struct str plain,
	struct str *sealed, struct err *err)
{
	unsigned char *p = room(mem, plain.len, BOX_OVERHEAD_BYTES, err);

	if (p == NULL)
		return err->kind;
	if (crypto_box_seal(p, (const unsigned char *)plain.ptr, plain.len, to->bytes) != 0)
		return err_set(err, ERR_INPUT, "this public key cannot receive a sealed box");
	*sealed = str_of(p, plain.len + BOX_OVERHEAD_BYTES);
	return OK;
}

enum err_kind box_open(struct arena *mem, const struct box_public *to,
	const struct box_secret *secret, struct str sealed, struct str *plain, struct err *err)
{
	if (sealed.len < BOX_OVERHEAD_BYTES)
		return err_set(err, ERR_CORRUPT, "sealed box is too short");
	unsigned char *p = room(mem, sealed.len - BOX_OVERHEAD_BYTES, 0, err);

	if (p == NULL)
		return err->kind;
	if (crypto_box_seal_open(p, (const unsigned char *)sealed.ptr, sealed.len, to->bytes,
		    secret->bytes) != 0)
		return err_set(
			err, ERR_CORRUPT, "sealed box does not open: changed, or another key");
	*plain = str_of(p, sealed.len - BOX_OVERHEAD_BYTES);
	return OK;
}
