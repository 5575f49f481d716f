/*
 * client: the calling side of the link: one connection, many requests under way. Used by the point and the command
 * line. Reconnects by itself; a request under way when the connection broke fails with ERR_IO (its idempotency
 * key lets it be sent again).
 *
 * Threads: one signs and sends whatever waits, and connects again; one reads, and tells everybody what came. Who
 * calls only queues.
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include "base/arena.h"
#include "link/frame.h"

struct client;

/* What a signed call leaves with its caller: that it was sent, and what the vault answered (link/receipts). */
struct client_receipt {
	uint64_t counter;
	struct sha256 request; /* frame_call_digest */
	bool is_answered; /* else the rest is zero */
	uint64_t entry_index, tree_size;
	struct sha256 root;
};

struct client_options {
	const char *socket_path; /* of the vault; or else */
	/* gives a connected stream socket, without waiting (dial_connect). Errors: ERR_NOT_FOUND: nothing was sent */
	enum err_kind (*connect)(void *arg, int *fd, struct err *err);
	void *connect_arg;
	/* Told before a signed call is sent, and when its answer came; on any thread, must not block. May be NULL */
	void (*receipt)(void *arg, const struct client_receipt *receipt);
	void *receipt_arg;
	const char *point; /* name of the point, or "console" for the command line */
	const struct sign_secret
		*key; /* of the point, borrowed; NULL: unsigned (only the console) */
	int timeout_ms; /* for one call without answer or progress; 0: 30,000 */
};

struct client_call {
	const char *verb;
	const uint8_t *token; /* FRAME_TOKEN_BYTES, or NULL */
	const uint8_t *peer; /* FRAME_PEER_BYTES, or NULL */
	const uint8_t *idempotency_key; /* FRAME_KEY_BYTES, or NULL: not to be sent again */
	struct str body;
	int fd; /* a copy goes over with the call (release.ingest); -1: none */
	/* For client_ask: on the caller's thread; may be NULL */
	void (*progress)(void *arg, struct str json);
	/* For client_ask: asked about four times a second; may be NULL. The answer is awaited still */
	bool (*cancelled)(void *arg);
	void *arg; /* of these two */
};

struct client_answer {
	enum err_kind status;
	struct str json, bytes;
	uint64_t entry_index, tree_size;
	struct sha256 root;
};

/*
 * How a call ended: OK with an answer, whatever its status, whose texts are borrowed while this runs; or err.
 * On the reading thread, which everybody's answers wait for: must not block, nor ask.
 */
typedef void client_done_fn(
	void *arg, enum err_kind rc, const struct client_answer *answer, const struct err *err);

/* Connects. *c is the caller's to client_close. Errors: ERR_NOT_FOUND (nobody listens), ERR_INPUT, ERR_IO. */
MUST_CHECK enum err_kind client_open(
	const struct client_options *options, struct client **c, struct err *err);
/* When no call is under way any more. */
void client_close(struct client *c);
/*
 * Sends a call, which is copied, and returns at once. `done` is called exactly once: on this thread and before
 * this returns for ERR_INPUT (verb or body malformed) and ERR_LIMIT (no memory); later for the answer, ERR_IO,
 * ERR_NOT_FOUND (nobody listens any more), ERR_LIMIT (time-out; the call is cancelled). Any thread.
 */
void client_send(struct client *c, const struct client_call *call, client_done_fn *done, void *arg);
/* The same, and waits. The answer's texts are in the caller's arena. Any thread but the reading one. */
MUST_CHECK enum err_kind client_ask(struct client *c, struct arena *mem,
	const struct client_call *call, struct client_answer *answer, struct err *err);

#endif
