/*
 * verify: a whole log against itself, offline: every entry hashed again into every tile and into the signed
 * root; with the records at hand, each row against the published entry, and each commitment against its detail.
 * Reads only; works beside a running vault.
 */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include "ledger/checkpoint.h"
#include "store/db.h"

struct ledger_report {
	struct str counted_kind; /* the caller's: entries of this kind are counted; empty: none */
	uint64_t counted;
	struct checkpoint checkpoint; /* borrows from mem */
	struct str note; /* in mem */
	uint64_t tiles; /* files compared, bundles included */
	uint64_t commitments; /* details that were compared with their entry's commitment */
	uint64_t redacted; /* entries whose detail was destroyed */
	uint64_t beyond; /* rows of the records that this checkpoint does not cover yet */
};

/*
 * dir_fd  the published files
 * db      the records in a mode of their own (not inside a transaction), or NULL: published files alone
 * vkey    the key to trust
 * report  filled in; counted_kind is read
 * Errors: ERR_CORRUPT says what does not fit and where; ERR_DENIED (signed by another key); ERR_NOT_FOUND (a
 * file is missing), ERR_IO, ERR_LIMIT.
 */
MUST_CHECK enum err_kind ledger_verify(int dir_fd, struct db *db, const struct note_vkey *vkey,
	struct arena *mem, struct ledger_report *report, struct err *err);

/*
 * Copy checkpoint, log.vkey and the tiles that belong to it, one consistent state, into an empty folder, and
 * verify the copy. Errors: those of ledger_verify; ERR_CONFLICT (the folder holds a log already).
 */
MUST_CHECK enum err_kind ledger_export(int dir_fd, int to_fd, const struct note_vkey *vkey,
	struct arena *mem, struct ledger_report *report, struct err *err);

#endif
