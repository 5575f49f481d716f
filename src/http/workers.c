#include "http/workers.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { THREADS_MAX = 256 };

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct workers_job *first, **last;
	void (*run)(struct workers_job *job);
	bool stopping;
	unsigned threads;
	pthread_t thread[];
};

static void *work(void *arg)
{
	struct workers *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->first == NULL && !w->stopping)
			pthread_cond_wait(&w->filled, &w->lock);
		struct workers_job *job = w->first;

		if (job == NULL)
			break;
		w->first = job->next;
		if (w->first == NULL)
			w->last = &w->first;
		pthread_mutex_unlock(&w->lock);
		w->run(job);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum err_kind workers_start(unsigned threads, void (*run)(struct workers_job *job),
	struct workers **out, struct err *err)
{
	assert(threads > 0 && threads <= THREADS_MAX);
	struct workers *w = calloc(1, sizeof(*w) + threads * sizeof(w->thread[0]));

	if (w == NULL)
		return err_set(err, ERR_LIMIT, "no memory for %u workers", threads);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->filled, NULL);
	w->last = &w->first;
	w->run = run;
	for (; w->threads < threads; w->threads++) {
		int rc = pthread_create(&w->thread[w->threads], NULL, work, w);

		if (rc != 0) {
			unsigned started = w->threads;

			workers_stop(w);
			return err_errno(err, rc, "start worker %u of %u", started + 1, threads);
		}
	}
	*out = w;
	return OK;
}

void workers_submit(struct workers *w, struct workers_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&w->lock);
	assert(!w->stopping);
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->filled);
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->filled);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads; i++)
		pthread_join(w->thread[i], NULL);
	assert(w->first == NULL);
	pthread_cond_destroy(&w->filled);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
