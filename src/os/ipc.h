/*
 * ipc: fixed messages between a parent and its child over a SOCK_SEQPACKET pair, one datagram a message,
 * descriptors by SCM_RIGHTS. The receiver states what it accepts: exact size, exact count of descriptors.
 * Anything else is ERR_CORRUPT and ends that child, not the server.
 */
#ifndef OS_IPC_H
#define OS_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { IPC_MSG_BYTES_MAX = 8192, IPC_FDS_MAX = 4, IPC_SEND_TIMEOUT_S = 10 };

/* All zero: not allowed. A message without body is allowed by a rule with max = 1 or by descriptors. */
struct ipc_rule {
	uint16_t size; /* exact size of the message's body; 0 with max > 0: 0 to max */
	uint16_t max;
	uint8_t fds; /* exact count of descriptors */
};

/* A received message. fds[0..fd_count) belong to the receiver. */
struct ipc_msg {
	uint32_t type;
	uint16_t len;
	uint8_t fd_count;
	int fds[IPC_FDS_MAX];
	uint8_t body[IPC_MSG_BYTES_MAX];
};

MUST_CHECK enum err_kind ipc_pair(int fds[2], struct err *err);
/*
 * body   len <= IPC_MSG_BYTES_MAX
 * fds    stay the caller's
 * Errors: ERR_NOT_FOUND (peer closed), ERR_LIMIT (peer does not read for IPC_SEND_TIMEOUT_S), ERR_IO.
 */
MUST_CHECK enum err_kind ipc_send(int fd, uint32_t type, const void *body, size_t len,
	const int *fds, size_t fd_count, struct err *err);
/*
 * Wait at most timeout_ms (-1: for ever) for one message that rules[type] allows (type < rule_count and
 * the rule is not all zero). Errors: ERR_NOT_FOUND (peer closed), ERR_LIMIT (time-out), ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK enum err_kind ipc_receive(int fd, const struct ipc_rule *rules, size_t rule_count,
	int timeout_ms, struct ipc_msg *msg, struct err *err);

#endif
