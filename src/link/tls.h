/*
 * tls: mutual TLS 1.3 over a TCP connection, with certificates of the lab's own authority (crypto/certificate).
 *
 * Invariants
 *  - both sides show a certificate in the handshake, and `check` has accepted it before tls_handshake returns OK:
 *    not a byte of what the other side says is read before;
 *  - nothing is resumed: no session tickets, no early data;
 *  - a peer that has gone without a word is noticed within TLS_SILENCE_S.
 */
#ifndef LINK_TLS_H
#define LINK_TLS_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/sign.h"

enum { TLS_SILENCE_S = 10, TLS_HANDSHAKE_MS = 10000 };

struct tls; /* who we are; shared by any number of links */
struct tls_link; /* one connection */

struct tls_options {
	bool is_door;
	/* Our certificate and those behind it; NUL-terminated, not needed afterwards, like key */
	const char *chain_pem;
	const struct sign_secret *key;
	/*
	 * Is the other side whom we want? chain_der: its certificates, leaf first. On the thread of the handshake.
	 * user: what was given to tls_handshake.
	 */
	enum err_kind (*check)(
		void *user, const struct str *chain_der, size_t count, struct err *err);
};

/* Errors: ERR_INPUT (chain and key), ERR_LIMIT. */
MUST_CHECK enum err_kind tls_open(
	const struct tls_options *options, struct tls **tls, struct err *err);
/* When it has no link any more. */
void tls_close(struct tls *tls);

/*
 * Over a connected TCP socket, which is the link's from now on, and closed on failure. Takes at most
 * TLS_HANDSHAKE_MS. Errors: ERR_AUTH (a certificate was not accepted, by either side), ERR_IO.
 */
MUST_CHECK enum err_kind tls_handshake(
	struct tls *tls, int fd, void *user, struct tls_link **link, struct err *err);
/* Says goodbye as far as that takes no waiting, and closes the connection. */
void tls_end(struct tls_link *link);
/* One thread at a time. Bytes taken; 0: not now; -1: it is over, and tls_why tells. */
ssize_t tls_receive(struct tls_link *link, void *bytes, size_t len);
/* After 0 the same bytes are to be given again. */
ssize_t tls_send(struct tls_link *link, const void *bytes, size_t len);
/* Why it is over; "" while it is not, or when the other side said goodbye. */
const char *tls_why(const struct tls_link *link);
int tls_fd(const struct tls_link *link);

/* A connection that notices the other side's silence, and sends without waiting for more. Errors: ERR_IO. */
MUST_CHECK enum err_kind tls_set_socket(int fd, struct err *err);

#endif
