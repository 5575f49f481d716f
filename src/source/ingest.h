/*
 * ingest: from a directory, git repository, archive or Debian .dsc to a release. A child without rights
 * reads and checks; the vault adopts checked files. All or nothing.
 */
#ifndef SOURCE_INGEST_H
#define SOURCE_INGEST_H

#include "source/release.h"

struct ingest_request {
	int source_fd; /* the folder or file, opened by the caller; owned by ingest from now on */
	struct str name; /* its file name: tells the kind ("cjson_1.7.15.dsc"), shown in errors */
	struct str ref; /* git: branch, tag or commit; empty: HEAD */
};

/* Called now and then; return false to cancel. */
typedef bool ingest_progress_fn(void *arg, uint64_t files, uint64_t bytes);

struct ingest_result {
	struct sha256 manifest; /* digest of the manifest's bytes */
	struct str manifest_bytes;
	uint64_t files, bytes, lines;
	struct pack_place *fresh; /* to pack_record in the transaction */
	size_t fresh_count;
	const char *format; /* "directory", "git", "tar", "zip", "dsc" */
	struct str origin; /* git: the commit id; else empty */
};

/*
 * Read everything into the content store (not yet named by any row) and make the manifest. On success the
 * caller submits a writer job that calls ingest_record, then pack_end(store, committed).
 * Errors: ERR_INPUT names the offending path (shown escaped) and what to do; ERR_LIMIT; ERR_CANCELLED.
 * On error nothing is left in the store.
 */
MUST_CHECK enum err_kind ingest_read(struct pack_store *store, struct db *read, struct arena *mem,
	const struct ingest_request *request, ingest_progress_fn *progress, void *arg,
	struct ingest_result *result, struct err *err);
/* In the transaction: blobs, manifest and file rows of release_id. */
MUST_CHECK enum err_kind ingest_record(
	struct db *db, struct str release_id, const struct ingest_result *result, struct err *err);

/* The child's main: speaks on descriptor 3, never returns. */
_Noreturn void import_child(void);

#endif
