#include "link/client_stream.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/endpoint.h"
#include "os/clock.h"

enum {
	SEND_PARTS_MAX = 64,
	/* One answer, and what a read brings behind it. */
	IN_BYTES = LIMIT_FRAME_BYTES + (256 << 10),
};

void outgoing_free(struct outgoing *list)
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

void client_stream_break(struct client *c)
{
	if (!c->connected)
		return;
	c->connected = false;
	shutdown(c->fd, SHUT_RDWR);
	for (struct waiter *w = c->waiters; w != NULL; w = w->next) {
		w->broken = true;
		pthread_cond_signal(&w->wake);
	}
	outgoing_free(c->outgoing);
	c->outgoing = NULL;
	c->outgoing_end = &c->outgoing;
	pthread_cond_broadcast(&c->changed);
}

static struct waiter *find_waiter(struct client *c, uint64_t request_id)
{
	struct waiter *w = c->waiters;

	while (w != NULL && w->request_id != request_id)
		w = w->next;
	return w;
}

static char *copy_body(struct str body)
{
	char *p = malloc(body.len + 1);

	if (p != NULL) {
		memcpy(p, body.ptr, body.len);
		p[body.len] = '\0';
	}
	return p;
}

/* With the lock held. False: not a frame that a server sends. */
static bool take_frame(struct client *c, const struct frame *frame)
{
	bool ends = frame->type == FRAME_ANSWER;

	if (!ends && frame->type != FRAME_PROGRESS)
		return false;
	struct waiter *w = find_waiter(
		c, ends ? frame->answer.request_id : frame->progress.request_id);

	if (w == NULL || w->answered) /* it gave up waiting */
		return true;
	char *copy = copy_body(frame_body(frame));

	if (copy == NULL)
		return false;
	w->heard_us = clock_monotonic_us();
	if (ends) {
		w->answer = frame->answer;
		w->body = copy;
		w->answered = true;
	} else {
		free(w->progress);
		w->progress = copy;
		w->progress_len = frame->progress.body.len;
	}
	pthread_cond_signal(&w->wake);
	return true;
}

/* Returns how many bytes were used up, or -1 when the stream is not the link's. */
static ssize_t take_frames(struct client *c, struct str stream)
{
	struct frame frame;
	struct err err;
	size_t at = 0;

	pthread_mutex_lock(&c->lock);
	for (size_t used = 1; at < stream.len && used > 0; at += used) {
		if (frame_parse(str_skip(stream, at), &frame, &used, &err) != OK ||
			(used > 0 && !take_frame(c, &frame))) {
			pthread_mutex_unlock(&c->lock);
			return -1;
		}
	}
	pthread_mutex_unlock(&c->lock);
	return (ssize_t)at;
}

/* Reads until the connection breaks. */
static void read_connection(struct client *c, int fd, uint8_t *in)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, in + len, IN_BYTES - len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		ssize_t used = take_frames(c, str_of(in, len));

		if (used < 0)
			break;
		len -= (size_t)used;
		memmove(in, in + used, len);
	}
	secret_wipe(in, len);
}

void *client_stream_read(void *arg)
{
	struct client *c = arg;
	uint8_t *in = malloc(IN_BYTES);

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->connected && !c->closing)
			pthread_cond_wait(&c->changed, &c->lock);
		if (!c->connected)
			break;
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

enum err_kind client_stream_connect(struct client *c, struct err *err)
{
	while (!c->connected && c->fd >= 0)
		pthread_cond_wait(&c->changed, &c->lock);
	if (c->connected)
		return OK;
	enum err_kind rc = endpoint_connect(c->options.socket_path, &c->fd, err);

	if (rc != OK)
		return rc;
	c->connected = true;
	pthread_cond_broadcast(&c->changed);
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
			outgoing_free(list);
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

	outgoing_free(list);
	return done;
}

static void send_waiting(struct client *c)
{
	if (c->sending)
		return;
	c->sending = true;
	while (c->connected && c->outgoing != NULL) {
		/* Who is about to call gets to add theirs: one signature and one write for all. */
		pthread_mutex_unlock(&c->lock);
		sched_yield();
		pthread_mutex_lock(&c->lock);
		if (!c->connected)
			break;
		struct outgoing *list = c->outgoing;
		int fd = c->fd;

		c->outgoing = NULL;
		c->outgoing_end = &c->outgoing;
		pthread_mutex_unlock(&c->lock);
		if (c->options.key != NULL)
			sign_list(c->options.key, list);
		bool done = send_list(fd, list, c->options.timeout_ms);

		pthread_mutex_lock(&c->lock);
		if (!done)
			client_stream_break(c);
	}
	c->sending = false;
	pthread_cond_broadcast(&c->changed);
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

void client_stream_send(struct client *c, struct outgoing *o)
{
	*c->outgoing_end = o;
	c->outgoing_end = &o->next;
	send_waiting(c);
}
