/*
 * request: the body of tlog-witness 1.0.0's add-checkpoint:
 *
 *	old <size>
 *	<base64 of a node>          the consistency proof from old, none to 63 lines
 *
 *	<signed checkpoint>
 */
#ifndef WITNESS_REQUEST_H
#define WITNESS_REQUEST_H

#include "ledger/checkpoint.h"

enum {
	ADD_REQUEST_PROOF_MAX = 63, /* lines, by the specification */
	ADD_REQUEST_BYTES_MAX = NOTE_BYTES_MAX + (4 << 10), /* 63 lines of 45 bytes and the first */
};

struct add_request {
	uint64_t old_size;
	struct merkle_path path;
	struct str note; /* the signed checkpoint, not looked at */
};

/* Form alone; request->note borrows from body. Errors: ERR_INPUT, ERR_LIMIT (too long). */
MUST_CHECK enum err_kind add_request_parse(
	struct str body, struct add_request *request, struct err *err);
/* path.count is at most ADD_REQUEST_PROOF_MAX. */
void add_request_put(struct out *o, const struct add_request *request);

#endif
