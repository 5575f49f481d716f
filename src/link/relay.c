#include "link/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

static_assert(RELAY_BYTES >= FRAME_HEAD_BYTES_MAX + LIMIT_JSON_BYTES,
	"the longest call fits: its frame is looked at whole");

/* Bytes on their way in one direction. */
struct lane {
	uint8_t *bytes; /* RELAY_BYTES */
	size_t len; /* held */
	size_t ready; /* of them, may go on */
	bool blocked; /* the side that they go to takes none now */
};

struct running {
	const struct relay *relay;
	struct lane in, out; /* from the network, and to it */
	bool moved, over;
};

static void drop(struct lane *lane, size_t len)
{
	memmove(lane->bytes, lane->bytes + len, lane->len - len);
	secret_wipe(lane->bytes + lane->len - len, len);
	lane->len -= len;
	lane->ready -= len;
}

static enum err_kind take_from_link(struct running *r, struct err *err)
{
	struct lane *lane = &r->in;
	size_t room = RELAY_BYTES - lane->len, used = lane->len;
	enum err_kind rc = OK;

	if (room == 0)
		return OK;
	ssize_t n = tls_receive(r->relay->link, lane->bytes + lane->len, room);

	if (n < 0) {
		r->over = true;
		return tls_why(r->relay->link)[0] == '\0'
			? OK
			: err_set(err, ERR_IO, "%s", tls_why(r->relay->link));
	}
	if (n == 0)
		return OK;
	r->moved = true;
	lane->len += (size_t)n;
	if (r->relay->check == NULL) {
		lane->ready = lane->len;
		return OK;
	}
	rc = door_check_take(r->relay->check,
		str_of(lane->bytes + lane->ready, lane->len - lane->ready), &used, err);
	if (rc == OK)
		lane->ready += used;
	return rc;
}

static void give_to_socket(struct running *r)
{
	struct lane *lane = &r->in;

	lane->blocked = false;
	if (lane->ready == 0)
		return;
	ssize_t n = send(r->relay->fd, lane->bytes, lane->ready, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		drop(lane, (size_t)n);
		r->moved = true;
	} else if (n < 0 && errno == EAGAIN) {
		lane->blocked = true;
	} else if (n < 0 && errno != EINTR) {
		r->over = true;
	}
}

/* Only into an empty lane: what TLS did not take must be offered again unchanged. */
static void take_from_socket(struct running *r)
{
	struct lane *lane = &r->out;

	if (lane->len > 0)
		return;
	ssize_t n = recv(r->relay->fd, lane->bytes, RELAY_BYTES, MSG_DONTWAIT);

	if (n > 0) {
		lane->len = lane->ready = (size_t)n;
		r->moved = true;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		r->over = true;
	}
}

static enum err_kind give_to_link(struct running *r, struct err *err)
{
	struct lane *lane = &r->out;
	size_t sent = 0;

	lane->blocked = false;
	while (sent < lane->ready) {
		ssize_t n = tls_send(r->relay->link, lane->bytes + sent, lane->ready - sent);

		if (n < 0) {
			r->over = true;
			return err_set(err, ERR_IO, "%s", tls_why(r->relay->link));
		}
		if (n == 0) {
			lane->blocked = true;
			break;
		}
		sent += (size_t)n;
		r->moved = true;
	}
	if (sent > 0)
		drop(lane, sent);
	return OK;
}

/* Even while bytes move the end is asked for: a busy peer is cut off, too. */
static void wait_for_either(struct running *r, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = tls_fd(r->relay->link),
			.events = (short)((r->in.len < RELAY_BYTES ? POLLIN : 0) |
				(r->out.blocked ? POLLOUT : 0)) },
		{ .fd = r->relay->fd,
			.events = (short)((r->out.len == 0 ? POLLIN : 0) |
				(r->in.blocked ? POLLOUT : 0)) },
		{ .fd = r->relay->stop_fd, .events = POLLIN },
	};

	poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms);
	if (fds[2].revents != 0)
		r->over = true;
}

enum err_kind relay_run(const struct relay *relay, struct err *err)
{
	struct running r = { .relay = relay };
	enum err_kind rc = OK;

	r.in.bytes = calloc(2, RELAY_BYTES);
	if (r.in.bytes == NULL)
		return err_set(err, ERR_LIMIT, "relay: no memory");
	r.out.bytes = r.in.bytes + RELAY_BYTES;
	while (rc == OK && !r.over) {
		r.moved = false;
		rc = take_from_link(&r, err);
		if (rc == OK && !r.over)
			give_to_socket(&r);
		if (rc == OK && !r.over)
			take_from_socket(&r);
		if (rc == OK && !r.over)
			rc = give_to_link(&r, err);
		if (rc == OK && !r.over)
			wait_for_either(&r, r.moved ? 0 : -1);
	}
	secret_wipe(r.in.bytes, 2 * (size_t)RELAY_BYTES);
	free(r.in.bytes);
	return rc;
}
