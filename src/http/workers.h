/*
 * workers: a fixed pool of threads over a queue of jobs. The queue is not bounded here: whoever submits
 * has at most one job for each connection, and connections are bounded.
 */
#ifndef HTTP_WORKERS_H
#define HTTP_WORKERS_H

#include "base/err.h"

/* Embedded in what is to be worked on; the pool links it and forgets it before `run` is called. */
struct workers_job {
	struct workers_job *next;
};

struct workers;
MUST_CHECK enum err_kind workers_start(unsigned threads, void (*run)(struct workers_job *job),
	struct workers **w, struct err *err);
/* From any thread; never blocks on work. */
void workers_submit(struct workers *w, struct workers_job *job);
/* Runs what waits, then ends the threads. Nothing may be submitted any more. */
void workers_stop(struct workers *w);

#endif
