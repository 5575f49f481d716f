/*
 * dial: a peer's end of the network. A thread of its own keeps a TLS link to the centre's door, dials again when it
 * is lost, and shows it to link/client as a local socket: nothing above knows that the centre is far away.
 *
 *   struct client_options o = { .connect = dial_connect, .connect_arg = dial, .point = name, .key = &key };
 */
#ifndef LINK_DIAL_H
#define LINK_DIAL_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/sign.h"

enum { DIAL_AUTHORITY_HEAD_BYTES = 16 };

struct dial_options {
	const char *centre; /* "lab.example:8444", looked up once, when the dial is opened */
	const char *certificate_pem; /* ours */
	const struct sign_secret *key; /* of that certificate; not needed afterwards */
	/* Whom we trust: the lab's authority, or, before we have it, what its SHA-256 begins with */
	const char *authority_pem;
	const uint8_t *authority_head; /* DIAL_AUTHORITY_HEAD_BYTES */
};

struct dial;

/* Ready to dial. Texts are copied. Errors: ERR_INPUT (address, certificate), ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind dial_open(
	const struct dial_options *options, struct dial **d, struct err *err);
/* Begins to dial, on a thread that has the rights which the caller has by now. Errors: ERR_IO. */
MUST_CHECK enum err_kind dial_start(struct dial *d, struct err *err);
/* When no client uses it any more. */
void dial_close(struct dial *d);

/* For client_options.connect; arg is the dial. Never waits. Errors: ERR_NOT_FOUND (no link now, and why). */
MUST_CHECK enum err_kind dial_connect(void *arg, int *fd, struct err *err);
/* Waits for a link that dial_connect may take. Errors: ERR_NOT_FOUND (none within the time, and why). */
MUST_CHECK enum err_kind dial_wait(struct dial *d, int timeout_ms, struct err *err);
/* The authority that the door showed, PEM in mem; "" before the first link. */
MUST_CHECK enum err_kind dial_authority(
	struct dial *d, struct arena *mem, struct str *pem, struct err *err);
/* A new certificate of ours, from the next link on. Errors: ERR_INPUT, ERR_LIMIT. */
MUST_CHECK enum err_kind dial_renew(struct dial *d, const char *certificate_pem,
	const struct sign_secret *key, struct err *err);

#endif
