#include "link/connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "os/log.h"

enum { SEND_PARTS_MAX = 64 };

static_assert(CONNECTION_IN_BYTES >= FRAME_HEAD_BYTES_MAX + LIMIT_JSON_BYTES,
	"the longest call fits the buffer");

struct connection *connection_open(struct server *s, int fd, unsigned uid)
{
	struct connection *c = calloc(1, sizeof(*c));
	uint8_t *in = malloc(CONNECTION_IN_BYTES);

	if (c == NULL || in == NULL) {
		free(c);
		free(in);
		close(fd);
		return NULL;
	}
	c->server = s;
	c->fd = fd;
	c->uid = uid;
	c->in = in;
	c->waiting_end = &c->waiting;
	return c;
}

void connection_mark(struct connection *c)
{
	struct server *s = c->server;
	uint64_t one = 1;

	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = s->dirty;
	s->dirty = c;
	/* One wake-up for whatever gathers until the thread looks. */
	if (c->next_dirty == NULL && write(s->wake, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
}

bool connection_may_read(struct connection *c)
{
	struct server *s = c->server;

	pthread_mutex_lock(&s->lock);
	bool may = !s->stopping && c->call_count < LIMIT_LINK_INFLIGHT &&
		c->waiting_bytes <= LIMIT_LINK_WAITING_BYTES && !c->is_closed;
	pthread_mutex_unlock(&s->lock);
	return may;
}

/* Takes descriptors over; false when there are more than any honest peer sends ahead. */
static bool keep_fds(struct connection *c, struct msghdr *msg)
{
	bool fits = (msg->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m != NULL; m = CMSG_NXTHDR(msg, m)) {
		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(m) + i * sizeof(int), sizeof(fd));
			if (c->fd_count < CONNECTION_FDS_MAX) {
				c->fds[c->fd_count++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

void connection_read(struct connection *c)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(CONNECTION_FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = { c->in + c->in_len, CONNECTION_IN_BYTES - c->in_len };
	struct msghdr msg = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control) };

	if (c->fd < 0 || part.iov_len == 0)
		return;
	ssize_t n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_close(c);
		return;
	}
	c->in_len += (size_t)n;
	if (!keep_fds(c, &msg)) {
		log_line(LOG_WARN, "link: a peer sent too many descriptors and is cut off");
		connection_close(c);
	}
}

/* A call of its own memory, counted and linked. NULL: out of memory or of descriptors. */
static struct server_call *begin_call(struct connection *c, const struct frame_call *frame)
{
	struct server *s = c->server;

	if (frame->has_fd && c->fd_count == 0)
		return NULL;
	struct server_call *call = malloc(sizeof(*call) + frame->body.len + 1);

	if (call == NULL)
		return NULL;
	memcpy(call->body, frame->body.ptr, frame->body.len);
	call->body[frame->body.len] = '\0';
	call->connection = c;
	call->frame = *frame;
	call->frame.body = (struct str){ call->body, frame->body.len };
	call->fd = -1;
	atomic_init(&call->cancelled, false);
	if (frame->has_fd) {
		call->fd = c->fds[0];
		c->fd_count--;
		memmove(c->fds, c->fds + 1, c->fd_count * sizeof(int));
	}
	pthread_mutex_lock(&s->lock);
	call->previous = NULL;
	call->next = c->calls;
	if (c->calls != NULL)
		c->calls->previous = call;
	c->calls = call;
	c->call_count++;
	s->call_count++;
	pthread_mutex_unlock(&s->lock);
	return call;
}

void connection_cancel(struct connection *c, const uint64_t *request_id)
{
	pthread_mutex_lock(&c->server->lock);
	for (struct server_call *call = c->calls; call != NULL; call = call->next)
		if (request_id == NULL || call->frame.request_id == *request_id)
			atomic_store(&call->cancelled, true);
	pthread_mutex_unlock(&c->server->lock);
}

/* The last of the calls that are signed together has come, with the signature. */
static void hand_over(struct connection *c)
{
	struct sha256 digests[FRAME_BATCH_CALLS_MAX];
	size_t count = c->unsigned_count;
	const struct signature signature = c->unsigned_calls[count - 1]->frame.signature;

	for (size_t i = 0; i < count; i++)
		digests[i] = c->unsigned_calls[i]->digest;
	struct sha256 all = frame_batch_digest(digests, count);

	c->unsigned_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct server_call *call = c->unsigned_calls[i];

		call->signed_digest = all;
		call->frame.signature = signature;
		/* The call may be answered, and gone, before this returns. */
		c->server->options.handle(c->server->options.arg, call);
	}
}

void connection_drop_unsigned(struct connection *c)
{
	const struct frame_answer answer = {
		.status = ERR_CANCELLED, .entry_index = UINT64_MAX, .json_len = 2, .body = STR("{}")
	};

	while (c->unsigned_count > 0)
		server_answer(c->unsigned_calls[--c->unsigned_count], &answer);
}

/* False when the frame is not one that a caller sends, or cannot be carried. */
static bool take_frame(struct connection *c, const struct frame *frame)
{
	if (frame->type == FRAME_CANCEL) {
		connection_cancel(c, &frame->cancel.request_id);
		return true;
	}
	if (frame->type != FRAME_CALL)
		return false;
	if (frame->call.has_more && c->unsigned_count == FRAME_BATCH_CALLS_MAX - 1)
		return false;
	struct server_call *call = begin_call(c, &frame->call);

	if (call == NULL)
		return false;
	call->digest = frame_call_digest(&call->frame);
	c->unsigned_calls[c->unsigned_count++] = call;
	if (!frame->call.has_more)
		hand_over(c);
	return true;
}

/* Returns whether a bound stopped it before the bytes that have come were used up. */
static bool take_frames(struct connection *c)
{
	size_t at = 0, was = c->in_len;
	bool stopped = false;
	struct frame frame;
	struct err err;

	while (c->fd >= 0 && at < c->in_len) {
		size_t used;

		stopped = !connection_may_read(c);
		if (stopped)
			break;
		enum err_kind rc = frame_parse(
			str_of(c->in + at, c->in_len - at), &frame, &used, &err);

		if (rc == OK && used == 0)
			break;
		if (rc == OK && !take_frame(c, &frame))
			rc = err_set(&err, ERR_INPUT, "frame: not one that a caller may send");
		if (rc != OK) {
			log_line(LOG_WARN, "link: %s; its connection is closed", err.msg);
			connection_close(c);
			return false;
		}
		at += used;
	}
	if (at == 0)
		return stopped;
	/* Passwords pass here: what has been taken is not left lying about. */
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	secret_wipe(c->in + c->in_len, was - c->in_len);
	return stopped;
}

static void free_chunk(struct chunk *chunk)
{
	secret_wipe(chunk->bytes, chunk->len);
	free(chunk);
}

/* One write for whatever waits. Returns bytes taken, 0 when the peer takes none now, -1 when it has gone. */
static ssize_t send_some(struct connection *c)
{
	struct iovec parts[SEND_PARTS_MAX];
	struct msghdr msg = { .msg_iov = parts };

	for (struct chunk *k = c->sending; k != NULL && msg.msg_iovlen < SEND_PARTS_MAX;
		k = k->next)
		parts[msg.msg_iovlen++] = (struct iovec){ k->bytes + k->sent, k->len - k->sent };
	ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	for (size_t left = (size_t)n; left > 0;) {
		struct chunk *k = c->sending;
		size_t step = k->len - k->sent < left ? k->len - k->sent : left;

		k->sent += step;
		left -= step;
		if (k->sent == k->len) {
			c->sending = k->next;
			free_chunk(k);
		}
	}
	return n;
}

/* Moves what other threads added behind what is being sent. Returns false when the peer is to be cut off. */
static bool collect(struct connection *c, size_t sent)
{
	struct chunk **end = &c->sending;

	while (*end != NULL)
		end = &(*end)->next;
	pthread_mutex_lock(&c->server->lock);
	assert(sent <= c->waiting_bytes);
	c->waiting_bytes -= sent;
	*end = c->waiting;
	c->waiting = NULL;
	c->waiting_end = &c->waiting;
	bool keep = !c->is_cut;

	pthread_mutex_unlock(&c->server->lock);
	return keep;
}

static void send_waiting(struct connection *c)
{
	ssize_t n = 0;

	do {
		if (!collect(c, (size_t)n)) {
			log_line(LOG_WARN, "link: a peer does not read its answers and is cut off");
			connection_close(c);
			return;
		}
		if (c->sending == NULL)
			return;
		n = send_some(c);
	} while (n > 0);
	if (n < 0)
		connection_close(c);
}

static void watch(struct connection *c)
{
	uint32_t events = (connection_may_read(c) ? (uint32_t)EPOLLIN : 0) |
		(c->sending != NULL ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (c->fd < 0 || events == c->events)
		return;
	if (epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->fd, &e) != 0) {
		connection_close(c);
		return;
	}
	c->events = events;
}

void connection_serve(struct connection *c)
{
	bool stopped;

	/* Sending may make the room that taking waited for, and nobody would wake us for that. */
	do {
		stopped = c->fd >= 0 && take_frames(c);
		if (c->fd >= 0)
			send_waiting(c);
	} while (stopped && connection_may_read(c));
	if (c->fd >= 0)
		watch(c);
}

static void free_chunks(struct chunk *chunk)
{
	while (chunk != NULL) {
		struct chunk *next = chunk->next;

		free_chunk(chunk);
		chunk = next;
	}
}

void connection_close(struct connection *c)
{
	if (c->fd < 0)
		return;
	close(c->fd); /* epoll forgets it by that */
	c->fd = -1;
	for (size_t i = 0; i < c->fd_count; i++)
		close(c->fds[i]);
	c->fd_count = 0;
	secret_wipe(c->in, c->in_len);
	c->in_len = 0;
	pthread_mutex_lock(&c->server->lock);
	struct chunk *waiting = c->waiting;

	c->waiting = NULL;
	c->waiting_end = &c->waiting;
	c->waiting_bytes = 0;
	c->is_closed = true;
	connection_mark(c);
	pthread_mutex_unlock(&c->server->lock);
	free_chunks(waiting);
	free_chunks(c->sending);
	c->sending = NULL;
	connection_drop_unsigned(c);
	connection_cancel(c, NULL);
}

void connection_free(struct connection *c)
{
	assert(c->fd < 0);
	assert(c->call_count == 0);
	free(c->in);
	free(c);
}
