#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limit.h"
#include "http/deadline.h"
#include "http/workers.h"
#include "os/log.h"

enum {
	WORKERS = 128,
	CONNECTIONS_PER_ADDRESS = 128,
	IDLE_S = 20,
	REQUEST_S = 45,
	ANSWER_S = 120,
	CONNECTION_MEMORY_BYTES = 32 << 10, /* request line and headers must fit half of it */
	LISTEN_BACKLOG = 256,
};

/* A worker waits for the vault's answer. Sign-ins and long verbs wait there in queues: were there fewer workers
 * than places in them, a flood of sign-ins would leave none for anybody else. */
static_assert(WORKERS >= LIMIT_PASSWORD_QUEUE + LIMIT_LONG_QUEUE + LIMIT_LONG_CALLS + 32,
	"workers are left when the vault's slow queues are full");

struct http {
	struct http_options options;
	struct MHD_Daemon *daemon;
	struct workers *workers;
	struct deadline *deadline;
	atomic_bool stopping;
	/* Requests between suspend and resume: http_stop waits for none. */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned under_way;
	unsigned large_bodies;
};

enum exchange_state { READING, WORKING, ANSWERED, REFUSED };

/* One request and its response; made when the request line is in, freed when the library is done with it. */
struct exchange {
	struct workers_job job; /* first: the pool's view of it */
	struct http_later later; /* that of whoever answers it */
	struct http *http;
	struct MHD_Connection *connection;
	struct deadline_peer *peer;
	enum exchange_state state;
	struct arena mem;
	struct http_request request;
	struct http_response response;
	char *body; /* room for body_max bytes */
	size_t body_max, body_len;
	bool seen; /* the handler has been called with the headers */
	bool bad_uri;
	bool is_large; /* holds one of HTTP_LARGE_BODIES */
};

static const char *const header_names[HTTP_HEADERS] = {
	[HTTP_HOST] = "Host",
	[HTTP_ORIGIN] = "Origin",
	[HTTP_FETCH_SITE] = "Sec-Fetch-Site",
	[HTTP_COOKIE] = "Cookie",
	[HTTP_AUTHORIZATION] = "Authorization",
	[HTTP_CONTENT_TYPE] = "Content-Type",
	[HTTP_IDEMPOTENCY_KEY] = "Idempotency-Key",
	[HTTP_CSRF] = "Vitrine-Csrf",
};

/* On every response, a refusal of this file included. */
static const struct {
	const char *name, *value;
} security_headers[] = {
	{ "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Permissions-Policy",
		"camera=(), microphone=(), geolocation=(), display-capture=(), clipboard-read=(), usb=(), "
		"serial=(), payment=()" },
	{ "Strict-Transport-Security", "max-age=31536000" },
	{ "X-Frame-Options", "DENY" },
};

void http_header_add(struct http_response *response, const char *name, const char *value)
{
	assert(response->extra_count < HTTP_EXTRA_HEADERS_MAX);
	response->extra[response->extra_count].name = name;
	response->extra[response->extra_count++].value = value;
}

/* Hand the response over. The body stays in the exchange's arena, which outlives the library's use of it. */
static enum MHD_Result send_response(
	struct MHD_Connection *connection, const struct http_response *response)
{
	union {
		const char *borrowed;
		void *unchanged;
	} body = { .borrowed = response->body.ptr };
	struct MHD_Response *r = MHD_create_response_from_buffer(
		response->body.len, body.unchanged, MHD_RESPMEM_PERSISTENT);

	if (r == NULL)
		return MHD_NO;
	enum MHD_Result ok = MHD_add_response_header(r, "Content-Type", response->type);

	for (size_t i = 0;
		ok == MHD_YES && i < sizeof(security_headers) / sizeof(security_headers[0]); i++)
		ok = MHD_add_response_header(
			r, security_headers[i].name, security_headers[i].value);
	if (ok == MHD_YES)
		ok = MHD_add_response_header(r, "Cache-Control",
			response->is_asset ? "public, max-age=31536000, immutable" : "no-store");
	for (unsigned i = 0; ok == MHD_YES && i < response->extra_count; i++)
		ok = MHD_add_response_header(r, response->extra[i].name, response->extra[i].value);
	if (ok == MHD_YES)
		ok = MHD_queue_response(connection, (unsigned)response->status, r);
	MHD_destroy_response(r);
	return ok;
}

/* What this file itself answers, before any page could. */
static enum MHD_Result refuse(struct exchange *x, int status, const char *text)
{
	struct http_response response = {
		.status = status, .type = "text/plain; charset=utf-8", .body = str_from(text)
	};

	if (status == 405)
		http_header_add(&response, "Allow", "GET, HEAD, POST");
	x->state = REFUSED;
	deadline_enter(x->http->deadline, x->peer, DEADLINE_SENDING);
	return send_response(x->connection, &response);
}

static void peer_address(struct MHD_Connection *connection, uint8_t peer[16])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	memset(peer, 0, 16);
	if (info == NULL || info->client_addr == NULL)
		return;
	if (info->client_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 a;

		memcpy(&a, info->client_addr, sizeof(a));
		memcpy(peer, &a.sin6_addr, 16);
	} else if (info->client_addr->sa_family == AF_INET) {
		struct sockaddr_in a;

		memcpy(&a, info->client_addr, sizeof(a));
		peer[10] = peer[11] = 0xff;
		memcpy(peer + 12, &a.sin_addr, 4);
	}
}

static struct deadline_peer *find_peer(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

/* Called with the request line, before the library decodes it in place: paths stay as they were sent. */
static void *begin(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof(*x));
	struct str all = str_from(uri);

	if (x == NULL)
		return NULL;
	x->http = arg;
	x->connection = connection;
	x->peer = find_peer(connection);
	arena_init(&x->mem, HTTP_MEM_BYTES);
	if (all.len > HTTP_URI_BYTES_MAX || all.len == 0 || all.ptr[0] != '/' ||
		!arena_copy(&x->mem, all, &all)) {
		x->bad_uri = true;
		return x;
	}
	if (!str_cut(all, '?', &x->request.path, &x->request.query)) {
		x->request.path = all;
		x->request.query = STR("");
	}
	return x;
}

/* Large bodies are few: a flood of them waits for nobody but itself. */
static bool take_large(struct exchange *x)
{
	struct http *h = x->http;

	pthread_mutex_lock(&h->lock);
	x->is_large = h->large_bodies < HTTP_LARGE_BODIES;
	h->large_bodies += x->is_large;
	pthread_mutex_unlock(&h->lock);
	return x->is_large;
}

static void give_large(struct exchange *x)
{
	pthread_mutex_lock(&x->http->lock);
	x->http->large_bodies -= x->is_large;
	pthread_mutex_unlock(&x->http->lock);
	x->is_large = false;
}

/* The headers are in: copy what is read above, and decide how long a body may be. */
static enum MHD_Result take_headers(struct exchange *x, const char *method)
{
	struct http_request *q = &x->request;

	x->seen = true;
	if (x->bad_uri)
		return refuse(x, 414, "This address is too long or malformed.\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		q->method = HTTP_GET;
	else if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
		q->method = HTTP_POST;
	else
		return refuse(x, 405, "Only GET, HEAD and POST are answered here.\n");

	for (int i = 0; i < HTTP_HEADERS; i++) {
		struct str value = str_from(MHD_lookup_connection_value(
			x->connection, MHD_HEADER_KIND, header_names[i]));

		if (!arena_copy(&x->mem, value, &q->headers[i]))
			return refuse(x, 503, "Out of memory for this request. Try again.\n");
	}
	peer_address(x->connection, q->peer);

	const char *length = MHD_lookup_connection_value(
		x->connection, MHD_HEADER_KIND, "Content-Length");
	uint64_t announced = 0;

	x->body_max = q->method == HTTP_GET
		? 0
		: x->http->options.body_bytes_max(x->http->options.arg, q->method, q->path);
	if (length != NULL &&
		(!str_to_u64(str_from(length), &announced) || announced > x->body_max))
		return refuse(x, 413, "The body of this request is too long.\n");
	/* An announced body gets the room it needs: that room is zeroed before and wiped after. */
	if (length != NULL)
		x->body_max = (size_t)announced;
	if (x->body_max > HTTP_LARGE_BODY_BYTES) {
		if (length == NULL)
			return refuse(x, 411, "Say how long the body of this request is.\n");
		if (!take_large(x))
			return refuse(
				x, 503, "Others are sending pictures. Try again in a moment.\n");
	}
	x->body = arena_array(&x->mem, char, x->body_max);
	if (x->body == NULL)
		return refuse(x, 503, "Out of memory for this request. Try again.\n");
	return MHD_YES;
}

/* Any thread: the response is filled. */
static void answer(struct http_later *later)
{
	struct exchange *x = (struct exchange *)((char *)later - offsetof(struct exchange, later));
	struct http *h = x->http;

	assert(x->response.status >= 200 && x->response.type != NULL);
	x->state = ANSWERED;
	MHD_resume_connection(x->connection);
	/* From here on the exchange may be freed by the library's thread. */
	pthread_mutex_lock(&h->lock);
	if (--h->under_way == 0)
		pthread_cond_broadcast(&h->idle);
	pthread_mutex_unlock(&h->lock);
}

static void run(struct workers_job *job)
{
	struct exchange *x = (struct exchange *)job;
	struct http *h = x->http;

	h->options.handle(h->options.arg, &x->mem, &x->request, &x->response);
	answer(&x->later);
}

/* The request is whole: it is answered at once by whoever may, or by a worker. */
static enum MHD_Result hand_over(struct exchange *x)
{
	struct http *h = x->http;

	x->request.body = str_of(x->body, x->body_len);
	pthread_mutex_lock(&h->lock);
	bool stopping = atomic_load(&h->stopping);

	if (!stopping)
		h->under_way++;
	pthread_mutex_unlock(&h->lock);
	if (stopping)
		return refuse(x, 503, "This access point is shutting down.\n");
	x->state = WORKING;
	x->later.answer = answer;
	deadline_enter(h->deadline, x->peer, DEADLINE_WORKING);
	MHD_suspend_connection(x->connection);
	if (h->options.start == NULL ||
		!h->options.start(h->options.arg, &x->mem, &x->request, &x->response, &x->later))
		workers_submit(h->workers, &x->job);
	return MHD_YES;
}

static enum MHD_Result access_handler(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **context)
{
	struct http *h = arg;
	struct exchange *x = *context;

	(void)url;
	(void)version;
	if (x == NULL)
		return MHD_NO;
	if (!x->seen)
		return take_headers(x, method);
	if (x->state == REFUSED)
		return MHD_YES;
	if (x->state == ANSWERED) {
		deadline_enter(h->deadline, x->peer, DEADLINE_SENDING);
		return send_response(connection, &x->response);
	}
	if (*upload_size > 0) {
		/* A chunked body that grows past its bound: nothing can be said in the middle of it. */
		if (*upload_size > x->body_max - x->body_len)
			return MHD_NO;
		memcpy(x->body + x->body_len, upload, *upload_size);
		x->body_len += *upload_size;
		*upload_size = 0;
		return MHD_YES;
	}
	return x->state == WORKING ? MHD_YES : hand_over(x);
}

/* Bodies hold passwords and tokens, answers hold tiles: wiped. */
static void completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *context;

	(void)arg;
	(void)connection;
	(void)why;
	if (x == NULL)
		return;
	deadline_enter(x->http->deadline, x->peer, DEADLINE_READING);
	give_large(x);
	arena_wipe(&x->mem);
	free(x);
	*context = NULL;
}

/* A connection begins or ends. */
static void connected(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http *h = arg;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (code == MHD_CONNECTION_NOTIFY_STARTED && info != NULL) {
		*context = deadline_add(h->deadline, info->connect_fd);
		/* Without memory to watch it, it is not served. */
		if (*context == NULL)
			shutdown(info->connect_fd, SHUT_RDWR);
	} else if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		deadline_remove(h->deadline, *context);
		*context = NULL;
	}
}

static void library_log(void *arg, const char *fmt, va_list ap)
{
	char line[400];

	(void)arg;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	log_line(LOG_DEBUG, "http: %s", line);
}

static struct MHD_Daemon *start_daemon(struct http *h)
{
	const struct http_options *o = &h->options;
	/* The options after the end of the list are those of TLS. */
	const enum MHD_OPTION tls = o->key_pem != NULL ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END;

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_ERROR_LOG | (o->key_pem != NULL ? MHD_USE_TLS : 0),
		0, NULL, NULL, access_handler, h, MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, o->listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned)HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)(HTTP_THREADS * HTTP_CONNECTIONS_A_THREAD),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		o->connections_per_address_max > 0 ? o->connections_per_address_max
						   : (unsigned)CONNECTIONS_PER_ADDRESS,
		MHD_OPTION_CONNECTION_TIMEOUT, o->idle_s > 0 ? o->idle_s : (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, begin, h,
		MHD_OPTION_NOTIFY_COMPLETED, completed, h, MHD_OPTION_NOTIFY_CONNECTION, connected,
		h, tls, o->key_pem, MHD_OPTION_HTTPS_MEM_CERT, o->certificate_pem,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:%SERVER_PRECEDENCE",
		MHD_OPTION_END);
}

enum err_kind http_listen(const char *listen_at, int *listen_fd, unsigned *port, struct err *err)
{
	char host[64], service[8];
	const char *colon = strrchr(listen_at, ':');
	size_t host_len = colon == NULL ? 0 : (size_t)(colon - listen_at);
	bool bracketed = host_len >= 2 && listen_at[0] == '[' && listen_at[host_len - 1] == ']';

	if (host_len == 0 || host_len >= sizeof(host) || strlen(colon + 1) >= sizeof(service))
		return err_set(err, ERR_INPUT,
			"listen: \"%.80s\" is not ADDRESS:PORT, such as 127.0.0.1:8443", listen_at);
	if (bracketed)
		snprintf(host, sizeof(host), "%.*s", (int)host_len - 2, listen_at + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)host_len, listen_at);
	snprintf(service, sizeof(service), "%s", colon + 1);

	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(host, service, &hints, &found);

	if (rc != 0)
		return err_set(
			err, ERR_INPUT, "listen: \"%.80s\": %s", listen_at, gai_strerror(rc));

	enum err_kind kind = OK;
	int yes = 1;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound = { .v6 = { 0 } };
	socklen_t bound_len = sizeof(bound);
	int s = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
		bind(s, found->ai_addr, found->ai_addrlen) != 0 || listen(s, LISTEN_BACKLOG) != 0 ||
		getsockname(s, &bound.any, &bound_len) != 0) {
		kind = err_errno(err, errno, "listen on %.80s", listen_at);
		if (s >= 0)
			close(s);
		goto out;
	}
	*port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
	*listen_fd = s;
out:
	freeaddrinfo(found);
	return kind;
}

/* Does this socket listen on this machine alone? */
static bool is_loopback(int listen_fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound = { .v6 = { 0 } };
	socklen_t len = sizeof(bound);

	if (getsockname(listen_fd, &bound.any, &len) != 0)
		return false;
	if (bound.any.sa_family == AF_INET)
		return ntohl(bound.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return bound.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&bound.v6.sin6_addr);
}

enum err_kind http_start(const struct http_options *options, struct http **out, struct err *err)
{
	if (options->key_pem == NULL && !is_loopback(options->listen_fd))
		return err_set(err, ERR_INPUT,
			"without a certificate only this machine is served: listen on 127.0.0.1 or [::1]");

	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the web face");
	h->options = *options;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->idle, NULL);
	const struct deadline_limits limits = {
		.reading_s = options->request_s > 0 ? options->request_s : REQUEST_S,
		.sending_s = options->answer_s > 0 ? options->answer_s : ANSWER_S,
	};
	enum err_kind rc = deadline_start(&limits, &h->deadline, err);

	if (rc == OK)
		rc = workers_start(
			options->workers > 0 ? options->workers : WORKERS, run, &h->workers, err);
	if (rc == OK) {
		h->daemon = start_daemon(h);
		if (h->daemon != NULL) {
			*out = h;
			return OK;
		}
		workers_stop(h->workers);
		rc = err_set(err, ERR_INPUT,
			"start the web face: is the certificate whole, and does it fit its key?");
	}
	if (h->deadline != NULL)
		deadline_stop(h->deadline);
	pthread_cond_destroy(&h->idle);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return rc;
}

void http_stop(struct http *h)
{
	int listener = MHD_quiesce_daemon(h->daemon);

	pthread_mutex_lock(&h->lock);
	atomic_store(&h->stopping, true);
	while (h->under_way > 0)
		pthread_cond_wait(&h->idle, &h->lock);
	pthread_mutex_unlock(&h->lock);
	MHD_stop_daemon(h->daemon);
	if (listener >= 0)
		close(listener);
	workers_stop(h->workers);
	deadline_stop(h->deadline);
	pthread_cond_destroy(&h->idle);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
