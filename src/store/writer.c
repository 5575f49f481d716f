#include "store/writer.h"

#include <pthread.h>

#include "base/limit.h"
#include "os/log.h"
#include "store/wal.h"

struct writer {
	struct db *db;
	struct writer_hooks hooks;
	struct wal_mover *mover;
	pthread_t thread;
	pthread_mutex_t mutex; /* of everything below */
	pthread_cond_t wake;
	struct writer_job *head, **tail;
	size_t waiting;
	bool stopping;
	struct writer_stats stats;
};

static void job_failed(struct writer_job *job, enum err_kind rc, const struct err *err)
{
	job->result = rc;
	job->err = *err;
}

/* The whole batch is undone: jobs that failed by themselves keep their own reason. */
static void batch_failed(
	struct writer *w, struct writer_job *batch, enum err_kind rc, const struct err *err)
{
	db_rollback(w->db);
	if (w->hooks.undo_batch != NULL)
		w->hooks.undo_batch(w->hooks.arg);
	for (struct writer_job *job = batch; job != NULL; job = job->next)
		if (job->result == OK)
			job_failed(job, rc, err);
}

/* One job inside its savepoint. *kept says whether it stays in the transaction. */
static enum err_kind run_job(struct writer *w, struct writer_job *job, bool *kept, struct err *err)
{
	enum err_kind rc = db_savepoint(w->db, err);

	if (rc != OK)
		return rc;
	if (w->hooks.begin_job != NULL)
		w->hooks.begin_job(w->hooks.arg);
	job->result = job->run(w->db, job->arg, &job->err);
	if (job->result == OK)
		job->result = db_release(w->db, &job->err);
	*kept = job->result == OK;
	if (*kept)
		return OK;
	db_undo(w->db);
	if (w->hooks.undo_job != NULL)
		w->hooks.undo_job(w->hooks.arg);
	/* A full disk makes SQLite roll everything back, not only this job. */
	if (!db_in_transaction(w->db)) {
		*err = job->err;
		return job->result;
	}
	return OK;
}

/* Durable, or the reason why not. *kept counts the jobs that changed something for good. */
static enum err_kind commit_jobs(
	struct writer *w, struct writer_job *batch, size_t *kept, struct err *err)
{
	enum err_kind rc = db_begin(w->db, err);

	for (struct writer_job *job = batch; job != NULL && rc == OK; job = job->next) {
		bool stays = false;

		rc = run_job(w, job, &stays, err);
		*kept += stays;
	}
	if (rc == OK && *kept > 0 && w->hooks.before_commit != NULL)
		rc = w->hooks.before_commit(w->hooks.arg, w->db, err);
	if (rc == OK)
		rc = db_commit(w->db, err);
	return rc;
}

/* Entries are durable and cannot be signed: there is no answer to give, and nothing to go on with. */
static void end_process(const struct err *err)
{
	log_line(LOG_ERROR, "ledger: %s: stopping", err->msg);
	abort();
}

static void run_batch(struct writer *w, struct writer_job *batch)
{
	struct err err;
	size_t kept = 0;

	for (struct writer_job *job = batch; job != NULL; job = job->next)
		job->result = OK;
	enum err_kind rc = commit_jobs(w, batch, &kept, &err);

	if (rc != OK)
		batch_failed(w, batch, rc, &err);
	else if (kept > 0 && w->hooks.after_commit != NULL &&
		w->hooks.after_commit(w->hooks.arg, w->db, &err) != OK)
		end_process(&err);
	for (struct writer_job *job = batch; job != NULL;) {
		struct writer_job *next = job->next;

		job->done(job->arg, job->result, &job->err);
		job = next;
	}
}

static void bound_wal(struct writer *w)
{
	struct err err;
	int pages = db_wal_pages(w->db);

	if (pages > LIMIT_WAL_PAGES && db_checkpoint(w->db, &err) != OK)
		log_line(LOG_WARN, "%s", err.msg);
	else if (pages > LIMIT_WAL_WAKE_PAGES)
		wal_mover_wake(w->mover);
}

/* Cut at most a batch off the queue; w->mutex is held. *count gets its length. */
static struct writer_job *take_batch(struct writer *w, size_t *count)
{
	struct writer_job *batch = w->head, **end = &w->head;

	*count = 0;
	while (*end != NULL && *count < LIMIT_WRITER_BATCH) {
		end = &(*end)->next;
		(*count)++;
	}
	w->head = *end;
	*end = NULL;
	if (w->head == NULL)
		w->tail = &w->head;
	w->waiting -= *count;
	return batch;
}

static void *write_batches(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->mutex);
	while (w->head != NULL || !w->stopping) {
		if (w->head == NULL) {
			pthread_cond_wait(&w->wake, &w->mutex);
			continue;
		}
		size_t count;
		struct writer_job *batch = take_batch(w, &count);

		/* Before anybody hears that a job is done: who has heard it finds it counted. */
		w->stats.batches++;
		w->stats.jobs += count;
		pthread_mutex_unlock(&w->mutex);
		run_batch(w, batch);
		bound_wal(w);
		pthread_mutex_lock(&w->mutex);
		if ((uint64_t)db_wal_pages(w->db) > w->stats.wal_pages_peak)
			w->stats.wal_pages_peak = (uint64_t)db_wal_pages(w->db);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

enum err_kind writer_start(
	struct db *db, const struct writer_hooks *hooks, struct writer **out, struct err *err)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		db_close(db);
		return err_set(err, ERR_LIMIT, "writer: no memory");
	}
	enum err_kind rc = wal_mover_start(db_path(db), &w->mover, err);

	if (rc != OK) {
		db_close(db);
		free(w);
		return rc;
	}
	w->db = db;
	if (hooks != NULL)
		w->hooks = *hooks;
	w->tail = &w->head;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wake, NULL);
	int errnum = pthread_create(&w->thread, NULL, write_batches, w);

	if (errnum != 0) {
		wal_mover_stop(w->mover);
		db_close(db);
		free(w);
		return err_errno(err, errnum, "writer: start a thread");
	}
	*out = w;
	return OK;
}

enum err_kind writer_submit(struct writer *w, struct writer_job *job, struct err *err)
{
	enum err_kind rc = OK;

	assert(job->run != NULL && job->done != NULL);
	job->next = NULL;
	pthread_mutex_lock(&w->mutex);
	if (w->stopping) {
		rc = err_set(err, ERR_CANCELLED, "the lab is closing");
	} else if (w->waiting == LIMIT_WRITER_QUEUE) {
		rc = err_set(err, ERR_LIMIT, "%d acts wait to be recorded: try again",
			LIMIT_WRITER_QUEUE);
	} else {
		*w->tail = job;
		w->tail = &job->next;
		w->waiting++;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

/* A job whose submitter waits for it, on the submitter's stack. */
struct waiting_job {
	struct writer_job job;
	enum err_kind (*run)(struct db *, void *, struct err *);
	void *arg;
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	bool is_done;
	enum err_kind result;
	struct err err;
};

static enum err_kind run_for_submitter(struct db *db, void *arg, struct err *err)
{
	struct waiting_job *waiting = arg;

	return waiting->run(db, waiting->arg, err);
}

static void wake_submitter(void *arg, enum err_kind result, const struct err *err)
{
	struct waiting_job *waiting = arg;

	pthread_mutex_lock(&waiting->mutex);
	waiting->result = result;
	if (result != OK)
		waiting->err = *err;
	waiting->is_done = true;
	pthread_cond_signal(&waiting->finished);
	pthread_mutex_unlock(&waiting->mutex);
}

enum err_kind writer_run(struct writer *w, enum err_kind (*run)(struct db *, void *, struct err *),
	void *arg, struct err *err)
{
	struct waiting_job waiting = { .run = run, .arg = arg };

	assert(!pthread_equal(pthread_self(), w->thread));
	waiting.job = (struct writer_job){
		.run = run_for_submitter, .done = wake_submitter, .arg = &waiting
	};
	pthread_mutex_init(&waiting.mutex, NULL);
	pthread_cond_init(&waiting.finished, NULL);
	enum err_kind rc = writer_submit(w, &waiting.job, err);

	if (rc == OK) {
		pthread_mutex_lock(&waiting.mutex);
		while (!waiting.is_done)
			pthread_cond_wait(&waiting.finished, &waiting.mutex);
		pthread_mutex_unlock(&waiting.mutex);
		rc = waiting.result;
		if (rc != OK)
			*err = waiting.err;
	}
	pthread_cond_destroy(&waiting.finished);
	pthread_mutex_destroy(&waiting.mutex);
	return rc;
}

void writer_stats(struct writer *w, struct writer_stats *stats)
{
	pthread_mutex_lock(&w->mutex);
	*stats = w->stats;
	pthread_mutex_unlock(&w->mutex);
}

void writer_stop(struct writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	wal_mover_stop(w->mover);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	db_close(w->db);
	free(w);
}
