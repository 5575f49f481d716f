/* import_run: the vault's side of one import child: start it, feed what it sends to an import_stream, end it. */
#ifndef SOURCE_IMPORT_RUN_H
#define SOURCE_IMPORT_RUN_H

#include "source/import_stream.h"
#include "source/ingest.h"

struct import_task {
	int source_fd; /* a folder or a file; stays the caller's */
	struct str name; /* its file name: ".dsc" at its end makes a difference */
	struct str ref; /* git: what to take */
	bool is_plain_folder; /* whatever is in it, it is no repository */
	ingest_progress_fn *progress; /* asked at least four times a second; may be NULL */
	void *arg;
};

/*
 * Run a child until the stream ended. It is dead and reaped afterwards, whatever happened.
 * Errors: those of import_stream_feed; ERR_CANCELLED; ERR_LIMIT (it said nothing for too long); ERR_IO (it died).
 */
MUST_CHECK enum err_kind import_run(
	const struct import_task *task, struct import_stream *s, struct err *err);

/* The same with whoever is at the other end of `sock`, which stays the caller's. *died: it went away. */
MUST_CHECK enum err_kind import_serve(int sock, const struct import_task *task,
	struct import_stream *s, bool *died, struct err *err);

#endif
