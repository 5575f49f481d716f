/* verify_witnessed: the cosigned head of a published log against the policy beside it, offline. */
#ifndef LEDGER_VERIFY_WITNESSED_H
#define LEDGER_VERIFY_WITNESSED_H

#include "ledger/checkpoint.h"
#include "ledger/policy.h"

struct witnessed_report {
	bool has_policy; /* a policy lies beside the log; all that follows is empty without one */
	bool has_head; /* and a cosigned head */
	uint64_t size; /* of that head */
	size_t signers; /* witnesses of the policy that have signed it */
	struct policy policy; /* borrows from mem */
};

/*
 * dir_fd  the published files, which bear out a tree of tree_size
 * vkey    of the log
 * The policy lies beside the log: whoever checks for themselves compares it with the one they keep.
 * Errors: ERR_CORRUPT (the head is no part of this log, or its signatures do not meet the policy), ERR_INPUT,
 * ERR_DENIED, ERR_IO, ERR_LIMIT.
 */
MUST_CHECK enum err_kind ledger_verify_witnessed(int dir_fd, const struct note_vkey *vkey,
	uint64_t tree_size, struct arena *mem, struct witnessed_report *report, struct err *err);

#endif
