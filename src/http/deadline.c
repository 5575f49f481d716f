#include "http/deadline.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "os/clock.h"

enum { LOOK_S = 1 };

struct deadline_peer {
	struct deadline_peer *next, *previous;
	int socket;
	enum deadline_phase phase;
	int64_t since_us;
};

struct deadline {
	int64_t limit_us[DEADLINE_PHASES]; /* 0: none */
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t end;
	bool stopping;
	struct deadline_peer *peers;
};

/* The library finds the socket at its end and closes the connection, as if the peer had. */
static void end_late_ones(struct deadline *d)
{
	int64_t now_us = clock_monotonic_us();

	for (struct deadline_peer *p = d->peers; p != NULL; p = p->next) {
		int64_t limit_us = d->limit_us[p->phase];

		if (limit_us > 0 && now_us - p->since_us >= limit_us)
			shutdown(p->socket, SHUT_RDWR);
	}
}

static void *watch(void *arg)
{
	struct deadline *d = arg;
	struct timespec next;

	pthread_mutex_lock(&d->lock);
	while (!d->stopping) {
		clock_gettime(CLOCK_MONOTONIC, &next);
		next.tv_sec += LOOK_S;
		pthread_cond_clockwait(&d->end, &d->lock, CLOCK_MONOTONIC, &next);
		end_late_ones(d);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

enum err_kind deadline_start(
	const struct deadline_limits *limits, struct deadline **out, struct err *err)
{
	struct deadline *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_set(err, ERR_LIMIT, "no memory for deadlines");
	d->limit_us[DEADLINE_READING] = limits->reading_s * INT64_C(1000000);
	d->limit_us[DEADLINE_SENDING] = limits->sending_s * INT64_C(1000000);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->end, NULL);
	int why = pthread_create(&d->thread, NULL, watch, d);

	if (why != 0) {
		pthread_cond_destroy(&d->end);
		pthread_mutex_destroy(&d->lock);
		free(d);
		return err_errno(err, why, "start a thread for deadlines");
	}
	*out = d;
	return OK;
}

void deadline_stop(struct deadline *d)
{
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_signal(&d->end);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	assert(d->peers == NULL);
	pthread_cond_destroy(&d->end);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

struct deadline_peer *deadline_add(struct deadline *d, int socket)
{
	struct deadline_peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->socket = socket;
	p->phase = DEADLINE_READING;
	p->since_us = clock_monotonic_us();
	pthread_mutex_lock(&d->lock);
	p->next = d->peers;
	if (d->peers != NULL)
		d->peers->previous = p;
	d->peers = p;
	pthread_mutex_unlock(&d->lock);
	return p;
}

void deadline_remove(struct deadline *d, struct deadline_peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&d->lock);
	if (p->previous != NULL)
		p->previous->next = p->next;
	else
		d->peers = p->next;
	if (p->next != NULL)
		p->next->previous = p->previous;
	pthread_mutex_unlock(&d->lock);
	free(p);
}

void deadline_enter(struct deadline *d, struct deadline_peer *p, enum deadline_phase phase)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&d->lock);
	p->phase = phase;
	p->since_us = clock_monotonic_us();
	pthread_mutex_unlock(&d->lock);
}
