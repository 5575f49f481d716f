/*
 * server: the answering side of the link on a Unix socket: an epoll thread that reads frames, hands each call to
 * `handle`, and writes whatever waits in one go. Knows no verb.
 *
 * Back-pressure: a connection with LIMIT_LINK_INFLIGHT calls under way, or LIMIT_LINK_WAITING_BYTES of answers
 * that it does not read, is not read from; beyond LIMIT_LINK_WAITING_BYTES_MAX it is cut off. A malformed frame
 * closes its connection and no other.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include "base/arena.h"
#include "link/frame.h"

struct server;
struct server_call; /* one request under way; lives until server_answer */

struct server_options {
	int listen_fd; /* a listening Unix socket; the server's from now on */
	/* On the server's thread: must not block. Takes the call over: answers sooner or later, from any thread. */
	void (*handle)(void *arg, struct server_call *call);
	void *arg;
};

MUST_CHECK enum err_kind server_start(
	const struct server_options *options, struct server **s, struct err *err);
void server_stop(struct server *s);

/* What was called, with the signature that covers it; borrowed from the call. */
const struct frame_call *server_call_frame(const struct server_call *call);
/* frame_call_digest of it, and the digest that was signed: that of the calls which came under one signature. */
const struct sha256 *server_call_digest(const struct server_call *call);
const struct sha256 *server_call_signed(const struct server_call *call);
/* The descriptor that came with it, or -1; stays the call's. */
int server_call_fd(const struct server_call *call);
/* Uid of the process at the other end (SO_PEERCRED). */
unsigned server_call_uid(const struct server_call *call);
/* True once the caller cancelled or went away, or the server stops. */
bool server_call_cancelled(const struct server_call *call);
/* At most FRAME_PROGRESS_BODY_BYTES_MAX bytes; dropped when longer, or when the caller does not keep up. */
void server_progress(struct server_call *call, struct str json);
/*
 * Ends the call, whose memory is gone afterwards. answer->request_id is filled in here; bytes are copied. A body
 * that does not fit a frame is replaced by an answer of status ERR_LIMIT.
 */
void server_answer(struct server_call *call, const struct frame_answer *answer);

#endif
