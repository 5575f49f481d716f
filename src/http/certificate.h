/* certificate: a point's own TLS key and self-signed certificate, made at its first start. */
#ifndef HTTP_CERTIFICATE_H
#define HTTP_CERTIFICATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct certificate_options {
	const char *common_name; /* "vitrine access point centre" */
	const char *host; /* one more DNS name that browsers will use, or NULL */
	int64_t now_s, valid_days; /* now in seconds since 1970-01-01 UTC */
};

/*
 * An ECDSA P-256 key and a certificate for localhost, 127.0.0.1 and ::1 (and host), for TLS servers only.
 * *key_pem, *certificate_pem  NUL-terminated, in mem; the key's bytes are the caller's to wipe
 * Source: RFC 5280. Errors: ERR_IO with GnuTLS' words, ERR_LIMIT.
 */
MUST_CHECK enum err_kind certificate_make(struct arena *mem,
	const struct certificate_options *options, struct str *key_pem, struct str *certificate_pem,
	struct err *err);

#endif
