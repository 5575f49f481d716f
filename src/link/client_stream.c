#include "link/client_stream.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/endpoint.h"
#include "os/clock.h"
#include "os/thread.h"

enum {
	SEND_PARTS_MAX = 64,
	/* One answer, and what a read brings behind it. */
	IN_BYTES = LIMIT_FRAME_BYTES + (256 << 10),
	/* How often the reader looks whose patience is over, at most; a quarter of that patience when it is short. */
	LOOK_MS_MAX = 250,
};

static void free_outgoing(struct outgoing *list)
{
	while (list != NULL) {
		struct outgoing *next = list->next;

		if (list->fd >= 0)
			close(list->fd);
		secret_wipe(list->bytes, list->len);
		free(list);
		list = next;
	}
}

/* With the lock held: everybody who waits will be told so. */
static void lose_all(struct client *c, const struct err *why)
{
	for (size_t i = 0; i < WAITER_BUCKETS && c->waiter_count > 0; i++) {
		while (c->waiters[i] != NULL) {
			struct waiter *w = c->waiters[i];

			c->waiters[i] = w->next;
			c->waiter_count--;
			w->why = *why;
			w->next = c->lost;
			c->lost = w;
		}
	}
	free_outgoing(c->outgoing);
	c->outgoing = NULL;
	c->outgoing_end = &c->outgoing;
	pthread_cond_broadcast(&c->changed);
}

void client_stream_break(struct client *c)
{
	struct err why;

	if (!c->connected)
		return;
	c->connected = false;
	shutdown(c->fd, SHUT_RDWR);
	err_set(&why, ERR_IO, "the connection to the lab broke; whether it was done is not known");
	lose_all(c, &why);
}

/* With the lock held, given back while they are told. */
static void tell_lost(struct client *c)
{
	struct waiter *list = c->lost;

	c->lost = NULL;
	pthread_mutex_unlock(&c->lock);
	while (list != NULL) {
		struct waiter *w = list;

		list = w->next;
		err_context(&w->why, "%s", w->verb);
		w->done(w->arg, w->why.kind, NULL, &w->why);
		free(w);
	}
	pthread_mutex_lock(&c->lock);
}

/* With the lock held: where the waiter stands in its bucket; *there is NULL when it gave up waiting. */
static struct waiter **find_waiter(struct client *c, uint64_t request_id)
{
	struct waiter **there = &c->waiters[request_id % WAITER_BUCKETS];

	while (*there != NULL && (*there)->request_id != request_id)
		there = &(*there)->next;
	return there;
}

static struct waiter *take_waiter(struct client *c, struct waiter **there)
{
	struct waiter *w = *there;

	if (w != NULL) {
		*there = w->next;
		c->waiter_count--;
	}
	return w;
}

static void take_answer(struct client *c, const struct frame_answer *f)
{
	const struct client_answer answer = {
		.status = (enum err_kind)f->status,
		.json = str_head(f->body, f->json_len),
		.bytes = str_skip(f->body, f->json_len),
		.entry_index = f->entry_index,
		.tree_size = f->tree_size,
		.root = f->root,
	};

	pthread_mutex_lock(&c->lock);
	struct waiter *w = take_waiter(c, find_waiter(c, f->request_id));

	pthread_mutex_unlock(&c->lock);
	if (w == NULL)
		return;
	if (c->options.receipt != NULL && c->options.key != NULL) {
		const struct client_receipt receipt = { .counter = w->counter,
			.request = w->digest,
			.is_answered = true,
			.entry_index = f->entry_index,
			.tree_size = f->tree_size,
			.root = f->root };

		c->options.receipt(c->options.receipt_arg, &receipt);
	}
	w->done(w->arg, OK, &answer, NULL);
	free(w);
}

static void take_progress(struct client *c, uint64_t request_id, struct str json)
{
	pthread_mutex_lock(&c->lock);
	struct waiter *w = *find_waiter(c, request_id);

	if (w != NULL)
		w->heard_us = clock_monotonic_us();
	pthread_mutex_unlock(&c->lock);
	/* It may be lost meanwhile, but not gone: only this thread frees it. */
	if (w != NULL && w->progress != NULL)
		w->progress(w->arg, json);
}

/* Returns how many bytes were used up, or -1 when the stream is not the link's. */
static ssize_t take_frames(struct client *c, struct str stream)
{
	struct frame frame;
	struct err err;
	size_t at = 0;

	for (size_t used = 1; at < stream.len && used > 0; at += used) {
		if (frame_parse(str_skip(stream, at), &frame, &used, &err) != OK)
			return -1;
		if (used == 0)
			break;
		if (frame.type == FRAME_ANSWER)
			take_answer(c, &frame.answer);
		else if (frame.type == FRAME_PROGRESS)
			take_progress(c, frame.progress.request_id, frame.progress.body);
		else
			return -1;
	}
	return (ssize_t)at;
}

/* With the lock held: who has heard nothing for too long is lost, and the call cancelled. */
static void lose_impatient(struct client *c)
{
	int64_t before_us = clock_monotonic_us() - c->options.timeout_ms * INT64_C(1000);

	for (size_t i = 0; i < WAITER_BUCKETS && c->waiter_count > 0; i++) {
		struct waiter **at = &c->waiters[i];

		while (*at != NULL) {
			if ((*at)->heard_us > before_us) {
				at = &(*at)->next;
				continue;
			}
			struct waiter *w = take_waiter(c, at);

			client_stream_cancel(c, w->request_id);
			err_set(&w->why, ERR_LIMIT, "no answer within %d milliseconds",
				c->options.timeout_ms);
			w->next = c->lost;
			c->lost = w;
		}
	}
	tell_lost(c);
}

static int look_ms(const struct client *c)
{
	int quarter = c->options.timeout_ms / 4;

	return quarter > LOOK_MS_MAX ? LOOK_MS_MAX : quarter < 1 ? 1 : quarter;
}

/* Reads until the connection breaks; the socket's own time-out lets it look at the clock. */
static void read_connection(struct client *c, int fd, uint8_t *in)
{
	size_t len = 0;
	int64_t look_us = clock_monotonic_us();

	for (;;) {
		ssize_t n = recv(fd, in + len, IN_BYTES - len, 0);
		int64_t now_us = clock_monotonic_us();

		if (now_us - look_us >= look_ms(c) * INT64_C(1000)) {
			look_us = now_us;
			pthread_mutex_lock(&c->lock);
			lose_impatient(c);
			pthread_mutex_unlock(&c->lock);
		}
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		ssize_t used = take_frames(c, str_of(in, len));

		if (used < 0)
			break;
		len -= (size_t)used;
		memmove(in, in + used, len);
		/* Tiles pass here, and a point keeps nothing of them. */
		secret_wipe(in + len, (size_t)used);
	}
	secret_wipe(in, len);
}

void *client_stream_read(void *arg)
{
	struct client *c = arg;
	uint8_t *in = malloc(IN_BYTES);

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->connected && !c->closing && c->lost == NULL)
			pthread_cond_wait(&c->changed, &c->lock);
		tell_lost(c);
		if (!c->connected && c->closing && c->fd < 0)
			break;
		if (c->fd < 0)
			continue;
		int fd = c->fd;

		pthread_mutex_unlock(&c->lock);
		if (in != NULL)
			read_connection(c, fd, in);
		pthread_mutex_lock(&c->lock);
		client_stream_break(c);
		while (c->sending)
			pthread_cond_wait(&c->changed, &c->lock);
		close(fd);
		c->fd = -1;
		pthread_cond_broadcast(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
	free(in);
	return NULL;
}

enum err_kind client_stream_connect(const struct client *c, int *out, struct err *err)
{
	const struct timeval look = { .tv_usec = look_ms(c) * INT64_C(1000) };
	int fd;
	enum err_kind rc = c->options.connect != NULL
		? c->options.connect(c->options.connect_arg, &fd, err)
		: endpoint_connect(c->options.socket_path, &fd, err);

	if (rc != OK)
		return rc;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)) != 0) {
		rc = err_errno(err, errno, "link: connect");
		close(fd);
		return rc;
	}
	*out = fd;
	return OK;
}

/* One sendmsg from the front of the list, with the first frame's descriptor. Returns as sendmsg. */
static ssize_t send_once(int fd, struct outgoing *list)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec parts[SEND_PARTS_MAX];
	struct msghdr msg = { .msg_iov = parts };

	for (struct outgoing *o = list; o != NULL && msg.msg_iovlen < SEND_PARTS_MAX; o = o->next) {
		/* A descriptor travels with the first byte of its own frame: a message begins there. */
		if (o != list && o->fd >= 0)
			break;
		parts[msg.msg_iovlen++] = (struct iovec){ o->bytes + o->sent, o->len - o->sent };
	}
	if (list->fd >= 0 && list->sent == 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *m = CMSG_FIRSTHDR(&msg);

		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(m), &list->fd, sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Takes `sent` bytes off the front of the list and returns what is left. */
static struct outgoing *advance(struct outgoing *list, size_t sent)
{
	while (sent > 0) {
		size_t left = list->len - list->sent, step = left < sent ? left : sent;

		list->sent += step;
		sent -= step;
		if (list->sent == list->len) {
			struct outgoing *next = list->next;

			list->next = NULL;
			free_outgoing(list);
			list = next;
		}
	}
	return list;
}

/*
 * One signature for all calls of the list, or for each FRAME_BATCH_CALLS_MAX of them: what one costs is shared by
 * whatever waited together.
 */
static void sign_list(const struct sign_secret *key, struct outgoing *list)
{
	struct sha256 digests[FRAME_BATCH_CALLS_MAX];
	struct outgoing *last = NULL;
	size_t count = 0;

	for (struct outgoing *o = list;; o = o->next) {
		if (o != NULL && !o->wants_signature)
			continue;
		if (last != NULL && (o == NULL || count == FRAME_BATCH_CALLS_MAX)) {
			struct sha256 all = frame_batch_digest(digests, count);
			struct signature signature = sign_make(
				key, str_of(all.bytes, sizeof(all.bytes)));

			frame_set_signature(last->bytes, &signature);
			count = 0;
		} else if (last != NULL) {
			frame_set_more(last->bytes);
		}
		if (o == NULL)
			return;
		digests[count++] = o->digest;
		last = o;
	}
}

/* Frees the list. False when the peer has gone, or takes nothing for timeout_ms. */
static bool send_list(int fd, struct outgoing *list, int timeout_ms)
{
	while (list != NULL) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n = send_once(fd, list);

		if (n > 0)
			list = advance(list, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			break;
		else if (errno == EAGAIN && poll(&p, 1, timeout_ms) == 0)
			break;
	}
	bool done = list == NULL;

	free_outgoing(list);
	return done;
}

/* With the lock held, given back meanwhile: connects again, or whoever waits for it is lost. */
static void connect_again(struct client *c)
{
	struct err why;
	int fd = -1;

	/* The reader lets go of the old one first. */
	while (c->fd >= 0 && !c->closing)
		pthread_cond_wait(&c->changed, &c->lock);
	if (c->closing)
		return;
	pthread_mutex_unlock(&c->lock);
	enum err_kind rc = client_stream_connect(c, &fd, &why);

	pthread_mutex_lock(&c->lock);
	if (rc != OK) {
		lose_all(c, &why);
	} else if (c->closing) {
		close(fd);
	} else {
		c->fd = fd;
		c->connected = true;
		pthread_cond_broadcast(&c->changed);
	}
}

/* With the lock held, given back meanwhile: signs and sends whatever waits. */
static void send_waiting(struct client *c)
{
	struct outgoing *list = c->outgoing;
	int fd = c->fd;

	c->outgoing = NULL;
	c->outgoing_end = &c->outgoing;
	c->sending = true;
	pthread_mutex_unlock(&c->lock);
	if (c->options.key != NULL)
		sign_list(c->options.key, list);
	bool done = send_list(fd, list, c->options.timeout_ms);

	pthread_mutex_lock(&c->lock);
	c->sending = false;
	if (!done)
		client_stream_break(c);
	pthread_cond_broadcast(&c->changed);
}

void *client_stream_send(void *arg)
{
	struct client *c = arg;

	thread_gather();
	pthread_mutex_lock(&c->lock);
	while (!c->closing) {
		if (c->outgoing == NULL) {
			c->sender_waits = true;
			pthread_cond_wait(&c->filled, &c->lock);
			c->sender_waits = false;
			/* Who is about to call gets to add theirs: one signature and one write for all. */
			pthread_mutex_unlock(&c->lock);
			sched_yield();
			pthread_mutex_lock(&c->lock);
		} else if (!c->connected) {
			connect_again(c);
		} else {
			send_waiting(c);
		}
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct outgoing *outgoing_make(const struct frame *frame, int fd)
{
	uint8_t head[FRAME_HEAD_BYTES_MAX];
	size_t head_bytes = frame_format_head(frame, head);
	struct str body = frame_body(frame);
	struct outgoing *o = malloc(sizeof(*o) + head_bytes + body.len);

	if (o == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	*o = (struct outgoing){ .fd = fd, .len = head_bytes + body.len };
	memcpy(o->bytes, head, head_bytes);
	memcpy(o->bytes + head_bytes, body.ptr, body.len);
	return o;
}

void client_stream_put(struct client *c, struct outgoing *o, struct waiter *w)
{
	*c->outgoing_end = o;
	c->outgoing_end = &o->next;
	if (w != NULL) {
		struct waiter **bucket = &c->waiters[w->request_id % WAITER_BUCKETS];

		w->next = *bucket;
		*bucket = w;
		c->waiter_count++;
	}
	if (c->sender_waits)
		pthread_cond_signal(&c->filled);
}

void client_stream_cancel(struct client *c, uint64_t request_id)
{
	struct frame frame = { .type = FRAME_CANCEL, .cancel = { request_id } };
	struct outgoing *o = c->connected ? outgoing_make(&frame, -1) : NULL;

	/* Without memory for it the call runs to its end, which nobody waits for. */
	if (o != NULL)
		client_stream_put(c, o, NULL);
}
