/*
 * writer: the one thread that writes records. It takes whatever waits, runs every job inside one
 * transaction (a savepoint each: a job that fails is undone alone), commits, lets the ledger read back and
 * sign, and only then reports each job done. No timer anywhere.
 *
 * A batch: begin -> for each job: begin_job, run, (undo_job) -> before_commit -> commit -> after_commit ->
 * done() of each job in the order of their submission. Until after_commit has returned nobody is told anything.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/db.h"

struct writer_job {
	/* In the transaction, on the writer thread. A failure undoes this job alone. */
	enum err_kind (*run)(struct db *db, void *arg, struct err *err);
	/* After the batch is durable (or failed), on the writer thread; must be quick and not wait for the writer.
	 * err is filled only when result is not OK. The job may be freed or submitted again here. */
	void (*done)(void *arg, enum err_kind result, const struct err *err);
	void *arg;
	/* The writer's own. */
	struct writer_job *next;
	enum err_kind result;
	struct err err;
};

/* What the ledger does around a batch; each may be NULL. */
struct writer_hooks {
	void (*begin_job)(void *arg); /* what follows may be undone */
	void (*undo_job)(void *arg); /* the job just run was undone */
	/* Last thing in the transaction. A failure undoes the whole batch. */
	enum err_kind (*before_commit)(void *arg, struct db *db, struct err *err);
	void (*undo_batch)(void *arg); /* nothing of this batch was committed */
	/* After commit: read back, hash, sign, publish. A failure is fatal: the process ends (fail closed). */
	enum err_kind (*after_commit)(void *arg, struct db *db, struct err *err);
	void *arg;
};

/* Since the start. */
struct writer_stats {
	uint64_t batches, jobs;
	uint64_t wal_pages_peak; /* of the write-ahead log, after a commit */
};

struct writer;
/* db belongs to the writer from now on, also when this fails. *w to writer_stop. */
MUST_CHECK enum err_kind writer_start(
	struct db *db, const struct writer_hooks *hooks, struct writer **w, struct err *err);
/*
 * job lives until its done() was called. Never blocks on disk.
 * Errors: ERR_LIMIT (queue full), ERR_CANCELLED (stopping); then done is not called.
 */
MUST_CHECK enum err_kind writer_submit(struct writer *w, struct writer_job *job, struct err *err);
/* Submit and wait; for start-up and command line work, never from the writer thread. */
MUST_CHECK enum err_kind writer_run(struct writer *w,
	enum err_kind (*run)(struct db *, void *, struct err *), void *arg, struct err *err);
void writer_stats(struct writer *w, struct writer_stats *stats);
void writer_stop(struct writer *w); /* finishes what waits; closes the db */

#endif
