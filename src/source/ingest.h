/*
 * ingest: from a directory, git repository, archive or Debian .dsc to a release. A child without rights
 * reads and checks; the vault adopts checked files. All or nothing.
 */
#ifndef SOURCE_INGEST_H
#define SOURCE_INGEST_H

#include "source/release.h"

struct ingest_request {
	int source_fd; /* the folder or file; stays the caller's. A .dsc: the folder that it lies in */
	/* Its file name; "x.dsc" means that file of the folder and those it names */
	struct str name;
	struct str ref; /* git: branch, tag or commit; empty: HEAD */
	/* Of the lab's settings; at most those of base/limit.h; 0: those */
	uint64_t files_max, bytes_max;
};

/* Called at least four times a second while there is something to wait for; return false to cancel. */
typedef bool ingest_progress_fn(void *arg, uint64_t files, uint64_t bytes);

struct ingest_result {
	struct sha256 manifest; /* digest of the manifest's bytes */
	struct str manifest_bytes;
	struct release_file *list; /* in the manifest's order; list_count of them */
	size_t list_count;
	uint64_t files, bytes, lines;
	struct pack_place *fresh; /* to pack_record in the transaction */
	size_t fresh_count;
	const char *format; /* static: "directory", "git", "tar", "zip", "dsc" */
	struct str origin; /* git: the commit id; dsc: source and version; else empty */
	uint64_t git_folders, submodules; /* .git folders left out; submodules noted, not fetched */
};

/*
 * Read everything into the content store (not yet named by any row) and make the manifest. On success the
 * caller submits a writer job that calls ingest_record, then pack_end(store, committed).
 * read   a read connection without a snapshot: every look-up must see what is committed by then
 * mem    holds the result: LIMIT_LONG_MEM_BYTES for a large release
 * Errors: ERR_INPUT names the offending path (shown escaped) and what to do; ERR_LIMIT; ERR_NOT_FOUND (git:
 * the ref); ERR_CONFLICT (another ingest runs); ERR_CANCELLED; ERR_CORRUPT (the child lied); ERR_IO.
 * On error nothing is left in the store.
 */
MUST_CHECK enum err_kind ingest_read(struct pack_store *store, struct db *read, struct arena *mem,
	const struct ingest_request *request, ingest_progress_fn *progress, void *arg,
	struct ingest_result *result, struct err *err);
/* In the transaction: blobs, manifest and file rows of release_id. */
MUST_CHECK enum err_kind ingest_record(
	struct db *db, struct str release_id, const struct ingest_result *result, struct err *err);

/* At the vault's start, in the lab's folder: what an ingest left that was killed while it unpacked. */
void ingest_clean(void);

/* The child's main: speaks on descriptor 3, never returns. */
_Noreturn void import_child(void);

#endif
