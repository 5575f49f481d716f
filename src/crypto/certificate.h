/*
 * certificate: X.509 of two kinds. The one that browsers see, self-signed, made at a point's first start. And those of
 * the link: a lab is its own authority and certifies raw Ed25519 keys of 32 bytes, so that the process that holds
 * its key reads no certificate and no request that comes from outside.
 *
 * Certificates of the link differ in their key purpose, so that a peer's never passes for the door's:
 *   door          key purpose "TLS server", DNS name "door"
 *   peer          key purpose "TLS client", common name: the peer's name
 *   invitation    self-signed by the key that its token holds, common name: the link's name
 * Source: RFC 5280, RFC 8410 (Ed25519).
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

enum { CERTIFICATE_NAME_BYTES = 33, CERTIFICATE_PEM_BYTES_MAX = 4096, CERTIFICATE_CHAIN_MAX = 4 };

struct certificate_options {
	const char *common_name; /* "vitrine access point centre" */
	const char *host; /* one more DNS name that browsers will use, or NULL */
	int64_t now_s, valid_days; /* now in seconds since 1970-01-01 UTC */
};

/*
 * An ECDSA P-256 key and a certificate for localhost, 127.0.0.1 and ::1 (and host), for TLS servers only.
 * *key_pem, *certificate_pem  NUL-terminated, in mem; the key's bytes are the caller's to wipe
 * Errors: ERR_IO with GnuTLS' words, ERR_LIMIT.
 */
MUST_CHECK enum err_kind certificate_make(struct arena *mem,
	const struct certificate_options *options, struct str *key_pem, struct str *certificate_pem,
	struct err *err);

enum certificate_use { CERTIFICATE_AUTHORITY, CERTIFICATE_DOOR, CERTIFICATE_PEER };

struct certificate_subject {
	enum certificate_use use;
	const char *name; /* shorter than CERTIFICATE_NAME_BYTES */
	const struct sign_public *key;
	int64_t from_s, until_s; /* seconds since 1970-01-01 UTC */
};

/*
 * Certify a key. authority_pem NULL: self-signed, `signer` is the subject's own key.
 * *pem  NUL-terminated, in mem. Errors: ERR_IO with GnuTLS' words, ERR_CORRUPT (authority_pem), ERR_LIMIT.
 */
MUST_CHECK enum err_kind certificate_sign(struct arena *mem,
	const struct certificate_subject *subject, const struct sign_secret *signer,
	const char *authority_pem, struct str *pem, struct err *err);

/* What a certificate of the link says. */
struct certificate_facts {
	char name[CERTIFICATE_NAME_BYTES]; /* the subject's common name */
	struct sign_public key;
	int64_t from_s, until_s;
	struct sha256 fingerprint; /* SHA-256 of the DER */
};

/* Of the first certificate in `pem`, NUL-terminated. Errors: ERR_INPUT (not one of an Ed25519 key and a short name). */
MUST_CHECK enum err_kind certificate_read(
	const char *pem, struct certificate_facts *facts, struct err *err);
/* The same of its DER. */
MUST_CHECK enum err_kind certificate_read_der(
	struct str der, struct certificate_facts *facts, struct err *err);

/*
 * Does the chain, leaf first as TLS hands it over, lead to the authority, is it valid now by the clock that
 * certificate_set_clock gave, and meant for this use? CERTIFICATE_DOOR asks for the DNS name "door", too.
 * Errors: ERR_AUTH, with GnuTLS' words.
 */
MUST_CHECK enum err_kind certificate_check(const struct str *chain_der, size_t count,
	const char *authority_pem, enum certificate_use use, struct err *err);
/* The certificate of the chain whose SHA-256 begins with these bytes, as PEM in mem. Errors: ERR_AUTH (none is). */
MUST_CHECK enum err_kind certificate_find(struct arena *mem, const struct str *chain_der,
	size_t count, struct str digest_head, struct str *pem, struct err *err);

/* Validity is judged by the machine's clock and this many seconds; 0 at first. Any thread. */
void certificate_set_clock(int64_t shift_s);
/* By that clock. */
int64_t certificate_now_s(void);

#endif
