#include "os/ipc.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/clock.h"

/* What precedes the body in each datagram. Both ends are the same program on the same machine. */
struct head {
	uint32_t type, len;
};

static_assert(sizeof(struct head) == 8, "no padding travels");

enum err_kind ipc_pair(int fds[2], struct err *err)
{
	int pair[2];
	/* A peer that stops reading must not hold its partner for ever. */
	struct timeval patience = { .tv_sec = IPC_SEND_TIMEOUT_S };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return err_errno(err, errno, "socket pair");
	for (int i = 0; i < 2; i++) {
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0)
			continue;
		int why = errno;

		close(pair[0]);
		close(pair[1]);
		return err_errno(err, why, "socket pair");
	}
	fds[0] = pair[0];
	fds[1] = pair[1];
	return OK;
}

enum err_kind ipc_send(int fd, uint32_t type, const void *body, size_t len, const int *fds,
	size_t fd_count, struct err *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
	} control;
	struct head head = { .type = type, .len = (uint32_t)len };
	/* sendmsg reads only; iovec knows no const. */
	union {
		const void *from;
		void *to;
	} bytes = { .from = body };
	struct iovec parts[2] = { { &head, sizeof(head) }, { bytes.to, len } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = len > 0 ? 2 : 1 };

	assert(len <= IPC_MSG_BYTES_MAX);
	assert(fd_count <= IPC_FDS_MAX);
	if (fd_count > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	ssize_t n;

	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return OK;
	if (errno == EPIPE || errno == ECONNRESET)
		return err_set(err, ERR_NOT_FOUND, "the other process has gone");
	if (errno == EAGAIN)
		return err_set(err, ERR_LIMIT, "the other process does not read");
	return err_errno(err, errno, "send a message");
}

static enum err_kind wait_readable(int fd, int timeout_ms, struct err *err)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left_us = end_us - clock_monotonic_us();
		int wait_ms = timeout_ms < 0 ? -1
			: left_us <= 0       ? 0
					     : (int)((left_us + 999) / 1000);
		int n = poll(&p, 1, wait_ms);

		if (n > 0)
			return OK;
		if (n == 0)
			return err_set(
				err, ERR_LIMIT, "no message within %d milliseconds", timeout_ms);
		if (errno != EINTR)
			return err_errno(err, errno, "wait for a message");
	}
}

/* Takes the descriptors out of the control data; returns false when there are more than fit. */
static bool take_fds(struct msghdr *m, struct ipc_msg *msg)
{
	bool fits = (m->msg_flags & MSG_CTRUNC) == 0;

	msg->fd_count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (msg->fd_count < IPC_FDS_MAX) {
				msg->fds[msg->fd_count++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

static bool allowed(const struct ipc_rule *rules, size_t rule_count, const struct ipc_msg *msg)
{
	if (msg->type >= rule_count)
		return false;
	const struct ipc_rule *rule = &rules[msg->type];

	if (rule->size == 0 && rule->max == 0 && rule->fds == 0)
		return false;
	if (rule->size > 0 || rule->max == 0) {
		if (msg->len != rule->size)
			return false;
	} else if (msg->len > rule->max) {
		return false;
	}
	return msg->fd_count == rule->fds;
}

enum err_kind ipc_receive(int fd, const struct ipc_rule *rules, size_t rule_count, int timeout_ms,
	struct ipc_msg *msg, struct err *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
	} control;
	struct head head;
	struct iovec parts[2] = { { &head, sizeof(head) }, { msg->body, sizeof(msg->body) } };
	struct msghdr m = { .msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control) };
	enum err_kind rc = wait_readable(fd, timeout_ms, err);
	ssize_t n;

	if (rc != OK)
		return rc;
	do {
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return err_set(err, ERR_NOT_FOUND, "the other process has gone");
	if (n < 0)
		return err_errno(err, errno, "receive a message");

	bool good = take_fds(&m, msg) && (m.msg_flags & MSG_TRUNC) == 0 &&
		(size_t)n >= sizeof(head) && head.len == (size_t)n - sizeof(head);

	if (good) {
		msg->type = head.type;
		msg->len = (uint16_t)head.len;
		good = allowed(rules, rule_count, msg);
	}
	if (good)
		return OK;
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	msg->fd_count = 0;
	return err_set(err, ERR_CORRUPT, "the other process sent a message it may not send");
}
