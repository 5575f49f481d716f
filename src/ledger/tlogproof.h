/*
 * tlogproof: one entry's place in a log, in a file that proves itself offline (C2SP tlog-proof, draft, @v1):
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <base64>             may be absent; NOT authenticated: nothing may be decided by it
 *	index <decimal>
 *	<base64 of a node>         the inclusion path, leaf side first
 *
 *	<signed checkpoint>
 */
#ifndef LEDGER_TLOGPROOF_H
#define LEDGER_TLOGPROOF_H

#include "ledger/checkpoint.h"

enum { TLOGPROOF_EXTRA_BYTES_MAX = 4096, TLOGPROOF_BYTES_MAX = NOTE_BYTES_MAX + (16 << 10) };

struct tlogproof {
	bool has_extra;
	struct str extra_base64;
	uint64_t index;
	struct merkle_path path;
	struct str checkpoint; /* the signed note */
};

/* Form alone; *proof borrows from text. Errors: ERR_INPUT, ERR_LIMIT. */
MUST_CHECK enum err_kind tlogproof_parse(struct str text, struct tlogproof *proof, struct err *err);
void tlogproof_put(struct out *o, const struct tlogproof *proof);
/*
 * The entry stands at proof->index of the log whose key this is, as of *checkpoint. mem: scratch.
 * Errors: those of checkpoint_open and merkle_verify_inclusion.
 */
MUST_CHECK enum err_kind tlogproof_verify(struct arena *mem, const struct tlogproof *proof,
	const struct note_vkey *log, const struct sha256 *leaf, struct checkpoint *checkpoint,
	struct err *err);

#endif
