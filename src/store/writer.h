/*
 * writer: the one thread that writes records. It takes whatever waits, runs every job inside one
 * transaction (a savepoint each: a job that fails is undone alone), commits, lets the ledger read back and
 * sign, and only then reports each job done. No timer anywhere.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/db.h"

struct writer_job {
	/* In the transaction, on the writer thread. A failure undoes this job alone. */
	enum err_kind (*run)(struct db *db, void *arg, struct err *err);
	/* After the batch is durable (or failed), on the writer thread; must be quick and not call the writer. */
	void (*done)(void *arg, enum err_kind result, const struct err *err);
	void *arg;
	struct writer_job *next; /* the writer's own */
};

/* What the ledger does around a batch; each may be NULL. */
struct writer_hooks {
	void (*undo_job)(void *arg); /* the job just run was undone */
	/* Last thing in the transaction. */
	enum err_kind (*before_commit)(void *arg, struct db *db, struct err *err);
	/* After commit: read back, hash, sign, publish. A failure is fatal: the process ends (fail closed). */
	enum err_kind (*after_commit)(void *arg, struct db *db, struct err *err);
	void *arg;
};

struct writer;
/* db belongs to the writer from now on. */
MUST_CHECK enum err_kind writer_start(
	struct db *db, const struct writer_hooks *hooks, struct writer **w, struct err *err);
/* job lives until its done() was called. Never blocks on disk. ERR_LIMIT when the queue is full, then done is not called. */
MUST_CHECK enum err_kind writer_submit(struct writer *w, struct writer_job *job, struct err *err);
/* Submit and wait; for start-up and command line work, never from the writer thread. */
MUST_CHECK enum err_kind writer_run(struct writer *w,
	enum err_kind (*run)(struct db *, void *, struct err *), void *arg, struct err *err);
void writer_stop(struct writer *w); /* finishes what waits; closes the db */

#endif
