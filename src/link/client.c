#include "link/client.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "link/client_stream.h"
#include "os/clock.h"

enum { TIMEOUT_MS_DEFAULT = 30000, ASK_CANCELLED_MS = 250 };

static void send_cancel(struct client *c, uint64_t request_id)
{
	struct frame frame = { .type = FRAME_CANCEL, .cancel = { request_id } };
	struct outgoing *o = outgoing_make(&frame, -1);

	if (o != NULL && c->connected)
		client_stream_send(c, o);
	else
		outgoing_free(o);
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
	pthread_mutex_lock(&c->lock);
	f->request_id = ++c->request_id;
	f->counter = ++c->counter;
	pthread_mutex_unlock(&c->lock);
	return OK;
}

static struct timespec at_us(int64_t us)
{
	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

/* With the lock held, given back during the callback. */
static void tell_progress(struct client *c, struct waiter *w, const struct client_call *call)
{
	char *text = w->progress;
	struct str json = str_of(text, w->progress_len);

	w->progress = NULL;
	if (call->progress != NULL) {
		pthread_mutex_unlock(&c->lock);
		call->progress(call->arg, json);
		pthread_mutex_lock(&c->lock);
	}
	free(text);
}

static bool wants_cancel(struct client *c, const struct client_call *call)
{
	if (call->cancelled == NULL)
		return false;
	pthread_mutex_unlock(&c->lock);
	bool wants = call->cancelled(call->arg);

	pthread_mutex_lock(&c->lock);
	return wants;
}

/* With the lock held: until the answer, the end of the connection or of patience. */
static enum err_kind await_answer(
	struct client *c, struct waiter *w, const struct client_call *call, struct err *err)
{
	bool cancel_sent = false;

	w->heard_us = clock_monotonic_us();
	for (;;) {
		if (w->progress != NULL) {
			tell_progress(c, w, call);
			continue;
		}
		if (w->answered)
			return OK;
		if (w->broken)
			return err_set(err, ERR_IO,
				"%s: the connection to the lab broke; whether it "
				"was done is not known",
				call->verb);
		int64_t now_us = clock_monotonic_us();
		int64_t end_us = w->heard_us + (int64_t)c->options.timeout_ms * 1000;

		if (now_us >= end_us) {
			send_cancel(c, w->request_id);
			return err_set(err, ERR_LIMIT, "%s: no answer within %d milliseconds",
				call->verb, c->options.timeout_ms);
		}
		if (!cancel_sent && wants_cancel(c, call)) {
			cancel_sent = true;
			send_cancel(c, w->request_id);
			continue;
		}
		if (call->cancelled != NULL && !cancel_sent &&
			end_us > now_us + ASK_CANCELLED_MS * INT64_C(1000))
			end_us = now_us + ASK_CANCELLED_MS * INT64_C(1000);
		struct timespec end = at_us(end_us);

		if (!w->answered && !w->broken && w->progress == NULL)
			pthread_cond_timedwait(&w->wake, &c->lock, &end);
	}
}

/* With the lock held. */
static enum err_kind exchange(struct client *c, struct waiter *w, struct outgoing *o,
	const struct client_call *call, struct err *err)
{
	enum err_kind rc = client_stream_connect(c, err);

	if (rc != OK) {
		outgoing_free(o);
		return rc;
	}
	w->next = c->waiters;
	if (c->waiters != NULL)
		c->waiters->previous = w;
	c->waiters = w;
	client_stream_send(c, o);
	rc = await_answer(c, w, call, err);
	if (w->previous != NULL)
		w->previous->next = w->next;
	else
		c->waiters = w->next;
	if (w->next != NULL)
		w->next->previous = w->previous;
	return rc;
}

static void init_monotonic_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
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
	c->counter = (uint64_t)clock_now_us(&machine);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	rc = frame_set_name(c->point, sizeof(c->point), options->point)
		? client_stream_connect(c, err)
		: err_set(err, ERR_INPUT, "%.40s: not the name of a point", options->point);
	if (rc == OK) {
		int why = pthread_create(&c->reader, NULL, client_stream_read, c);

		if (why == 0) {
			*client = c;
			return OK;
		}
		rc = err_errno(err, why, "link: thread");
		close(c->fd);
	}
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
	return rc;
}

void client_close(struct client *c)
{
	pthread_mutex_lock(&c->lock);
	assert(c->waiters == NULL);
	c->closing = true;
	client_stream_break(c);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->reader, NULL);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

enum err_kind client_ask(struct client *c, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err)
{
	struct waiter w = { 0 };
	struct frame frame;
	struct str body;
	int fd = -1;
	enum err_kind rc = make_call(c, call, &frame, err);

	if (rc != OK)
		return rc;
	if (call->fd >= 0) {
		fd = fcntl(call->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return err_errno(err, errno, "%s: descriptor", call->verb);
	}
	struct outgoing *o = outgoing_make(&frame, fd);

	if (o == NULL)
		return err_set(err, ERR_LIMIT, "link: no memory");
	/* Signed when it is sent, together with whatever waits then. */
	o->wants_signature = c->options.key != NULL;
	if (o->wants_signature)
		o->digest = frame_call_digest(&frame.call);
	w.request_id = frame.call.request_id;
	init_monotonic_cond(&w.wake);
	pthread_mutex_lock(&c->lock);
	rc = exchange(c, &w, o, call, err);
	pthread_mutex_unlock(&c->lock);
	pthread_cond_destroy(&w.wake);
	free(w.progress);
	if (rc == OK && !arena_copy(mem, str_of(w.body, w.answer.body.len), &body))
		rc = err_set(err, ERR_LIMIT,
			"%s: the answer does not fit the memory of the request", call->verb);
	if (rc == OK)
		*answer = (struct client_answer){
			.status = (enum err_kind)w.answer.status,
			.json = str_head(body, w.answer.json_len),
			.bytes = str_skip(body, w.answer.json_len),
			.entry_index = w.answer.entry_index,
			.tree_size = w.answer.tree_size,
			.root = w.answer.root,
		};
	if (w.body != NULL)
		secret_wipe(w.body, w.answer.body.len);
	free(w.body);
	return rc;
}
