/*
 * reader: what the targets over the import child's readers share. A reader runs in this process, its windows and its
 * socket are real; the other end lends both windows at once, so that nothing waits, and judges afterwards.
 *
 * Property of each: whatever the source, the vault takes the child at its word: a stream without a broken rule, whole
 * when the reader says OK, and every file in it one that a release may hold, within the limits.
 */
#ifndef FUZZ_SOURCE_READER_H
#define FUZZ_SOURCE_READER_H

#include "source/import_read.h"

struct reader {
	struct import_out out;
	int vault; /* the vault's end of the socket */
};

/* The windows are the process's only ones: one reader at a time. */
void reader_begin(struct reader *r);
/* What the reader said, and why. Ends the process when the property does not hold. */
void reader_end(struct reader *r, enum err_kind rc, const struct err *err);
/* A memory file with these bytes, always the same descriptor. */
int reader_file(const void *bytes, size_t len);

#endif
