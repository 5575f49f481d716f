/*
 * http: the HTTPS face of a point or a witness: libmicrohttpd over GnuTLS, TLS 1.3 only. Knows no page.
 *
 * Invariants
 *  - a complete request is suspended and resumed when its response is ready; on the library's threads runs
 *    nothing but `start`, which must not block; whatever may wait runs on a pool of workers;
 *  - connections <= HTTP_CONNECTIONS_A_THREAD x threads: the library's epoll loop fetches 128 events a
 *    call and waits for ever when exactly 128 came while work was pending (tests/unit/http/test_lockstep);
 *    the listening socket and the wake-up are two events more;
 *  - header bytes, body bytes, connections in all and by address, idle time, and the time in all that a peer
 *    takes to send a request or to take an answer are bounded;
 *  - every response carries the security headers; nothing but a named asset may be cached.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	HTTP_CONNECTIONS_A_THREAD = 125,
	HTTP_THREADS = 12, /* of the library: TLS and parsing; so many for 1,500 connections */
	HTTP_URI_BYTES_MAX = 8
		<< 10, /* path and query; a path inside a release is at most 4 KiB, escaped */
	HTTP_EXTRA_HEADERS_MAX = 4,
	/* Longer bodies must tell their length, and only so many are taken in at a time: pictures, 12 MiB each. */
	HTTP_LARGE_BODY_BYTES = 1 << 20,
	HTTP_LARGE_BODIES = 4,
	HTTP_MEM_BYTES = 16 << 20, /* one request: its body, the vault's answer twice, its page */
};

enum http_method { HTTP_GET, HTTP_POST }; /* HEAD is a GET whose body is not sent */

/* The request headers that anybody above reads. */
enum http_header {
	HTTP_HOST,
	HTTP_ORIGIN,
	HTTP_FETCH_SITE,
	HTTP_COOKIE,
	HTTP_AUTHORIZATION,
	HTTP_CONTENT_TYPE,
	HTTP_IDEMPOTENCY_KEY,
	HTTP_CSRF, /* "Vitrine-Csrf": cannot be sent across origins without asking */
	HTTP_HEADERS
};

/* Borrowed from the request's arena; an absent header is empty. */
struct http_request {
	enum http_method method;
	struct str path, query; /* as sent, still percent-encoded; query without "?" */
	struct str headers[HTTP_HEADERS];
	struct str body;
	uint8_t peer[16]; /* IPv6, or IPv4 mapped into it */
};

/* Filled by the handler; strings live in the request's arena or are static. */
struct http_response {
	int status;
	const char *type; /* media type */
	struct str body;
	bool is_asset; /* its address names its digest: may be cached for ever */
	struct {
		const char *name, *value;
	} extra[HTTP_EXTRA_HEADERS_MAX];
	unsigned extra_count;
};

/* A request that is answered later: whoever has filled its response calls answer, once, on any thread. */
struct http_later {
	void (*answer)(struct http_later *later);
};

struct http_options {
	int listen_fd; /* from http_listen; the server's from a successful http_start on */
	/* Both NULL: plain HTTP, which http_start allows on a loopback address alone. */
	const char *key_pem, *certificate_pem;
	unsigned workers; /* threads that run `handle`; 0: 128 */
	unsigned connections_per_address_max; /* 0: 128, a room of people behind one address */
	unsigned idle_s; /* a connection without a byte for so long is closed; 0: 20 */
	unsigned request_s; /* for a request to come whole, idle time before it included; 0: 45 */
	unsigned answer_s; /* for an answer to be taken whole; 0: 120 */
	/* On a library thread, after the headers: how long a body this path takes. Must not block. */
	size_t (*body_bytes_max)(void *arg, enum http_method method, struct str path);
	/*
	 * On a library thread, with the whole request: must not block. True: taken over, `later` is used once, perhaps
	 * before this returns; all pointers are good until then. False: `handle` gets it. NULL: always `handle`.
	 */
	bool (*start)(void *arg, struct arena *mem, const struct http_request *request,
		struct http_response *response, struct http_later *later);
	/* On a worker. Fills *response, whatever happens. */
	void (*handle)(void *arg, struct arena *mem, const struct http_request *request,
		struct http_response *response);
	void *arg;
};

/*
 * Takes the address, so that the caller may give the right to do so up before the first thread begins.
 * listen_at  numeric address and port: "127.0.0.1:8443", "[::1]:0"; port 0 takes a free one
 * *port      the one taken
 * Errors: ERR_INPUT, ERR_IO.
 */
MUST_CHECK enum err_kind http_listen(
	const char *listen_at, int *listen_fd, unsigned *port, struct err *err);

struct http;
/* What options point at is borrowed until http_stop. Errors: ERR_INPUT (key, certificate), ERR_IO, ERR_LIMIT. */
MUST_CHECK enum err_kind http_start(
	const struct http_options *options, struct http **h, struct err *err);
/* Ends what is under way, then closes every connection. */
void http_stop(struct http *h);

/* Adds a header; more than HTTP_EXTRA_HEADERS_MAX is our mistake. */
void http_header_add(struct http_response *response, const char *name, const char *value);

#endif
