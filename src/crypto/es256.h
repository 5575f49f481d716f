/*
 * es256: ECDSA on P-256 with SHA-256 (FIPS 186-4; COSE's ES256), verification only: what security keys sign
 * with. The one thing read here is the signature's DER, in its one form.
 *
 * A signature can be turned into another one that holds, too (n - s for s): nothing may be decided by a
 * signature's bytes, only by what it signs.
 */
#ifndef CRYPTO_ES256_H
#define CRYPTO_ES256_H

#include "base/err.h"
#include "base/str.h"

/* SEQUENCE of two INTEGERs of at most 33 bytes. */
enum { ES256_PUBLIC_BYTES = 65, ES256_SIGNATURE_BYTES_MAX = 72 };

/* A point as SEC 1 section 2.3.3 writes it without compression: 0x04, x, y. */
struct es256_public {
	uint8_t bytes[ES256_PUBLIC_BYTES];
};

/* On the curve, in this one spelling. */
bool es256_public_is_sound(const struct es256_public *public_key);
/* der: Ecdsa-Sig-Value (RFC 3279 section 2.2.3), distinguished encoding only. False for anything else. */
bool es256_verify(const struct es256_public *public_key, struct str message, struct str der);

#endif
