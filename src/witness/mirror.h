/*
 * mirror: a whole copy of one log: every entry, and the tiles that they hash to. It signs with a key of its own (C2SP
 * tlog-mirror's statement): every entry of this checkpoint is here, durably.
 *
 * Invariants
 *  - only heads that the witness has cosigned are mirrored;
 *  - a checkpoint is signed and stored after the entries below it hash to its root and the file system was synced;
 *  - entries that do not hash to a signed root stop the mirror until the process is started again.
 */
#ifndef WITNESS_MIRROR_H
#define WITNESS_MIRROR_H

#include "ledger/tiles.h"
#include "witness/pull.h"

/* Each entry once, in the log's order, whenever it is known to be the log's; at start those on disk again. */
typedef void mirror_entry_fn(void *arg, uint64_t index, struct str entry);

struct mirror_options {
	int dir_fd; /* the mirror's folder; borrowed */
	struct str name; /* of the key */
	const struct sign_secret *key; /* copied */
	const struct note_vkey *log; /* borrowed */
	pull_ask_fn *ask;
	void *ask_arg;
	mirror_entry_fn *entry; /* may be NULL */
	void *entry_arg;
};

struct mirror;

/* Reads what is there and checks it against its checkpoint. Errors: ERR_CORRUPT, ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind mirror_open(
	const struct mirror_options *options, struct mirror **m, struct err *err);
void mirror_close(struct mirror *m);
/*
 * Take in what is missing up to the head that the witness remembers, sign, and hand the line over. One thread.
 * Errors: ERR_CORRUPT (the centre's entries are not what it signed: the mirror stops), those of ask, ERR_IO.
 */
MUST_CHECK enum err_kind mirror_follow(
	struct mirror *m, const struct witness_state *head, struct err *err);
/* An entry's bytes, in mem. Of the thread that follows. Errors: ERR_NOT_FOUND, ERR_CORRUPT, ERR_IO. */
MUST_CHECK enum err_kind mirror_entry(const struct mirror *m, uint64_t index, struct arena *mem,
	struct str *entry, struct err *err);
uint64_t mirror_size(const struct mirror *m);
/* The root of a smaller size; of the thread that follows. Errors: ERR_INPUT (larger), ERR_CORRUPT, ERR_IO. */
MUST_CHECK enum err_kind mirror_root(
	const struct mirror *m, uint64_t size, struct sha256 *root, struct err *err);

#endif
