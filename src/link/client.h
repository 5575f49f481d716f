/*
 * client: the calling side of the link: one connection, many requests under way, each call blocks its own
 * thread. Used by the point and the command line. Reconnects by itself; a request under way when the
 * connection broke fails with ERR_IO (its idempotency key lets it be sent again).
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include "base/arena.h"
#include "link/frame.h"

struct client;

struct client_options {
	const char *socket_path;
	const char *point; /* name of the point, or "console" for the command line */
	const struct sign_secret *key; /* of the point; NULL: unsigned (only the console) */
	int timeout_ms; /* for one call; 0: 30,000 */
};

struct client_call {
	const char *verb;
	const uint8_t *token; /* FRAME_TOKEN_BYTES, or NULL */
	const uint8_t *peer; /* 16 bytes, or NULL */
	struct str body;
	int fd; /* handed over with the call (release.ingest), or -1 */
	void (*progress)(void *arg, struct str json);
	bool (*cancelled)(void *arg); /* asked about four times a second; may be NULL */
	void *arg;
};

struct client_answer {
	enum err_kind status;
	struct str json, bytes; /* in the caller's arena */
	uint64_t entry_index, tree_size;
	struct sha256 root;
};

MUST_CHECK enum err_kind client_open(
	const struct client_options *options, struct client **c, struct err *err);
void client_close(struct client *c);
/* OK when an answer came, whatever its status. Any thread. Errors: ERR_IO, ERR_LIMIT (time-out). */
MUST_CHECK enum err_kind client_ask(struct client *c, struct arena *mem,
	const struct client_call *call, struct client_answer *answer, struct err *err);

#endif
