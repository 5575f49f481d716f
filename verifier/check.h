/*
 * check: hashes and signatures, each by a library. Ed25519 by the one rule of docs/formats/ledger.md: without cofactor, S
 * below the order, R and key canonical and not of small order. ES256 is ECDSA over P-256 with SHA-256.
 */
#ifndef CHECK_H
#define CHECK_H

#include "span.h"

enum {
	HASH_BYTES = 32,
	ED25519_KEY_BYTES = 32,
	ED25519_BYTES = 64,
	ES256_KEY_BYTES = 65,
	MESSAGE_PARTS_MAX = 3
};

struct hash {
	uint8_t bytes[HASH_BYTES];
};

/* A person's key, as in "ed25519:<base64>" or "es256:<base64 of the uncompressed point>". */
struct person_key {
	bool is_es256;
	uint8_t bytes[ES256_KEY_BYTES];
	struct hash hash; /* of the bytes */
};

struct hash check_sha256(struct span bytes);
/* The hash of a one-byte prefix and up to two runs of bytes: leaves and nodes. */
struct hash check_sha256_of(uint8_t prefix, struct span first, struct span second);
bool hash_eq(const struct hash *a, const struct hash *b);
/* 64 lower-case hexadecimal digits. */
bool hash_is_hex(const struct hash *hash, struct span hex);

/* The message is the parts one after another; false as well when they are longer than MESSAGE_BYTES_MAX. */
bool check_ed25519(const uint8_t key[ED25519_KEY_BYTES], const struct span *parts, size_t count,
	const uint8_t signature[ED25519_BYTES]);
bool check_key_parse(struct span text, struct person_key *key);
/*
 * signature  canonical JSON: {"sig":…,"type":"ed25519"} over "vitrine/decision/v1\n" || text, or
 *            {"authenticator":…,"client":…,"sig":…,"type":"webauthn"} whose challenge is SHA-256(text)
 * rp_id      whose WebAuthn signatures count; absent: any
 */
bool check_decision(
	const struct person_key *key, struct span text, struct span signature, struct span rp_id);

#endif
