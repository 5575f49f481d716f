/*
 * proof_bundle: what vitrine-verify reads (docs/formats/bundle.md): entries with their places under one signed head, and of
 * their private part what the caller may hand on.
 *
 * Invariants
 *  - an entry's detail is disclosed only when it is asked for, by somebody who may read details;
 *  - a decision's text and signature go to whoever may see the record that it is about;
 *  - with a decision come the entries that make its key count: statement, root key, revocation.
 */
#ifndef APP_PROOF_BUNDLE_H
#define APP_PROOF_BUNDLE_H

#include "app/lab.h"
#include "app/verb.h"

/* Below the verifier's bounds, so that every bundle of ours can be read; as JSON text it fits an answer. */
enum { PROOF_ENTRIES_MAX = 250, PROOF_BUNDLE_BYTES_MAX = 400 << 10 };

struct proof_entry {
	uint64_t index;
	bool certifies; /* here for another entry's sake: its statement may be shown */
};

struct proof_bundle {
	struct ctx *ctx; /* of a verb's compute: a snapshot */
	bool details;
	struct ledger_head head;
	struct str note;
	size_t count;
	struct proof_entry entries[PROOF_ENTRIES_MAX]; /* by index */
};

/* The newest head that the witnesses' policy accepts, if it covers `covers` (an index), else the newest. */
MUST_CHECK enum err_kind proof_bundle_open(
	struct proof_bundle *b, struct ctx *ctx, uint64_t covers, struct err *err);
/* Once each. Errors: ERR_NOT_FOUND (not below the head), ERR_LIMIT (PROOF_ENTRIES_MAX). */
MUST_CHECK enum err_kind proof_bundle_add(
	struct proof_bundle *b, uint64_t index, bool certifies, struct err *err);
/* Adds what decisions stand on and writes all. *text lives in ctx->mem. Errors: ERR_LIMIT, ERR_CORRUPT. */
MUST_CHECK enum err_kind proof_bundle_write(
	struct proof_bundle *b, struct str *text, struct err *err);

#endif
