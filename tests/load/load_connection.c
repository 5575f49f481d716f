#include "load_connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCES_A_NET = 250 };

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priority;

void load_connection_init(void)
{
	if (gnutls_certificate_allocate_credentials(&credentials) != 0 ||
		gnutls_priority_init(&priority, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL) != 0) {
		fprintf(stderr, "load_client: no TLS\n");
		exit(2);
	}
}

void load_connection_drop(struct load_connection *c)
{
	if (c->fd < 0)
		return;
	gnutls_deinit(c->tls);
	close(c->fd);
	c->fd = -1;
	c->is_connected = false;
	c->is_asking = false;
}

static enum load_event closed(struct load_connection *c)
{
	load_connection_drop(c);
	return LOAD_CLOSED;
}

bool load_connection_open(
	struct load_connection *c, const struct sockaddr_in *to, unsigned source, int epoll)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT, .data.ptr = c };
	int yes = 1;

	assert(c->fd < 0);
	from.sin_addr.s_addr = htonl(
		0x7f000101U + source / SOURCES_A_NET * 256 + source % SOURCES_A_NET);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (bind(c->fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
		gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0) {
		close(c->fd);
		c->fd = -1;
		return false;
	}
	gnutls_priority_set(c->tls, priority);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(c->tls, c->fd);
	c->is_connected = c->is_asking = c->is_in_body = false;
	c->wants_write = true;
	c->out_len = c->out_sent = c->head_len = 0;
	int rc = connect(c->fd, (const struct sockaddr *)to, sizeof(*to));

	if ((rc == 0 || errno == EINPROGRESS) && epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0)
		return true;
	load_connection_drop(c);
	return false;
}

static void watch(struct load_connection *c, int epoll, bool wants_write)
{
	struct epoll_event e = { .events = EPOLLIN | (wants_write ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = c };

	if (wants_write == c->wants_write)
		return;
	c->wants_write = wants_write;
	epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* False when the connection has broken. */
static bool flush(struct load_connection *c, int epoll)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = gnutls_record_send(
			c->tls, c->out + c->out_sent, c->out_len - c->out_sent);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			break;
		if (n < 0)
			return false;
		c->out_sent += (size_t)n;
	}
	watch(c, epoll, c->out_sent < c->out_len);
	return true;
}

enum load_event load_connection_send(
	struct load_connection *c, const char *request, size_t len, int epoll)
{
	assert(c->is_connected && !c->is_asking && len <= sizeof(c->out));
	memcpy(c->out, request, len);
	c->out_len = len;
	c->out_sent = 0;
	c->is_asking = true;
	c->is_in_body = false;
	c->head_len = 0;
	return flush(c, epoll) ? LOAD_NOTHING : closed(c);
}

/* The value of a header; NULL when it is not there. */
static const char *header(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1;
	}
	return NULL;
}

/* What has come of the head is in c->head. False when it is not an answer; *end: where the body begins, 0: not yet. */
static bool parse_head(struct load_connection *c, size_t *end)
{
	c->head[c->head_len] = '\0';
	const char *blank = strstr(c->head, "\r\n\r\n"), *length, *entry;

	*end = 0;
	if (blank == NULL)
		return c->head_len < sizeof(c->head) - 1;
	*end = (size_t)(blank - c->head) + 4;
	c->head[*end - 2] = '\0';
	if (strncmp(c->head, "HTTP/1.1 ", 9) != 0)
		return false;
	c->status = (int)strtol(c->head + 9, NULL, 10);
	length = header(c->head, "Content-Length");
	entry = header(c->head, "Vitrine-Entry");
	c->body_left = c->body_bytes = length == NULL ? 0 : strtoull(length, NULL, 10);
	c->entry = entry == NULL ? -1 : strtoll(entry, NULL, 10);
	return true;
}

/* Returns LOAD_ANSWERED with the last byte. */
static enum load_event take(struct load_connection *c, const char *bytes, size_t len)
{
	if (!c->is_asking)
		return closed(c);
	if (!c->is_in_body) {
		size_t before = c->head_len, room = sizeof(c->head) - 1 - before, end;
		size_t part = len < room ? len : room;

		memcpy(c->head + before, bytes, part);
		c->head_len += part;
		if (!parse_head(c, &end))
			return closed(c);
		if (end == 0)
			return LOAD_NOTHING;
		c->is_in_body = true;
		len -= end - before;
	}
	if (len > c->body_left)
		return closed(c);
	c->body_left -= len;
	if (c->body_left > 0)
		return LOAD_NOTHING;
	c->is_asking = false;
	return LOAD_ANSWERED;
}

static enum load_event shake_hands(struct load_connection *c, int epoll)
{
	int rc = gnutls_handshake(c->tls);

	if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED) {
		watch(c, epoll, gnutls_record_get_direction(c->tls) == 1);
		return LOAD_NOTHING;
	}
	if (rc != 0)
		return closed(c);
	c->is_connected = true;
	watch(c, epoll, false);
	return LOAD_READY;
}

enum load_event load_connection_step(struct load_connection *c, int epoll)
{
	char bytes[16384];

	if (!c->is_connected)
		return shake_hands(c, epoll);
	if (!flush(c, epoll))
		return closed(c);
	for (;;) {
		ssize_t n = gnutls_record_recv(c->tls, bytes, sizeof(bytes));

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return LOAD_NOTHING;
		if (n <= 0)
			return closed(c);
		enum load_event event = take(c, bytes, (size_t)n);

		if (event != LOAD_NOTHING)
			return event;
	}
}
