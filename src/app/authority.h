/*
 * authority: the lab certifies the keys of its door and of its peers. keys/ca.key (the seed, 32 bytes) and keys/ca.crt
 * are made with the lab, or when an older lab is opened that has none.
 */
#ifndef APP_AUTHORITY_H
#define APP_AUTHORITY_H

#include "app/lab.h"
#include "crypto/certificate.h"

enum { AUTHORITY_PEER_DAYS = 90, AUTHORITY_DOOR_DAYS = 30 };

/* Fills lab->authority. Errors: ERR_CORRUPT, ERR_IO. */
MUST_CHECK enum err_kind authority_open(struct lab *lab, struct err *err);
/* For this use from now on; *facts tells its fingerprint and end. *pem is in mem. */
MUST_CHECK enum err_kind authority_certify(struct lab *lab, struct arena *mem,
	enum certificate_use use, const char *name, const struct sign_public *key, struct str *pem,
	struct certificate_facts *facts, struct err *err);
/* SHA-256 of the authority's own certificate. */
MUST_CHECK enum err_kind authority_fingerprint(
	const struct lab *lab, struct sha256 *fingerprint, struct err *err);

#endif
