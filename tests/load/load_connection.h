/*
 * load_connection: one keep-alive HTTPS connection of the load client: non-blocking, one request at a time. Of an
 * answer it keeps the status and the entry's number; the body is counted and thrown away.
 */
#ifndef LOAD_CONNECTION_H
#define LOAD_CONNECTION_H

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_REQUEST_BYTES_MAX = 4096, LOAD_HEAD_BYTES_MAX = 8192 };

enum load_event {
	LOAD_NOTHING, /* not yet */
	LOAD_READY, /* connected: a request may be sent */
	LOAD_ANSWERED, /* the answer is whole; the next request may be sent */
	LOAD_CLOSED, /* by the peer, or broken; closed already */
};

struct load_connection {
	int fd; /* -1: none */
	gnutls_session_t tls;
	bool is_connected, wants_write;
	char out[LOAD_REQUEST_BYTES_MAX];
	size_t out_len, out_sent;
	bool is_asking; /* a request is out and its answer is not in */
	bool is_in_body;
	char head[LOAD_HEAD_BYTES_MAX]; /* of the answer, as far as it has come */
	size_t head_len;
	uint64_t body_left;
	/* Of the newest answer. */
	int status;
	int64_t entry; /* -1: none */
	uint64_t body_bytes;
	/* The caller's own: is it being opened, which request waits for its answer, and since when. */
	bool is_opening, is_pending;
	uint64_t number;
	int64_t due_us;
	unsigned index;
};

/* Credentials that trust whatever certificate comes: who measures knows the server. Ends the program on failure. */
void load_connection_init(void);
/*
 * Begin to connect, from the address 127.0.(1 + source / 250).(1 + source % 250), and have epoll tell c.
 * False when there is no descriptor or memory.
 */
bool load_connection_open(
	struct load_connection *c, const struct sockaddr_in *to, unsigned source, int epoll);
/* Drop it in the middle of whatever it does. */
void load_connection_drop(struct load_connection *c);
/* Copies; at most LOAD_REQUEST_BYTES_MAX. Gives what comes of it at once: LOAD_NOTHING or LOAD_CLOSED. */
enum load_event load_connection_send(
	struct load_connection *c, const char *request, size_t len, int epoll);
/* After epoll spoke of it. */
enum load_event load_connection_step(struct load_connection *c, int epoll);

#endif
