#include "link/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/sign.h"
#include "link/connection.h"
#include "os/clock.h"
#include "os/log.h"

enum { EVENTS = 64, ACCEPTS = 16, DRAIN_MS = 2000, DRAIN_STEP_MS = 20 };

static void add_connection(struct server *s, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	if (s->connection_count == LIMIT_LINK_CONNECTIONS ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		log_line(LOG_WARN, "link: a connection is refused: %u are open",
			(unsigned)s->connection_count);
		close(fd);
		return;
	}
	struct connection *c = connection_open(s, fd, peer.uid);

	if (c == NULL) {
		log_line(LOG_ERROR, "link: no memory for a connection");
		return;
	}
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	c->events = EPOLLIN;
	c->next = s->connections;
	s->connections = c;
	s->connection_count++;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		log_line(LOG_ERROR, "link: watch a connection: %s", strerrordesc_np(errno));
		connection_close(c);
	}
}

static void accept_some(struct server *s)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(s->options.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_connection(s, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			/* The waiting peer stays in the queue; do not spin over it. */
			struct timespec pause = { .tv_nsec = 10000000 };

			log_line(LOG_ERROR, "link: no descriptor for a connection");
			nanosleep(&pause, NULL);
		}
		return;
	}
}

static void forget(struct server *s, struct connection *c)
{
	struct connection **at = &s->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->connection_count--;
	connection_free(c);
}

/* Looks at every connection on which something happened. */
static void serve_dirty(struct server *s)
{
	pthread_mutex_lock(&s->lock);
	struct connection *c = s->dirty;

	s->dirty = NULL;
	pthread_mutex_unlock(&s->lock);
	while (c != NULL) {
		pthread_mutex_lock(&s->lock);
		struct connection *next = c->next_dirty;

		c->is_dirty = false;
		pthread_mutex_unlock(&s->lock);
		connection_serve(c);
		pthread_mutex_lock(&s->lock);
		/* Marked again meanwhile: it is on the list and is looked at once more. */
		bool done = c->is_closed && c->call_count == 0 && !c->is_dirty;

		pthread_mutex_unlock(&s->lock);
		if (done)
			forget(s, c);
		c = next;
	}
}

/* The two descriptors that are not connections are told apart by these. */
static char listen_mark, wake_mark;

static void take_event(struct server *s, const struct epoll_event *event)
{
	uint64_t count;

	if (event->data.ptr == &listen_mark) {
		accept_some(s);
		return;
	}
	if (event->data.ptr == &wake_mark) {
		if (read(s->wake, &count, sizeof(count)) < 0)
			assert(errno == EAGAIN || errno == EINTR);
		return;
	}
	struct connection *c = event->data.ptr;

	if ((event->events & (EPOLLHUP | EPOLLERR)) != 0)
		connection_close(c);
	else if ((event->events & EPOLLIN) != 0)
		connection_read(c);
	pthread_mutex_lock(&s->lock);
	connection_mark(c);
	pthread_mutex_unlock(&s->lock);
}

static bool begin_stop(struct server *s)
{
	pthread_mutex_lock(&s->lock);
	bool stopping = s->stopping;

	pthread_mutex_unlock(&s->lock);
	if (stopping && s->options.listen_fd >= 0) {
		close(s->options.listen_fd);
		s->options.listen_fd = -1;
		for (struct connection *c = s->connections; c != NULL; c = c->next) {
			connection_drop_unsigned(c);
			connection_cancel(c, NULL);
		}
	}
	return stopping;
}

/* Every call is answered, and every answer sent or its time is over. */
static bool is_drained(struct server *s, int64_t *end_us)
{
	size_t calls, bytes = 0;

	pthread_mutex_lock(&s->lock);
	calls = s->call_count;
	for (struct connection *c = s->connections; c != NULL; c = c->next)
		bytes += c->waiting_bytes;
	pthread_mutex_unlock(&s->lock);
	if (calls > 0)
		return false;
	if (*end_us == 0)
		*end_us = clock_monotonic_us() + DRAIN_MS * INT64_C(1000);
	return bytes == 0 || clock_monotonic_us() >= *end_us;
}

static void *run(void *arg)
{
	struct server *s = arg;
	struct epoll_event events[EVENTS];
	int64_t drain_end_us = 0;

	for (;;) {
		bool stopping = begin_stop(s);

		if (stopping && is_drained(s, &drain_end_us))
			break;
		int n = epoll_wait(s->epoll, events, EVENTS, stopping ? DRAIN_STEP_MS : -1);

		if (n < 0 && errno != EINTR) {
			log_line(LOG_ERROR, "link: epoll: %s", strerrordesc_np(errno));
			abort();
		}
		for (int i = 0; i < n; i++)
			take_event(s, &events[i]);
		/* Who is answering a batch gets to add the others: one write for all. */
		sched_yield();
		serve_dirty(s);
	}
	for (struct connection *c = s->connections; c != NULL; c = c->next)
		connection_close(c);
	serve_dirty(s);
	assert(s->connections == NULL);
	return NULL;
}

static enum err_kind watch(struct server *s, int fd, char *mark, struct err *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = mark };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		return err_errno(err, errno, "link: epoll");
	return OK;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void release(struct server *s)
{
	if (s->options.listen_fd >= 0)
		close(s->options.listen_fd);
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->wake >= 0)
		close(s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

enum err_kind server_start(
	const struct server_options *options, struct server **server, struct err *err)
{
	struct server *s = calloc(1, sizeof(*s));
	enum err_kind rc = OK;

	assert(options->handle != NULL);
	if (s == NULL) {
		close(options->listen_fd);
		return err_set(err, ERR_LIMIT, "link: no memory");
	}
	s->options = *options;
	pthread_mutex_init(&s->lock, NULL);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll < 0 || s->wake < 0 || set_nonblocking(options->listen_fd) != 0)
		rc = err_errno(err, errno, "link: start");
	if (rc == OK)
		rc = watch(s, s->options.listen_fd, &listen_mark, err);
	if (rc == OK)
		rc = watch(s, s->wake, &wake_mark, err);
	if (rc == OK) {
		int why = pthread_create(&s->thread, NULL, run, s);

		if (why != 0)
			rc = err_errno(err, why, "link: thread");
	}
	if (rc != OK) {
		release(s);
		return rc;
	}
	*server = s;
	return OK;
}

void server_stop(struct server *s)
{
	uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	if (write(s->wake, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	release(s);
}

const struct frame_call *server_call_frame(const struct server_call *call)
{
	return &call->frame;
}

const struct sha256 *server_call_digest(const struct server_call *call)
{
	return &call->digest;
}

const struct sha256 *server_call_signed(const struct server_call *call)
{
	return &call->signed_digest;
}

int server_call_fd(const struct server_call *call)
{
	return call->fd;
}

unsigned server_call_uid(const struct server_call *call)
{
	return call->connection->uid;
}

bool server_call_cancelled(const struct server_call *call)
{
	return atomic_load(&call->cancelled);
}

/* Head and body in one piece of memory; NULL when there is none. */
static struct chunk *make_chunk(const struct frame *frame)
{
	uint8_t head[FRAME_HEAD_BYTES_MAX];
	size_t head_bytes = frame_format_head(frame, head);
	struct str body = frame_body(frame);
	struct chunk *k = malloc(sizeof(*k) + head_bytes + body.len);

	if (k == NULL)
		return NULL;
	k->next = NULL;
	k->len = head_bytes + body.len;
	k->sent = 0;
	memcpy(k->bytes, head, head_bytes);
	memcpy(k->bytes + head_bytes, body.ptr, body.len);
	return k;
}

/* With the lock held. Takes the chunk over. */
static void enqueue(struct connection *c, struct chunk *k)
{
	if (c->is_closed || c->is_cut || k == NULL ||
		c->waiting_bytes + k->len > LIMIT_LINK_WAITING_BYTES_MAX) {
		/* An answer that cannot be kept ends the connection: the caller must not wait for it. */
		c->is_cut = true;
		free(k);
	} else {
		*c->waiting_end = k;
		c->waiting_end = &k->next;
		c->waiting_bytes += k->len;
	}
	connection_mark(c);
}

void server_progress(struct server_call *call, struct str json)
{
	struct connection *c = call->connection;
	struct frame frame = { .type = FRAME_PROGRESS,
		.progress = { call->frame.request_id, json } };

	if (json.len > FRAME_PROGRESS_BODY_BYTES_MAX)
		return;
	struct chunk *k = make_chunk(&frame);

	pthread_mutex_lock(&c->server->lock);
	/* Progress that nobody reads is worth nothing: it is dropped first. */
	if (k != NULL && c->waiting_bytes <= LIMIT_LINK_WAITING_BYTES)
		enqueue(c, k);
	else
		free(k);
	pthread_mutex_unlock(&c->server->lock);
}

void server_answer(struct server_call *call, const struct frame_answer *answer)
{
	struct connection *c = call->connection;
	struct server *s = c->server;
	struct frame frame = { .type = FRAME_ANSWER, .answer = *answer };

	frame.answer.request_id = call->frame.request_id;
	if (answer->body.len > FRAME_ANSWER_BODY_BYTES_MAX) {
		frame.answer.status = ERR_LIMIT;
		frame.answer.body = STR(
			"{\"error\":\"limit\",\"message\":\"the answer is too long\"}");
		frame.answer.json_len = (uint32_t)frame.answer.body.len;
	}
	struct chunk *k = make_chunk(&frame);

	pthread_mutex_lock(&s->lock);
	if (call->previous != NULL)
		call->previous->next = call->next;
	else
		c->calls = call->next;
	if (call->next != NULL)
		call->next->previous = call->previous;
	c->call_count--;
	s->call_count--;
	enqueue(c, k);
	/* From here on the connection, and at a stop the server, may be gone. */
	pthread_mutex_unlock(&s->lock);
	if (call->fd >= 0)
		close(call->fd);
	secret_wipe(call, sizeof(*call) + call->frame.body.len);
	free(call);
}
