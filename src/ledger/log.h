/*
 * log: the lab's ledger. Entries and the state they belong to are one transaction of the records; after
 * the commit the new rows are read back, hashed again, details included, and compared with the root in memory;
 * only then the checkpoint is signed, and the published files follow.
 *
 * Invariants
 *  - nothing is signed that was not read back; a size once signed never has another root;
 *  - a log whose records do not bear out what was signed is frozen: it can be read, never appended to;
 *  - the nonce and detail behind an entry's commitment lie in the records and may be redacted.
 */
#ifndef LEDGER_LOG_H
#define LEDGER_LOG_H

#include "crypto/sign.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "store/db.h"
#include "store/writer.h"

/* Published files of the log that not every log has. */
#define LEDGER_AHEAD "ahead" /* a head that the records do not bear out */
#define LEDGER_WITNESSED "checkpoint.witnessed" /* the newest head that meets the policy */
#define LEDGER_POLICY "policy"

struct ledger;

struct entry_row {
	uint64_t index;
	struct str bytes; /* canonical JSON */
	struct sha256 leaf;
	struct str nonce, detail; /* empty when redacted */
	bool redacted;
};

struct ledger_head {
	uint64_t size;
	struct sha256 root;
};

/*
 * db        the writer's connection, before writer_start takes it
 * dir_fd    LAB/ledger, borrowed until ledger_close; origin  "example.org/lab"; key  keys/ledger.key (copied)
 * Replays every entry against the last signed checkpoint, the larger of the records' and the published one;
 * signs what a crash left unsigned; makes published files again that are missing or differ. A bad byte, or a
 * published checkpoint ahead of the records, or a head that a witness brought (ledger_ahead): *ledger is set, frozen,
 * with the reason, and nothing is written.
 */
MUST_CHECK enum err_kind ledger_open(struct db *db, int dir_fd, struct str origin,
	const struct sign_secret *key, struct ledger **ledger, struct err *err);
/* After writer_stop. */
void ledger_close(struct ledger *l);
/* NULL, or why the ledger is frozen, for good. Any thread. */
const char *ledger_frozen(const struct ledger *l);
/*
 * A witness brings a head that this log's key has signed. If the log does not extend it, because it is larger or of
 * another root, the note is kept beside the published files (LEDGER_AHEAD), so that each start is frozen until the
 * records bear it out, and the log is frozen from here on. Any thread; *frozen says whether it came to that.
 * Errors: ERR_INPUT, ERR_DENIED, ERR_CORRUPT (not this log's head), ERR_IO.
 */
MUST_CHECK enum err_kind ledger_ahead(
	struct ledger *l, struct str note, bool *frozen, struct err *err);
/*
 * The latest head, and the path from a smaller size to it, of at most the head's size (ERR_INPUT). From 0 it is empty.
 * Any thread. Errors: ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK enum err_kind ledger_extends(struct ledger *l, uint64_t old_size, uint64_t new_size,
	struct merkle_path *path, struct err *err);
struct writer_hooks ledger_hooks(struct ledger *l);

/* In a writer job. *index is the entry's place once the batch is durable.
 * Errors: ERR_FROZEN, those of entry_format, ERR_IO. */
MUST_CHECK enum err_kind ledger_append(struct ledger *l, struct db *db,
	const struct entry_draft *draft, uint64_t *index, struct err *err);

/* Any thread: the last signed head and its note (copied into mem; empty when a frozen log has none). */
MUST_CHECK enum err_kind ledger_checkpoint(struct ledger *l, struct arena *mem,
	struct ledger_head *head, struct str *note, struct err *err);
/* Rows by index; on any connection. Errors: ERR_NOT_FOUND, ERR_CORRUPT. */
MUST_CHECK enum err_kind ledger_entry(
	struct db *db, struct arena *mem, uint64_t index, struct entry_row *row, struct err *err);
/* Any thread: tlog-proof text of an entry against the signed head. Errors: ERR_NOT_FOUND, ERR_CORRUPT. */
MUST_CHECK enum err_kind ledger_proof(struct ledger *l, struct db *db, struct arena *mem,
	uint64_t index, struct str *text, struct err *err);
/* The same for a head, its note and a leaf that the caller has. */
MUST_CHECK enum err_kind ledger_prove(struct ledger *l, struct arena *mem,
	const struct ledger_head *head, struct str note, uint64_t index, const struct sha256 *leaf,
	struct str *text, struct err *err);
/* In a writer job: destroys nonce and detail of one entry; proofs stay valid.
 * Errors: ERR_NOT_FOUND, ERR_CONFLICT (redacted before). */
MUST_CHECK enum err_kind ledger_redact(struct db *db, uint64_t index, struct err *err);

#endif
