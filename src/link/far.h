/*
 * far: a peer on another machine: how it joins a lab, and how it speaks to it from then on. For points and witnesses
 * alike; the folder, and what lies in it beside these files, is theirs.
 *
 *   // once, with the token that `vitrine point enrol` printed
 *   sign_generate(&public_key, &key);                  // the peer's own; it never leaves the machine
 *   far_join(&mem, "lab.example:8444", token, &key, &joined, &err);
 *   far_keep(folder_fd, &joined, &err);                // link.crt, ca.crt
 *   // at each start
 *   far_open(folder_fd, "lab.example:8444", name, &key, &far, &err);
 *   // give rights over files up here (layer_landlock_connect)
 *   far_start(far, &err);
 *   struct client_options o = { .connect = dial_connect, .connect_arg = far_dial(far), .point = name, .key = &key };
 *   client_open(&o, &client, &err);                    // ERR_NOT_FOUND until the centre is met: try again
 *   ...; far_renew_if_due(far, client, &err);          // about once a minute
 *
 * The peer's key signs its calls and is the key of its certificate: what it signs for TLS begins with 64 spaces
 * (RFC 8446, 4.4.3), what it signs for the link is 32 bytes, so that neither is ever taken for the other.
 */
#ifndef LINK_FAR_H
#define LINK_FAR_H

#include "link/client.h"
#include "link/dial.h"

struct far_joined {
	struct str name, role, site; /* as the lab knows it from now on */
	struct str lab, origin, vkey; /* the lab's name, its ledger's origin and verifier key */
	struct str certificate_pem, authority_pem;
};

/*
 * Redeem a token. Texts of *joined are in mem. Waits for the centre; may be called again with the same key after
 * ERR_IO, until the token runs out. Errors: ERR_INPUT (token, address), ERR_NOT_FOUND (no link, and why), ERR_AUTH and
 * ERR_DENIED (the token was used or is too old), ERR_IO.
 */
MUST_CHECK enum err_kind far_join(struct arena *mem, const char *centre, struct str token,
	const struct sign_secret *key, struct far_joined *joined, struct err *err);
/* Writes link.crt and ca.crt. Errors: ERR_IO. */
MUST_CHECK enum err_kind far_keep(int folder, const struct far_joined *joined, struct err *err);

struct far;

/*
 * With what far_keep wrote. Everything that is needed of the folder, and the centre's address, is at hand afterwards:
 * rights over files may be given up. key is borrowed. Errors: ERR_NOT_FOUND (never joined), ERR_INPUT, ERR_IO.
 */
MUST_CHECK enum err_kind far_open(int folder, const char *centre, const char *name,
	const struct sign_secret *key, struct far **far, struct err *err);
/* Begins to dial, on a thread that has the rights which the caller has by now. Errors: ERR_IO. */
MUST_CHECK enum err_kind far_start(struct far *far, struct err *err);
/* After client_close. */
void far_close(struct far *far);
struct dial *far_dial(struct far *far);
/* When our certificate runs out, seconds since 1970-01-01 UTC. */
int64_t far_until_s(const struct far *far);
/*
 * With a third of its life left, by the clock that certificate_set_clock gave, ask for the next certificate; it
 * counts from the next link on, and is kept as link.next, which the next far_open prefers. Errors: those of the call.
 */
MUST_CHECK enum err_kind far_renew_if_due(struct far *far, struct client *client, struct err *err);

#endif
