/*
 * webauthn: what a security key said through a browser (W3C Web Authentication level 2, sections 6.1, 7.1, 7.2),
 * with attestation "none": which make of key it is, nobody asks; that it is a person's, their organisation says.
 *
 * What is read of untrusted bytes: authenticatorData's fixed layout (a length or two), and clientDataJSON as
 * strict JSON of at most WEBAUTHN_CLIENT_BYTES_MAX. No CBOR: the key comes from the browser's getPublicKey(), and the
 * COSE key that stands behind it is compared with the one encoding (CTAP2 canonical) of that key.
 */
#ifndef APP_WEBAUTHN_H
#define APP_WEBAUTHN_H

#include "crypto/public_key.h"

enum {
	WEBAUTHN_CLIENT_BYTES_MAX = 2048,
	WEBAUTHN_AUTHENTICATOR_BYTES_MAX = 1024,
	WEBAUTHN_CREDENTIAL_BYTES_MAX = 512, /* ids of common keys have 16 to 300 */
};

/* Where ceremonies are held; empty texts: nowhere. */
struct webauthn_place {
	struct str rp_id, origin; /* "lab.example.org", "https://lab.example.org" */
};

/* What an authenticator and a browser said, as it came. */
struct webauthn_said {
	struct str authenticator, client;
	struct str signature; /* of an assertion */
};

/*
 * A new credential for `key`; *credential is borrowed from `said`. *counter: its signature counter.
 * Errors: ERR_INPUT (malformed, or the bytes hold another key), ERR_DENIED (another place or challenge, user not
 * present or not verified).
 */
MUST_CHECK enum err_kind webauthn_check_new(const struct webauthn_place *place,
	const struct sha256 *challenge, const struct public_key *key,
	const struct webauthn_said *said, struct str *credential, uint32_t *counter,
	struct err *err);
/*
 * An assertion by `key` over the challenge. counter: the last one known, and gets the new one.
 * Errors: as above; ERR_DENIED also for a signature that fails and a counter that did not grow (a copied key).
 */
MUST_CHECK enum err_kind webauthn_check_assertion(const struct webauthn_place *place,
	const struct sha256 *challenge, const struct public_key *key,
	const struct webauthn_said *said, uint32_t *counter, struct err *err);

#endif
