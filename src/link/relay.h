/*
 * relay: carries bytes between a TLS link and a local stream socket, both ways, until one of them ends. The door and
 * the peers use the same: the door looks at the frames that come from the network (link/door_check), a peer does not.
 *
 * Each direction holds at most RELAY_BYTES; who does not read is not read from. What has gone on is wiped.
 */
#ifndef LINK_RELAY_H
#define LINK_RELAY_H

#include "link/door_check.h"
#include "link/tls.h"

/* A call of LIMIT_JSON_BYTES with its head fits, and what a read brings behind it. */
enum { RELAY_BYTES = 128 << 10 };

struct relay {
	struct tls_link *link; /* the caller's, like the rest */
	int fd; /* a local stream socket */
	int stop_fd; /* an eventfd: the relay ends when it becomes readable */
	const struct door_check *check; /* NULL: bytes from the network are not looked at */
};

/* Until one side ends, or stop_fd says so. Errors: why, where it was not by one side's goodbye. */
MUST_CHECK enum err_kind relay_run(const struct relay *relay, struct err *err);

#endif
