/*
 * client_stream: a client's connection: frames out, answers in, one connection after another. Private to client.c
 * and client_stream.c.
 */
#ifndef LINK_CLIENT_STREAM_H
#define LINK_CLIENT_STREAM_H

#include <pthread.h>

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

/* A thread that waits for its answer. Lives on that thread's stack; on the list while it waits. */
struct waiter {
	struct waiter *next, *previous;
	uint64_t request_id;
	pthread_cond_t wake;
	bool answered, broken;
	struct frame_answer answer;
	char *body; /* of the answer, malloc */
	char *progress; /* the newest not yet told, malloc */
	size_t progress_len;
	int64_t heard_us;
};

/*
 * The reader thread alone closes fd, after the last sender has let go of it; whoever finds the connection broken
 * only shuts it down.
 */
struct client {
	struct client_options options;
	char point[FRAME_POINT_BYTES];
	pthread_t reader;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed; /* fd, connected, sending or closing did */
	int fd; /* -1: none */
	bool connected, closing;
	bool sending; /* one thread at a time signs and writes for all */
	struct waiter *waiters;
	struct outgoing *outgoing, **outgoing_end;
	uint64_t request_id, counter;
};

/* The reader thread; arg is the client. Ends once it is closing and not connected. */
void *client_stream_read(void *arg);
/* With the lock held: nothing more goes in or out; everybody who waits is told. */
void client_stream_break(struct client *c);
/* With the lock held. Errors: ERR_NOT_FOUND (nobody listens), ERR_IO. */
MUST_CHECK enum err_kind client_stream_connect(struct client *c, struct err *err);
/* A frame in memory of its own; NULL when there is none. Takes fd over. */
struct outgoing *outgoing_make(const struct frame *frame, int fd);
void outgoing_free(struct outgoing *list);
/*
 * With the lock held and connected: takes the frame over and sends whatever waits, unless another thread is at it,
 * which then takes ours along. The lock is given back meanwhile.
 */
void client_stream_send(struct client *c, struct outgoing *o);

#endif
