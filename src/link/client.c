#include "link/client.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "link/client_stream.h"
#include "os/clock.h"

enum { TIMEOUT_MS_DEFAULT = 30000, ASK_CANCELLED_MS = 250 };

static void destroy(struct client *c)
{
	pthread_cond_destroy(&c->changed);
	pthread_cond_destroy(&c->filled);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Both threads end; what is connected is closed. */
static void end_reader(struct client *c)
{
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	client_stream_break(c);
	pthread_cond_broadcast(&c->changed);
	pthread_cond_broadcast(&c->filled);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->reader, NULL);
}

static enum err_kind start_threads(struct client *c, struct err *err)
{
	int why = pthread_create(&c->reader, NULL, client_stream_read, c);

	if (why != 0) {
		close(c->fd);
		return err_errno(err, why, "link: thread");
	}
	why = pthread_create(&c->sender, NULL, client_stream_send, c);
	if (why != 0) {
		end_reader(c);
		return err_errno(err, why, "link: thread");
	}
	return OK;
}

enum err_kind client_open(
	const struct client_options *options, struct client **client, struct err *err)
{
	struct client *c = calloc(1, sizeof(*c));
	enum err_kind rc;

	if (c == NULL)
		return err_set(err, ERR_LIMIT, "link: no memory");
	c->options = *options;
	if (c->options.timeout_ms == 0)
		c->options.timeout_ms = TIMEOUT_MS_DEFAULT;
	c->fd = -1;
	c->outgoing_end = &c->outgoing;
	/* Increasing over restarts of the point, too: microseconds are never fewer than calls. */
	struct clock machine;

	clock_init_machine(&machine);
	atomic_init(&c->request_id, 0);
	atomic_init(&c->counter, (uint64_t)clock_now_us(&machine));
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	pthread_cond_init(&c->filled, NULL);
	rc = frame_set_name(c->point, sizeof(c->point), options->point)
		? client_stream_connect(c, &c->fd, err)
		: err_set(err, ERR_INPUT, "%.40s: not the name of a point", options->point);
	c->connected = rc == OK;
	if (rc == OK)
		rc = start_threads(c, err);
	if (rc == OK)
		*client = c;
	else
		destroy(c);
	return rc;
}

void client_close(struct client *c)
{
	assert(c->waiter_count == 0);
	end_reader(c);
	pthread_join(c->sender, NULL);
	destroy(c);
}

/* Copies what the caller said, and numbers it. */
static enum err_kind make_call(
	struct client *c, const struct client_call *call, struct frame *frame, struct err *err)
{
	*frame = (struct frame){ .type = FRAME_CALL };
	struct frame_call *f = &frame->call;

	if (!frame_set_name(f->verb, sizeof(f->verb), call->verb))
		return err_set(err, ERR_INPUT, "%.60s: not the name of a verb", call->verb);
	if (call->body.len > LIMIT_JSON_BYTES)
		return err_set(err, ERR_INPUT, "%s: arguments of %zu bytes, at most %u are allowed",
			f->verb, call->body.len, LIMIT_JSON_BYTES);
	f->body = call->body;
	f->has_fd = call->fd >= 0;
	memcpy(f->point, c->point, sizeof(f->point));
	if (call->token != NULL)
		memcpy(f->token, call->token, sizeof(f->token));
	if (call->peer != NULL)
		memcpy(f->peer, call->peer, sizeof(f->peer));
	if (call->idempotency_key != NULL)
		memcpy(f->idempotency_key, call->idempotency_key, sizeof(f->idempotency_key));
	f->request_id = atomic_fetch_add(&c->request_id, 1) + 1;
	f->counter = atomic_fetch_add(&c->counter, 1) + 1;
	return OK;
}

/* The frame of a call; NULL with the reason in *err. */
static struct outgoing *make_outgoing(
	const struct client *c, const struct frame *frame, int call_fd, struct err *err)
{
	int fd = -1;

	if (call_fd >= 0) {
		fd = fcntl(call_fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0) {
			err_errno(err, errno, "%s: descriptor", frame->call.verb);
			return NULL;
		}
	}
	struct outgoing *o = outgoing_make(frame, fd);

	if (o == NULL) {
		err_set(err, ERR_LIMIT, "link: no memory");
		return NULL;
	}
	/* Signed when it is sent, together with whatever waits then. */
	o->wants_signature = c->options.key != NULL;
	if (o->wants_signature)
		o->digest = frame_call_digest(&frame->call);
	return o;
}

/* Puts the call on its way. `told` says who is told, and how; it is copied. */
static enum err_kind start(struct client *c, const struct client_call *call,
	const struct waiter *told, uint64_t *request_id, struct err *err)
{
	struct frame frame;
	enum err_kind rc = make_call(c, call, &frame, err);

	if (rc != OK)
		return rc;
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL)
		return err_set(err, ERR_LIMIT, "link: no memory");
	struct outgoing *o = make_outgoing(c, &frame, call->fd, err);

	if (o == NULL) {
		free(w);
		return err->kind;
	}
	w->request_id = *request_id = frame.call.request_id;
	memcpy(w->verb, frame.call.verb, sizeof(w->verb));
	w->heard_us = clock_monotonic_us();
	w->counter = frame.call.counter;
	w->digest = o->digest;
	w->done = told->done;
	w->progress = told->progress;
	w->arg = told->arg;
	if (c->options.receipt != NULL && o->wants_signature) {
		const struct client_receipt sent = { .counter = w->counter, .request = w->digest };

		c->options.receipt(c->options.receipt_arg, &sent);
	}
	pthread_mutex_lock(&c->lock);
	client_stream_put(c, o, w);
	pthread_mutex_unlock(&c->lock);
	return OK;
}

void client_send(struct client *c, const struct client_call *call, client_done_fn *done, void *arg)
{
	const struct waiter told = { .done = done, .arg = arg };
	uint64_t request_id = 0;
	struct err err;

	if (start(c, call, &told, &request_id, &err) != OK)
		done(arg, err.kind, NULL, &err);
}

/* A thread that waits for its answer. */
struct asker {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	bool is_done;
	enum err_kind rc;
	struct err *err;
	struct arena *mem;
	struct client_answer *answer;
	char *progress; /* the newest not yet told, malloc */
	size_t progress_len;
};

static void note_done(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *err)
{
	struct asker *a = arg;

	pthread_mutex_lock(&a->lock);
	a->rc = rc;
	if (rc != OK)
		*a->err = *err;
	else
		*a->answer = *answer;
	if (rc == OK &&
		(!arena_copy(a->mem, answer->json, &a->answer->json) ||
			!arena_copy(a->mem, answer->bytes, &a->answer->bytes)))
		a->rc = err_set(
			a->err, ERR_LIMIT, "the answer does not fit the memory of the request");
	a->is_done = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static void note_progress(void *arg, struct str json)
{
	struct asker *a = arg;
	char *copy = malloc(json.len + 1);

	if (copy == NULL)
		return;
	memcpy(copy, json.ptr, json.len);
	copy[json.len] = '\0';
	pthread_mutex_lock(&a->lock);
	free(a->progress);
	a->progress = copy;
	a->progress_len = json.len;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* With the lock held, given back during the callback. */
static void tell_progress(struct asker *a, const struct client_call *call)
{
	char *text = a->progress;
	struct str json = str_of(text, a->progress_len);

	/* Else nobody would have noted it. */
	assert(call->progress != NULL);
	a->progress = NULL;
	pthread_mutex_unlock(&a->lock);
	call->progress(call->arg, json);
	pthread_mutex_lock(&a->lock);
	free(text);
}

/* With the lock held, given back meanwhile. Returns whether the cancellation has been sent. */
static bool ask_cancelled(
	struct client *c, struct asker *a, const struct client_call *call, uint64_t request_id)
{
	pthread_mutex_unlock(&a->lock);
	bool wants = call->cancelled(call->arg);

	if (wants) {
		pthread_mutex_lock(&c->lock);
		client_stream_cancel(c, request_id);
		pthread_mutex_unlock(&c->lock);
	}
	pthread_mutex_lock(&a->lock);
	return wants;
}

/* Until the call is done, for any reason: that it ends is the reader's duty. */
static void await_done(
	struct client *c, struct asker *a, const struct client_call *call, uint64_t request_id)
{
	bool may_cancel = call->cancelled != NULL;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		if (a->progress != NULL) {
			tell_progress(a, call);
			continue;
		}
		if (a->is_done)
			break;
		if (may_cancel && ask_cancelled(c, a, call, request_id))
			may_cancel = false;
		if (a->is_done || a->progress != NULL)
			continue;
		if (may_cancel) {
			int64_t end_us = clock_monotonic_us() + ASK_CANCELLED_MS * INT64_C(1000);
			struct timespec end = { .tv_sec = end_us / 1000000,
				.tv_nsec = end_us % 1000000 * 1000 };

			pthread_cond_timedwait(&a->changed, &a->lock, &end);
		} else {
			pthread_cond_wait(&a->changed, &a->lock);
		}
	}
	pthread_mutex_unlock(&a->lock);
}

static void init_monotonic_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

enum err_kind client_ask(struct client *c, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err)
{
	struct asker a = { .err = err, .mem = mem, .answer = answer };
	const struct waiter told = { .done = note_done,
		.progress = call->progress != NULL ? note_progress : NULL,
		.arg = &a };
	uint64_t request_id = 0;

	pthread_mutex_init(&a.lock, NULL);
	init_monotonic_cond(&a.changed);
	enum err_kind rc = start(c, call, &told, &request_id, err);

	if (rc == OK) {
		await_done(c, &a, call, request_id);
		rc = a.rc;
	}
	pthread_cond_destroy(&a.changed);
	pthread_mutex_destroy(&a.lock);
	return rc;
}
