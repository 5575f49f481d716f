/*
 * door_check: what the door looks at in the bytes of a peer: the heads of its frames, never their bodies.
 * A peer may send calls under its own name and cancels, nothing else; one that holds an invitation only, calls of
 * `point.join`. A frame that carries a descriptor has no business on a network.
 */
#ifndef LINK_DOOR_CHECK_H
#define LINK_DOOR_CHECK_H

#include "link/frame.h"

struct door_check {
	char name[FRAME_POINT_BYTES]; /* that the certificate tells */
	bool is_joining;
};

/*
 * *used: how many bytes at the front of the stream are whole frames that may go on; the rest is incomplete.
 * Errors: ERR_INPUT (not the link's protocol), ERR_AUTH (another's name, or not this peer's verb): the link ends,
 * and of the stream nothing goes on.
 */
MUST_CHECK enum err_kind door_check_take(
	const struct door_check *check, struct str stream, size_t *used, struct err *err);

#endif
