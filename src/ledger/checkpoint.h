/*
 * checkpoint: a log's state, and the note that states it (C2SP tlog-checkpoint 1.0.0): origin, size, root, one
 * a line. Extension lines are refused: our logs have none, and nobody checks what they would say.
 */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "ledger/merkle.h"
#include "ledger/note.h"

struct checkpoint {
	struct str origin; /* the log's name, and that of its key: "example.org/lab" */
	uint64_t size;
	struct sha256 root;
};

/* The text of a note. *checkpoint borrows from it. Errors: ERR_INPUT. */
MUST_CHECK enum err_kind checkpoint_parse(
	struct str text, struct checkpoint *checkpoint, struct err *err);
void checkpoint_put(struct out *o, const struct checkpoint *checkpoint);
/*
 * A checkpoint signed by its log: parse the note, check the log's signature, parse the text; its origin is the
 * key's name. mem: scratch. *checkpoint borrows from bytes.
 * Errors: ERR_INPUT, ERR_LIMIT, ERR_CORRUPT, ERR_DENIED (not signed by this key, or another log's).
 */
MUST_CHECK enum err_kind checkpoint_open(struct arena *mem, struct str bytes,
	const struct note_vkey *log, struct checkpoint *checkpoint, struct err *err);
/* The signed note, copied into mem. origin is the key's name. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind checkpoint_sign(struct arena *mem, const struct checkpoint *checkpoint,
	const struct note_vkey *log, const struct sign_secret *secret, struct str *note,
	struct err *err);

#endif
