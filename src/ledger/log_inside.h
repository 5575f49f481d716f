/* log_inside: the ledger from inside. Private to ledger/log*.c. */
#ifndef LEDGER_LOG_INSIDE_H
#define LEDGER_LOG_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger/publish.h"

/* A checkpoint with one signature: two names, 20 digits, 44 and 92 characters of base64, a few more. */
enum { LEDGER_NOTE_BYTES_MAX = 2 * NOTE_NAME_BYTES_MAX + 256 };

/* A head with its signed note. */
struct ledger_signed {
	struct ledger_head head;
	size_t note_len; /* 0: none */
	char note[LEDGER_NOTE_BYTES_MAX];
};

struct ledger {
	char origin[NOTE_NAME_BYTES_MAX + 1];
	struct note_vkey vkey; /* borrows origin */
	struct sign_secret key;
	char frozen[ERR_MSG_BYTES_MAX]; /* why; written before is_frozen is set */
	atomic_bool is_frozen;

	/* The writer thread's own. */
	struct merkle_edge signed_edge; /* what was read back and signed */
	struct merkle_edge pending; /* with the entries of the batch under way */
	struct merkle_edge mark; /* pending, before the job under way */
	struct ledger_signed latest;
	bool note_is_stored; /* the latest note stands in the records */
	struct tiles *tiles;
	struct publish publish;

	pthread_mutex_t mutex; /* of what follows */
	struct ledger_signed shown; /* latest, once its tiles are published */
};

/* Compare records and checkpoints, filling signed_edge and latest; sets `frozen` when they disagree. */
MUST_CHECK enum err_kind log_replay(struct ledger *l, struct db *db, struct err *err);
/* Does what stands beside an entry fit what it commits to? */
bool log_detail_fits(struct str bytes, struct str nonce, struct str detail, bool redacted);
/* Sign signed_edge: this is the latest head. */
MUST_CHECK enum err_kind log_sign(struct ledger *l, struct err *err);
/* In a transaction: the latest note, and no older one. */
MUST_CHECK enum err_kind log_store_note(struct ledger *l, struct db *db, struct err *err);

#endif
