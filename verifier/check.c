#include "check.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "canon.h"

enum {
	MESSAGE_BYTES_MAX = 160 << 10,
	AUTHENTICATOR_BYTES_MIN =
		37, /* hash of the RP id, flags, counter: WebAuthn level 2, section 6.1 */
	AUTHENTICATOR_BYTES_MAX = 1024,
	CLIENT_BYTES_MAX = 4096,
	DER_BYTES_MAX = 72,
	FLAGS_PRESENT_AND_VERIFIED = 0x05,
};

/* libsodium calls it for our own mistakes. Its own one draws every cipher that it has into the program. */
void sodium_misuse(void)
{
	abort();
}

struct hash check_sha256(struct span bytes)
{
	struct hash hash;

	crypto_hash_sha256(hash.bytes, (const uint8_t *)bytes.ptr, bytes.len);
	return hash;
}

struct hash check_sha256_of(uint8_t prefix, struct span first, struct span second)
{
	crypto_hash_sha256_state state;
	struct hash hash;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, &prefix, 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)first.ptr, first.len);
	if (second.len > 0)
		crypto_hash_sha256_update(&state, (const uint8_t *)second.ptr, second.len);
	crypto_hash_sha256_final(&state, hash.bytes);
	return hash;
}

bool hash_eq(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

bool hash_is_hex(const struct hash *hash, struct span hex)
{
	struct hash other;

	return span_hex(hex, other.bytes, HASH_BYTES) && hash_eq(hash, &other);
}

bool check_ed25519(const uint8_t key[ED25519_KEY_BYTES], const struct span *parts, size_t count,
	const uint8_t signature[ED25519_BYTES])
{
	static uint8_t message[MESSAGE_BYTES_MAX];
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > sizeof(message) - len)
			return false;
		if (parts[i].len > 0)
			memcpy(message + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	return crypto_sign_ed25519_verify_detached(signature, message, len, key) == 0;
}

/* One DER INTEGER off *rest: positive, shortest form, at most 32 bytes. */
static bool der_integer(struct span *rest, mpz_t value)
{
	const uint8_t *p = (const uint8_t *)rest->ptr;

	if (rest->len < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > 33 || rest->len < 2U + p[1])
		return false;
	size_t n = p[1];

	if ((p[2] & 0x80) != 0 || (n > 1 && p[2] == 0 && (p[3] & 0x80) == 0) ||
		(n == 33 && p[2] != 0))
		return false;
	mpz_import(value, n, 1, 1, 1, 0, p + 2);
	*rest = (struct span){ rest->ptr + 2 + n, rest->len - 2 - n };
	return true;
}

static bool check_es256(
	const uint8_t key[ES256_KEY_BYTES], const struct hash *hash, struct span der)
{
	struct ecc_point point;
	struct dsa_signature signature;
	mpz_t x, y;
	bool good = false;

	ecc_point_init(&point, nettle_get_secp_256r1());
	dsa_signature_init(&signature);
	mpz_init(x);
	mpz_init(y);
	mpz_import(x, 32, 1, 1, 1, 0, key + 1);
	mpz_import(y, 32, 1, 1, 1, 0, key + 33);
	if (der.len >= 2 && der.ptr[0] == 0x30 && (uint8_t)der.ptr[1] == der.len - 2) {
		der = (struct span){ der.ptr + 2, der.len - 2 };
		good = key[0] == 0x04 && ecc_point_set(&point, x, y) == 1 &&
			der_integer(&der, signature.r) && der_integer(&der, signature.s) &&
			der.len == 0 &&
			ecdsa_verify(&point, HASH_BYTES, hash->bytes, &signature) == 1;
	}
	mpz_clear(x);
	mpz_clear(y);
	dsa_signature_clear(&signature);
	ecc_point_clear(&point);
	return good;
}

bool check_key_parse(struct span text, struct person_key *key)
{
	size_t n = ED25519_KEY_BYTES;

	*key = (struct person_key){ .is_es256 = span_take(&text, SPAN("es256:")) };
	if (key->is_es256)
		n = ES256_KEY_BYTES;
	else if (!span_take(&text, SPAN("ed25519:")))
		return false;
	if (!span_base64_n(text, key->bytes, n))
		return false;
	key->hash = check_sha256((struct span){ (const char *)key->bytes, n });
	return true;
}

static bool check_plain(const struct person_key *key, struct span text, struct span sig)
{
	uint8_t bytes[ED25519_BYTES];
	const struct span parts[] = { SPAN("vitrine/decision/v1\n"), text };

	return !key->is_es256 && span_base64_n(sig, bytes, sizeof(bytes)) &&
		check_ed25519(key->bytes, parts, 2, bytes);
}

/*
 * What the browser says that it signed, by the limited verification algorithm of WebAuthn level 2, section 5.8.1.2: all
 * clients write these members first, in this order and spelling.
 */
static bool client_fits(struct span client, struct span text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct hash hash = check_sha256(text);
	char challenge[43];
	struct span origin;

	for (size_t i = 0; i < sizeof(challenge); i++) {
		size_t bit = 6 * i, at = bit / 8;
		unsigned two = (unsigned)hash.bytes[at] << 8 |
			(at + 1 < HASH_BYTES ? hash.bytes[at + 1] : 0U);

		challenge[i] = digits[two >> (10 - bit % 8) & 63];
	}
	return span_take(&client, SPAN("{\"type\":\"webauthn.get\",\"challenge\":\"")) &&
		span_take(&client, (struct span){ challenge, sizeof(challenge) }) &&
		span_take(&client, SPAN("\",\"origin\":\"")) && span_cut(&client, '"', &origin);
}

static bool check_webauthn(const struct person_key *key, struct span text,
	const struct span member[4], struct span rp_id)
{
	/* What is signed: the authenticator's data, and the hash of the client's. */
	static uint8_t authenticator[AUTHENTICATOR_BYTES_MAX], client[CLIENT_BYTES_MAX];
	uint8_t signature[DER_BYTES_MAX];
	size_t authenticator_len, client_len, len;

	if (!span_base64(member[0], authenticator, sizeof(authenticator), &authenticator_len) ||
		!span_base64(member[1], client, sizeof(client), &client_len) ||
		!span_base64(member[2], signature, sizeof(signature), &len) ||
		authenticator_len < AUTHENTICATOR_BYTES_MIN ||
		(authenticator[32] & FLAGS_PRESENT_AND_VERIFIED) != FLAGS_PRESENT_AND_VERIFIED)
		return false;
	struct span said = { (const char *)client, client_len },
		    data = { (const char *)authenticator, authenticator_len };
	struct hash said_hash = check_sha256(said), rp_hash = check_sha256(rp_id);
	const struct span parts[] = { data, { (const char *)said_hash.bytes, HASH_BYTES } };

	if (!client_fits(said, text) ||
		(rp_id.len > 0 && memcmp(rp_hash.bytes, authenticator, HASH_BYTES) != 0))
		return false;
	if (!key->is_es256)
		return len == ED25519_BYTES && check_ed25519(key->bytes, parts, 2, signature);
	struct hash signed_hash;
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, authenticator, authenticator_len);
	crypto_hash_sha256_update(&state, said_hash.bytes, HASH_BYTES);
	crypto_hash_sha256_final(&state, signed_hash.bytes);
	return check_es256(key->bytes, &signed_hash, (struct span){ (const char *)signature, len });
}

bool check_decision(
	const struct person_key *key, struct span text, struct span signature, struct span rp_id)
{
	struct span members[4];

	if (!canon_is(signature))
		return false;
	if (canon_object(signature, "sig type", members))
		return span_eq(members[1], SPAN("\"ed25519\"")) &&
			canon_text(members[0], &members[0]) && check_plain(key, text, members[0]);
	return canon_object(signature, "authenticator client sig type", members) &&
		span_eq(members[3], SPAN("\"webauthn\"")) && canon_text(members[0], &members[0]) &&
		canon_text(members[1], &members[1]) && canon_text(members[2], &members[2]) &&
		check_webauthn(key, text, members, rp_id);
}
