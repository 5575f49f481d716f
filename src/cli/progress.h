/*
 * progress: how far a long verb is, on standard error: one line that is written over at a terminal, a line now and
 * then elsewhere. And Ctrl-C, which asks the vault to stop: a verb that is stopped leaves nothing behind; a second
 * Ctrl-C ends the command without waiting.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { PROGRESS_LINE_BYTES = 160 };

struct progress {
	const char *what; /* stands before each line; borrowed */
	bool is_terminal, shown;
	int64_t begun_us, told_us; /* monotonic */
};

/* Takes SIGINT over until progress_end. */
void progress_begin(struct progress *p, const char *what);
/* For client_call, whose arg is the struct progress. */
void progress_tell(void *progress, struct str json);
bool progress_cancelled(void *progress);
void progress_end(struct progress *p);

/*
 * The text of a report {"done":n,"total":n,"unit":text} with optional "files" and "bytes": "1234 files, 5.6 MiB,
 * 2.8 MiB/s", and the share when a total is told. False when it is no such report.
 */
bool progress_format(struct str json, double seconds, char line[PROGRESS_LINE_BYTES]);

#endif
