/* certificate_inside: what the files of certificate share with each other and with the link's TLS. */
#ifndef CRYPTO_CERTIFICATE_INSIDE_H
#define CRYPTO_CERTIFICATE_INSIDE_H

#include <gnutls/x509.h>

#include "crypto/sign.h"

enum { CERTIFICATE_SERIAL_BYTES = 16 };

/* A random one. Returns as GnuTLS does. */
int certificate_set_serial(gnutls_x509_crt_t crt);
/* A raw Ed25519 key in GnuTLS' hands; *key is the caller's to deinit, whatever is returned. */
int certificate_take_secret(const struct sign_secret *secret, gnutls_x509_privkey_t *key);

#endif
