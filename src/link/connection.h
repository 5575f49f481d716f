/*
 * connection: one peer of a server: its bytes in and out, its calls under way. Private to server.c and
 * connection.c.
 *
 * Invariants
 *  - fields marked (thread) belong to the server's thread; those marked (lock) to who holds server->lock;
 *  - a closed connection lives on until its last call is answered;
 *  - waiting_bytes counts every byte in `waiting` and `sending`.
 */
#ifndef LINK_CONNECTION_H
#define LINK_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>

#include "link/server.h"

enum { CONNECTION_FDS_MAX = 8, CONNECTION_IN_BYTES = 128 << 10 };

struct server {
	struct server_options options;
	int epoll, wake;
	pthread_t thread;
	pthread_mutex_t lock;
	struct connection *connections; /* (thread) */
	size_t connection_count; /* (thread) */
	struct connection *dirty; /* (lock) to be looked at by the thread */
	size_t call_count; /* (lock) under way, of all connections */
	bool stopping; /* (lock) */
};

/* Bytes that wait to be sent. */
struct chunk {
	struct chunk *next;
	size_t len, sent;
	uint8_t bytes[];
};

struct connection {
	struct server *server;
	struct connection *next; /* (thread) */
	int fd; /* (thread) -1 once closed */
	unsigned uid;
	uint32_t events; /* (thread) what epoll watches */
	size_t in_len; /* (thread) */
	uint8_t *in; /* (thread) CONNECTION_IN_BYTES */
	int fds[CONNECTION_FDS_MAX]; /* (thread) that came and belong to no call yet */
	size_t fd_count;
	struct server_call
		*unsigned_calls[FRAME_BATCH_CALLS_MAX]; /* (thread) their signature is to come */
	size_t unsigned_count; /* (thread) */
	struct chunk *sending; /* (thread) */
	struct chunk *waiting, **waiting_end; /* (lock) */
	size_t waiting_bytes; /* (lock) */
	struct server_call *calls; /* (lock) */
	size_t call_count; /* (lock) */
	struct connection *next_dirty; /* (lock) */
	bool is_dirty, is_closed, is_cut; /* (lock) */
};

struct server_call {
	struct connection *connection;
	struct server_call *next, *previous; /* (lock) */
	struct frame_call frame; /* its body follows this struct */
	struct sha256 digest, signed_digest;
	int fd;
	atomic_bool cancelled;
	char body[];
};

/* A connection of an accepted socket, which it owns. NULL when there is no memory; the socket is closed. */
struct connection *connection_open(struct server *s, int fd, unsigned uid);
/* Whether the thread may take another call off it now. */
bool connection_may_read(struct connection *c);
/* Read what has come, once. Closes the connection when the peer has gone. */
void connection_read(struct connection *c);
/* Hand over complete frames as far as bounds allow; send what waits as far as the peer takes it. */
void connection_serve(struct connection *c);
/* The peer has gone or misbehaved: cancels its calls. Safe when closed already. */
void connection_close(struct connection *c);
/* Calls whose signature has not come are given up: nobody else would answer them. */
void connection_drop_unsigned(struct connection *c);
/* Cancels the calls of that id, or with NULL all. */
void connection_cancel(struct connection *c, const uint64_t *request_id);
/* After connection_close and its last call. */
void connection_free(struct connection *c);
/* With the lock held: have the thread look at it. */
void connection_mark(struct connection *c);

#endif
