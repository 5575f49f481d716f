/*
 * pack: the content store: blobs by SHA-256 in append-only packs of at most 1 GiB, memory-mapped for reading
 * (docs/formats/store.md). Where a blob lies is a row of the records (table blobs), written in the transaction
 * that makes it part of the lab: bytes that no row names do not exist, and the next start cuts them off.
 *
 * Invariants
 *  - a byte that a row names is never written again; a pack only grows, until pack_compact replaces it whole;
 *  - no bytes are handed out that were not hashed since the start;
 *  - PACK_PAD_BYTES readable bytes follow every blob, so that a scan may read ahead.
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "crypto/digest.h"
#include "store/db.h"

enum { PACK_PAD_BYTES = 64 };

struct pack_store;

/* Where a blob lies. */
struct pack_place {
	struct sha256 digest;
	uint32_t pack;
	uint64_t offset, len;
};

/*
 * dir_fd: LAB/store, borrowed until pack_close. db says where the last byte in use lies; what follows is cut
 * off, and packs that no row names are removed. A pack that is shorter than its rows say is logged, read as
 * far as it goes, and never appended to.
 * Errors: ERR_CONFLICT (another process has it open), ERR_IO.
 */
MUST_CHECK enum err_kind pack_open(
	int dir_fd, struct db *db, struct pack_store **store, struct err *err);
/* For reading only: takes no lock and changes nothing, beside a running vault too. */
MUST_CHECK enum err_kind pack_open_read(
	int dir_fd, struct db *db, struct pack_store **store, struct err *err);
void pack_close(struct pack_store *store);

/* One ingest at a time appends (ERR_CONFLICT). Between pack_begin and pack_end nothing is visible. */
MUST_CHECK enum err_kind pack_begin(struct pack_store *store, struct err *err);
/* Appends unless the db or this batch has the digest already; *place either way; *fresh says whether new. */
MUST_CHECK enum err_kind pack_add(struct pack_store *store, struct db *read, struct str bytes,
	struct pack_place *place, bool *fresh, struct err *err);
/* fsync what was appended: call before the transaction that names it. A sync that fails ends the process.
 * Errors: ERR_IO of a write. */
MUST_CHECK enum err_kind pack_sync(struct pack_store *store, struct err *err);
/* keep = false cuts the appended bytes off again. */
void pack_end(struct pack_store *store, bool keep);
/* In the transaction: the rows of fresh places. */
MUST_CHECK enum err_kind pack_record(
	struct db *db, const struct pack_place *places, size_t count, struct err *err);

/* The bytes of a blob, mapped; valid until pack_close. Checked against the digest at the first reading.
 * Errors: ERR_NOT_FOUND, ERR_CORRUPT (names the digest). Any thread. */
MUST_CHECK enum err_kind pack_read(struct pack_store *store, struct db *db,
	const struct sha256 *digest, struct str *bytes, struct err *err);
/* Every blob re-hashed; *checked counts. Errors: ERR_CORRUPT names the first bad one. */
MUST_CHECK enum err_kind pack_verify(
	struct pack_store *store, struct db *db, uint64_t *checked, struct err *err);

/* Does anything name this blob still? */
typedef enum err_kind pack_live_fn(
	void *arg, const struct sha256 *digest, bool *live, struct err *err);
/* What a compaction drops. */
struct pack_freed {
	uint64_t blobs, bytes;
};
struct pack_compaction;
/*
 * Offline: drop blobs that nothing names; packs that held one are rewritten. Three steps: begin writes and syncs
 * the new packs, rows moves the rows in the caller's transaction, end drops the old packs (keep) or the new ones.
 * A crash leaves one state or the other, and files that the next start removes. Bytes handed out before are
 * invalid. After a failed begin there is no *c; end frees it.
 */
MUST_CHECK enum err_kind pack_compact_begin(struct pack_store *store, struct db *db,
	pack_live_fn *is_live, void *arg, struct pack_compaction **c, struct pack_freed *freed,
	struct err *err);
MUST_CHECK enum err_kind pack_compact_rows(
	const struct pack_compaction *c, struct db *db, struct err *err);
/* Errors: ERR_IO: what was to be dropped is dropped by the next start. */
MUST_CHECK enum err_kind pack_compact_end(struct pack_compaction *c, bool keep, struct err *err);

#endif
