#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

enum { MESSAGE_BYTES_MAX = 160 << 10, AUTHENTICATOR_BYTES_MAX = 1024, CLIENT_BYTES_MAX = 4096, DER_BYTES_MAX = 72 };
/* Authenticator data (WebAuthn level 2, section 6.1): hash of the RP id, flags, counter; the person present and verified. */
enum { AUTHENTICATOR_BYTES_MIN = 37, FLAGS_WANTED = 0x05 };

/* libsodium calls it for our own mistakes. Its own one draws every cipher that it has into the program. */
void sodium_misuse(void) { abort(); }

struct hash hash_of(struct span bytes)
{
	struct hash hash;
	crypto_hash_sha256(hash.bytes, (const uint8_t *)bytes.ptr, bytes.len);
	return hash;
}

bool hash_of_file(FILE *file, struct hash *hash)
{
	uint8_t some[1 << 16];
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	for (size_t n; (n = fread(some, 1, sizeof(some), file)) > 0;) crypto_hash_sha256_update(&state, some, n);
	crypto_hash_sha256_final(&state, hash->bytes);
	return !ferror(file);
}

struct hash hash_of_parts(uint8_t first, struct span second, struct span third)
{
	crypto_hash_sha256_state state;
	struct hash hash;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, &first, 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)second.ptr, second.len);
	crypto_hash_sha256_update(&state, (const uint8_t *)third.ptr, third.len);
	crypto_hash_sha256_final(&state, hash.bytes);
	return hash;
}

bool hash_eq(const struct hash *a, const struct hash *b) { return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0; }

bool hash_is_hex(const struct hash *hash, struct span hex)
{
	struct hash other;
	return span_hex(hex, other.bytes, HASH_BYTES) && hash_eq(hash, &other);
}

bool ed25519_holds(const uint8_t *key, struct span head, struct span body, const uint8_t *signature)
{
	static uint8_t message[MESSAGE_BYTES_MAX];
	if (head.len > sizeof(message) || body.len > sizeof(message) - head.len) return false;
	memcpy(message, head.ptr, head.len);
	memcpy(message + head.len, body.ptr, body.len);
	return crypto_sign_ed25519_verify_detached(signature, message, head.len + body.len, key) == 0;
}

/* One DER INTEGER off *rest: positive, shortest form, at most 32 bytes. */
static bool der_integer(struct span *rest, mpz_t value)
{
	const uint8_t *p = (const uint8_t *)rest->ptr;
	size_t n = rest->len < 3 || p[0] != 0x02 ? 0 : p[1];
	if (n == 0 || n > 33 || rest->len < 2 + n || (p[2] & 0x80) != 0 || (n == 33 && p[2] != 0) ||
		(n > 1 && p[2] == 0 && (p[3] & 0x80) == 0))
		return false;
	mpz_import(value, n, 1, 1, 1, 0, p + 2);
	*rest = (struct span){ rest->ptr + 2 + n, rest->len - 2 - n };
	return true;
}

/* ECDSA over P-256 with SHA-256; the signature in DER's one form. */
static bool es256_holds(const uint8_t key[ES256_KEY_BYTES], struct span message, struct span der)
{
	struct hash hash = hash_of(message);
	struct ecc_point point;
	struct dsa_signature signature;
	mpz_t x, y;

	ecc_point_init(&point, nettle_get_secp_256r1());
	dsa_signature_init(&signature);
	mpz_init(x);
	mpz_init(y);
	mpz_import(x, 32, 1, 1, 1, 0, key + 1);
	mpz_import(y, 32, 1, 1, 1, 0, key + 33);
	bool good = der.len >= 2 && der.ptr[0] == 0x30 && (uint8_t)der.ptr[1] == der.len - 2;

	if (good) {
		der = (struct span){ der.ptr + 2, der.len - 2 };
		good = key[0] == 0x04 && ecc_point_set(&point, x, y) == 1 && der_integer(&der, signature.r) &&
			der_integer(&der, signature.s) && der.len == 0 &&
			ecdsa_verify(&point, HASH_BYTES, hash.bytes, &signature) == 1;
	}
	mpz_clear(x);
	mpz_clear(y);
	dsa_signature_clear(&signature);
	ecc_point_clear(&point);
	return good;
}

bool person_key_parse(struct span text, struct person_key *key)
{
	bool es256 = span_take(&text, SPAN("es256:"));
	*key = (struct person_key){ .len = es256 ? ES256_KEY_BYTES : ED25519_KEY_BYTES };
	return (es256 || span_take(&text, SPAN("ed25519:"))) && span_base64_n(text, key->bytes, key->len);
}

/*
 * What the browser says that it signed, by the limited verification algorithm of WebAuthn level 2, section 5.8.1.2: all
 * clients write these members first, in this order and spelling.
 */
static bool client_fits(struct span client, struct span text)
{
	struct hash hash = hash_of(text);
	struct span origin;
	char challenge[44];
	sodium_bin2base64(
		challenge, sizeof(challenge), hash.bytes, HASH_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return span_take(&client, SPAN("{\"type\":\"webauthn.get\",\"challenge\":\"")) &&
		span_take(&client, span_from(challenge)) && span_take(&client, SPAN("\",\"origin\":\"")) &&
		span_cut(&client, '"', &origin);
}

static bool webauthn_holds(const struct person_key *key, struct span text, const struct span members[3])
{
	/* What is signed: the authenticator's data, then the hash of the client's. */
	static uint8_t message[AUTHENTICATOR_BYTES_MAX + HASH_BYTES], client[CLIENT_BYTES_MAX];
	uint8_t signature[DER_BYTES_MAX];
	size_t message_len, client_len, len;

	if (!span_base64(members[0], message, AUTHENTICATOR_BYTES_MAX, &message_len) ||
		!span_base64(members[1], client, sizeof(client), &client_len) ||
		!span_base64(members[2], signature, sizeof(signature), &len) || message_len < AUTHENTICATOR_BYTES_MIN ||
		(message[32] & FLAGS_WANTED) != FLAGS_WANTED ||
		!client_fits((struct span){ (const char *)client, client_len }, text))
		return false;
	crypto_hash_sha256(message + message_len, client, client_len);
	struct span all = { (const char *)message, message_len + HASH_BYTES };

	if (key->len == ES256_KEY_BYTES)
		return es256_holds(key->bytes, all, (struct span){ (const char *)signature, len });
	return len == ED25519_BYTES && ed25519_holds(key->bytes, all, SPAN(""), signature);
}

bool person_key_signed(const struct person_key *key, struct span text, struct span signature)
{
	struct span members[4];
	uint8_t bytes[ED25519_BYTES];
	if (canon_object(signature, "sig$ type$ ", members))
		return span_eq(members[1], SPAN("ed25519")) && key->len == ED25519_KEY_BYTES &&
			span_base64_n(members[0], bytes, sizeof(bytes)) &&
			ed25519_holds(key->bytes, SPAN("vitrine/decision/v1\n"), text, bytes);
	return canon_object(signature, "authenticator$ client$ sig$ type$ ", members) &&
		span_eq(members[3], SPAN("webauthn")) && webauthn_holds(key, text, members);
}
