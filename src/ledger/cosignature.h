/*
 * cosignature: a witness's line on a checkpoint (C2SP tlog-cosignature 1.0.1, Ed25519): it states that the log
 * was seen to be consistent up to this checkpoint, at this time.
 */
#ifndef LEDGER_COSIGNATURE_H
#define LEDGER_COSIGNATURE_H

#include "ledger/note.h"

enum {
	COSIGNATURE_BYTES = 8 +
		SIGN_BYTES, /* u64be time || signature; the key's id precedes them */
	COSIGNATURE_HEAD_BYTES_MAX = 64, /* "cosignature/v1\ntime 18446744073709551615\n" */
};

/* What is signed: a head with the time (Unix seconds), and the checkpoint's text with its final newline. */
void cosignature_put_message(struct out *o, uint64_t time_s, struct str text);
/* The signature line of a key of type NOTE_COSIGNATURE. mem: scratch. Errors: ERR_INPUT (text), ERR_LIMIT. */
MUST_CHECK enum err_kind cosignature_put_line(struct arena *mem, struct out *o,
	const struct note_vkey *vkey, const struct sign_secret *secret, uint64_t time_s,
	struct str text, struct err *err);

#endif
