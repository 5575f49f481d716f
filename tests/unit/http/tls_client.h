/* tls_client: many keep-alive HTTPS connections to a server on this machine, driven by one thread. */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <gnutls/gnutls.h>

struct tls_client {
	int fd;
	gnutls_session_t tls;
};

/* Each returns false when the server refused, closed or stayed silent for ten seconds. */
bool tls_client_open(struct tls_client *c, unsigned port, const char *priorities);
bool tls_client_send(struct tls_client *c, const char *text, size_t len);
/* Reads one response with a Content-Length: head and body, NUL-terminated. Returns its length, 0 on failure. */
size_t tls_client_receive(struct tls_client *c, char *text, size_t cap);
/* True when the peer has closed the connection. */
bool tls_client_is_closed(struct tls_client *c);
void tls_client_close(struct tls_client *c);

#endif
