#include "link/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/certificate.h"
#include "crypto/certificate_inside.h"
#include "os/clock.h"

struct tls {
	bool is_door;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	enum err_kind (*check)(
		void *user, const struct str *chain_der, size_t count, struct err *err);
};

struct tls_link {
	struct tls *tls;
	gnutls_session_t session;
	int fd;
	void *user;
	struct err refused; /* what `check` said */
	const char *why;
};

/* GnuTLS asks, in the handshake, what to think of the other side's certificates. */
static int verify(gnutls_session_t session)
{
	struct tls_link *link = gnutls_session_get_ptr(session);
	struct str chain[CERTIFICATE_CHAIN_MAX];
	unsigned count = 0;
	const gnutls_datum_t *given = gnutls_certificate_get_peers(session, &count);

	if (given == NULL || count == 0 || count > CERTIFICATE_CHAIN_MAX) {
		err_set(&link->refused, ERR_AUTH, "no certificate, or a chain of %u", count);
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	for (unsigned i = 0; i < count; i++)
		chain[i] = str_of(given[i].data, given[i].size);
	return link->tls->check(link->user, chain, count, &link->refused) == OK
		? 0
		: GNUTLS_E_CERTIFICATE_ERROR;
}

static int take_chain(struct tls *tls, const struct tls_options *options)
{
	gnutls_datum_t pem = { (unsigned char *)(uintptr_t)options->chain_pem,
		(unsigned)strlen(options->chain_pem) };
	gnutls_x509_crt_t *chain = NULL;
	gnutls_x509_privkey_t key = NULL;
	unsigned count = 0;
	int rc = gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0);

	if (rc >= 0)
		rc = certificate_take_secret(options->key, &key);
	if (rc >= 0)
		rc = gnutls_certificate_set_x509_key(tls->credentials, chain, (int)count, key);
	gnutls_x509_privkey_deinit(key);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return rc;
}

enum err_kind tls_open(const struct tls_options *options, struct tls **tls, struct err *err)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_set(err, ERR_LIMIT, "TLS: no memory");
	t->is_door = options->is_door;
	t->check = options->check;
	int rc = gnutls_certificate_allocate_credentials(&t->credentials);

	if (rc >= 0)
		rc = gnutls_priority_init(&t->priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
	if (rc >= 0)
		rc = take_chain(t, options);
	if (rc < 0) {
		tls_close(t);
		return err_set(err, ERR_INPUT, "TLS: certificate and key: %s", gnutls_strerror(rc));
	}
	gnutls_certificate_set_verify_function(t->credentials, verify);
	*tls = t;
	return OK;
}

void tls_close(struct tls *tls)
{
	if (tls->credentials != NULL)
		gnutls_certificate_free_credentials(tls->credentials);
	if (tls->priorities != NULL)
		gnutls_priority_deinit(tls->priorities);
	free(tls);
}

enum err_kind tls_set_socket(int fd, struct err *err)
{
	const int yes = 1, idle_s = TLS_SILENCE_S / 2, step_s = 1, steps = TLS_SILENCE_S / 2;
	const unsigned silence_ms = TLS_SILENCE_S * 1000;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s, sizeof(step_s)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &steps, sizeof(steps)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof(silence_ms)) != 0)
		return err_errno(err, errno, "TLS: socket");
	return OK;
}

static int begin(struct tls_link *link)
{
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL |
		(link->tls->is_door ? GNUTLS_SERVER : GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
	int rc = gnutls_init(&link->session, flags);

	if (rc >= 0)
		rc = gnutls_priority_set(link->session, link->tls->priorities);
	if (rc >= 0)
		rc = gnutls_credentials_set(
			link->session, GNUTLS_CRD_CERTIFICATE, link->tls->credentials);
	if (rc < 0)
		return rc;
	if (link->tls->is_door)
		gnutls_certificate_server_set_request(link->session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_ptr(link->session, link);
	gnutls_transport_set_int(link->session, link->fd);
	return 0;
}

/* Returns as gnutls_handshake, or GNUTLS_E_TIMEDOUT. */
static int shake_hands(struct tls_link *link)
{
	int64_t end_us = clock_monotonic_us() + TLS_HANDSHAKE_MS * INT64_C(1000);
	int rc;

	while ((rc = gnutls_handshake(link->session)) < 0 && gnutls_error_is_fatal(rc) == 0) {
		int64_t left_us = end_us - clock_monotonic_us();
		struct pollfd p = { .fd = link->fd,
			.events = gnutls_record_get_direction(link->session) ? POLLOUT : POLLIN };

		if (left_us <= 0 || poll(&p, 1, (int)(left_us / 1000) + 1) == 0)
			return GNUTLS_E_TIMEDOUT;
	}
	return rc;
}

enum err_kind tls_handshake(
	struct tls *tls, int fd, void *user, struct tls_link **out, struct err *err)
{
	struct tls_link *link = calloc(1, sizeof(*link));
	int rc = GNUTLS_E_MEMORY_ERROR;

	if (link == NULL) {
		close(fd);
		return err_set(err, ERR_LIMIT, "TLS: no memory");
	}
	*link = (struct tls_link){ .tls = tls, .fd = fd, .user = user, .why = "" };
	rc = begin(link);
	if (rc >= 0)
		rc = shake_hands(link);
	/* Asked for in the handshake; and here again, before anything is read. */
	if (rc >= 0 && verify(link->session) != 0)
		rc = GNUTLS_E_CERTIFICATE_ERROR;
	if (rc >= 0) {
		*out = link;
		return OK;
	}
	enum err_kind kind = ERR_IO;

	if (link->refused.msg[0] != '\0')
		kind = err_set(err, ERR_AUTH, "%s", link->refused.msg);
	else if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
		kind = err_set(err, ERR_AUTH, "the other side refuses: %s",
			gnutls_alert_get_name(gnutls_alert_get(link->session)));
	else
		err_set(err, ERR_IO, "TLS: %s", gnutls_strerror(rc));
	/* The other side is told why before the connection goes. */
	if (link->session != NULL && gnutls_error_is_fatal(rc) != 0)
		gnutls_alert_send_appropriate(link->session, rc);
	if (link->session != NULL)
		gnutls_deinit(link->session);
	close(fd);
	free(link);
	return kind;
}

void tls_end(struct tls_link *link)
{
	gnutls_bye(link->session, GNUTLS_SHUT_WR);
	gnutls_deinit(link->session);
	close(link->fd);
	free(link);
}

/* What an error of receiving or sending means: 0, not now; -1, over. */
static ssize_t judge(struct tls_link *link, ssize_t rc)
{
	if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED)
		return 0;
	if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
		link->why = gnutls_alert_get_name(gnutls_alert_get(link->session));
	else
		link->why = gnutls_strerror((int)rc);
	return -1;
}

ssize_t tls_receive(struct tls_link *link, void *bytes, size_t len)
{
	ssize_t n = gnutls_record_recv(link->session, bytes, len);

	if (n == 0)
		return -1;
	return n > 0 ? n : judge(link, n);
}

ssize_t tls_send(struct tls_link *link, const void *bytes, size_t len)
{
	ssize_t n = gnutls_record_send(link->session, bytes, len);

	return n >= 0 ? n : judge(link, n);
}

const char *tls_why(const struct tls_link *link)
{
	return link->why;
}

int tls_fd(const struct tls_link *link)
{
	return link->fd;
}
