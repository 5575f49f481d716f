#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_client.h"

static gnutls_certificate_credentials_t credentials;

bool tls_client_open(struct tls_client *c, unsigned port, const char *priorities)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 10 };

	if (credentials == NULL && gnutls_certificate_allocate_credentials(&credentials) < 0)
		return false;
	*c = (struct tls_client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (c->fd < 0 ||
		setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		connect(c->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return false;
	if (gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0 ||
		gnutls_priority_set_direct(c->tls,
			priorities == NULL ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : priorities,
			NULL) < 0 ||
		gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials) < 0)
		return false;
	gnutls_transport_set_int(c->tls, c->fd);
	return gnutls_handshake(c->tls) >= 0;
}

bool tls_client_send(struct tls_client *c, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = gnutls_record_send(c->tls, text, len);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

size_t tls_client_receive(struct tls_client *c, char *text, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap) {
		ssize_t n = gnutls_record_recv(c->tls, text + len, cap - 1 - len);

		if (n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			return 0;
		len += (size_t)n;
		text[len] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		const char *length = strcasestr(text, "\r\nContent-Length: ");

		if (end != NULL && length != NULL && length < end &&
			len >= (size_t)(end - text) + 4 + strtoul(length + 18, NULL, 10))
			return len;
	}
	return 0;
}

bool tls_client_is_closed(struct tls_client *c)
{
	char byte;
	ssize_t n;

	do
		n = gnutls_record_recv(c->tls, &byte, 1);
	while (n == GNUTLS_E_INTERRUPTED || n > 0);
	return n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION || n == GNUTLS_E_PULL_ERROR;
}

void tls_client_close(struct tls_client *c)
{
	if (c->tls != NULL)
		gnutls_deinit(c->tls);
	if (c->fd >= 0)
		close(c->fd);
}
