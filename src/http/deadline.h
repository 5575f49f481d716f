/*
 * deadline: how long a peer may take in all. The library ends a connection that is silent; one that sends or takes
 * a byte now and then would hold its place for ever.
 *
 * Invariant: a socket on the list is open; it leaves the list before the library closes it.
 */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <stdint.h>

#include "base/err.h"

/* What a connection does; each is bounded as a whole but for the lab's own work, which has bounds of its own. */
enum deadline_phase {
	DEADLINE_READING, /* from the handshake, or the last answer, to the end of the next request */
	DEADLINE_WORKING,
	DEADLINE_SENDING,
	DEADLINE_PHASES
};

struct deadline_limits {
	unsigned reading_s, sending_s;
};

struct deadline;
struct deadline_peer; /* one connection */

/* *d to deadline_stop. Errors: ERR_LIMIT, ERR_IO (no thread). */
MUST_CHECK enum err_kind deadline_start(
	const struct deadline_limits *limits, struct deadline **d, struct err *err);
/* When no peer is left. */
void deadline_stop(struct deadline *d);
/* Begins with DEADLINE_READING; NULL when there is no memory. */
struct deadline_peer *deadline_add(struct deadline *d, int socket);
void deadline_remove(struct deadline *d, struct deadline_peer *peer);
/* Any thread; peer may be NULL. */
void deadline_enter(struct deadline *d, struct deadline_peer *peer, enum deadline_phase phase);

#endif
