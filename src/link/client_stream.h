/*
 * client_stream: a client's connection: frames out, answers in, one connection after another. Private to client.c
 * and client_stream.c.
 */
#ifndef LINK_CLIENT_STREAM_H
#define LINK_CLIENT_STREAM_H

#include <pthread.h>
#include <stdatomic.h>

#include "link/client.h"

/* A frame on its way out. */
struct outgoing {
	struct outgoing *next;
	int fd; /* goes with the first byte; -1: none. Owned */
	bool wants_signature; /* a call of a point */
	struct sha256 digest; /* of that call */
	size_t len, sent;
	uint8_t bytes[];
};

/* A call that waits for its answer. Taken off the table under the lock; told and freed by the reader alone. */
struct waiter {
	struct waiter *next;
	uint64_t request_id;
	char verb[FRAME_VERB_BYTES];
	uint64_t counter;
	struct sha256 digest; /* of a signed call */
	int64_t heard_us;
	client_done_fn *done;
	void (*progress)(void *arg, struct str json); /* on the reader's thread; may be NULL */
	void *arg; /* of both */
	struct err why; /* it failed */
};

/* Request ids are consecutive, so that a point's calls under way hardly ever share a bucket. */
enum { WAITER_BUCKETS = 1024 };

/*
 * The reader alone closes fd, after the sender has let go of it; whoever finds the connection broken only shuts it
 * down.
 */
struct client {
	struct client_options options;
	char point[FRAME_POINT_BYTES];
	pthread_t reader, sender;
	atomic_uint_fast64_t request_id, counter;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed; /* fd, connected, sending, lost or closing did */
	pthread_cond_t filled; /* outgoing did, or closing */
	int fd; /* -1: none */
	bool connected, closing;
	bool sending; /* the sender uses fd */
	bool sender_waits; /* for `filled` */
	struct waiter *waiters[WAITER_BUCKETS];
	size_t waiter_count;
	struct waiter *lost; /* to be told that they failed */
	struct outgoing *outgoing, **outgoing_end;
};

/* Both threads; arg is the client. They end once it is closing. */
void *client_stream_read(void *arg);
void *client_stream_send(void *arg);
/* Without the lock. *fd is the caller's. Errors: ERR_NOT_FOUND (nobody listens), ERR_IO. */
MUST_CHECK enum err_kind client_stream_connect(const struct client *c, int *fd, struct err *err);
/* With the lock held: nothing more goes in or out; everybody who waits will be told. */
void client_stream_break(struct client *c);
/* A frame in memory of its own; NULL when there is none. Takes fd over. */
struct outgoing *outgoing_make(const struct frame *frame, int fd);
/* With the lock held: takes the frame over, and with it the one who waits for its answer, if any. */
void client_stream_put(struct client *c, struct outgoing *o, struct waiter *w);
/* The call is to end early; its answer is awaited still. With the lock held. */
void client_stream_cancel(struct client *c, uint64_t request_id);

#endif
