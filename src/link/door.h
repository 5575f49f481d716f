/*
 * door: the links of a lab's door. Each is a thread: it shakes hands, lets in whom the table names, and carries frames
 * to the vault's socket until one side ends or the table changes. It decides nothing else and keeps nothing.
 *
 * Invariants
 *  - not a byte of a peer's frames is read before its certificate leads to the authority, is valid now, and its key is
 *    the one that the table names for it, not revoked; an invitation's certificate is judged by its key alone;
 *  - a link ends when its peer is revoked or gone from the table, once door_set_peers has been called;
 *  - with no table, or one older than DOOR_STALE_S, nobody is let in and no link stays.
 */
#ifndef LINK_DOOR_H
#define LINK_DOOR_H

#include "base/err.h"
#include "base/limit.h"
#include "crypto/certificate.h"
#include "link/frame.h"

enum { DOOR_STALE_S = 5 };

struct door_peer {
	char name[FRAME_POINT_BYTES];
	struct sign_public key;
	bool is_joining; /* an invitation */
};

struct door_options {
	int listen_fd; /* a listening TCP socket; the door's from now on */
	const char *vault_path; /* of the vault's socket for the door */
};

struct door;

MUST_CHECK enum err_kind door_start(
	const struct door_options *options, struct door **d, struct err *err);
/* Ends every link. */
void door_stop(struct door *d);
/* Who we are from now on: our certificate with the authority's behind it, PEM; key is not needed afterwards. */
MUST_CHECK enum err_kind door_set_identity(struct door *d, const char *chain_pem,
	const struct sign_secret *key, const char *authority_pem, struct err *err);
/* Who may come and stay from now on; copied. count <= LIMIT_POINTS + LIMIT_INVITATIONS. */
void door_set_peers(struct door *d, const struct door_peer *peers, size_t count);
/* Names of those that are linked now, each once; borrowed from the caller's arena as an array of *count. */
MUST_CHECK enum err_kind door_linked(
	struct door *d, struct arena *mem, struct str **names, size_t *count, struct err *err);

#endif
