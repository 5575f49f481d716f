#include "link/dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limit.h"
#include "crypto/certificate.h"
#include "link/relay.h"
#include "os/clock.h"
#include "os/log.h"

enum {
	CONNECT_MS = 10000,
	AGAIN_MS_MIN = 200, /* between one try and the next, doubled each time */
	AGAIN_MS_MAX = 2000,
	ADDRESSES_MAX = 4,
};

struct address {
	struct sockaddr_storage bytes;
	socklen_t len;
};

struct dial {
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	char *authority_pem; /* malloc; NULL: only the head is known */
	uint8_t authority_head[DIAL_AUTHORITY_HEAD_BYTES];
	int stop_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	struct tls *tls, *next_tls; /* in use by the thread; to be used from the next link on */
	int client_fd; /* the client's end, until it is taken; -1: none */
	char *seen_pem; /* of the authority; malloc */
	bool linked, started, stopping;
	struct err why; /* there is no link */
};

/* In the handshake, on the dial's thread. */
static enum err_kind check_door(
	void *user, const struct str *chain_der, size_t count, struct err *err)
{
	struct dial *d = user;
	const char *authority = d->authority_pem;
	struct arena mem;
	struct str pem;
	enum err_kind rc = OK;

	arena_init(&mem, 4 * (size_t)CERTIFICATE_PEM_BYTES_MAX);
	if (authority == NULL) {
		rc = certificate_find(&mem, chain_der, count,
			str_of(d->authority_head, sizeof(d->authority_head)), &pem, err);
		authority = rc == OK ? pem.ptr : NULL;
	}
	if (rc == OK)
		rc = certificate_check(chain_der, count, authority, CERTIFICATE_DOOR, err);
	if (rc == OK) {
		pthread_mutex_lock(&d->lock);
		free(d->seen_pem);
		d->seen_pem = strdup(authority);
		pthread_mutex_unlock(&d->lock);
	}
	arena_reset(&mem);
	return rc;
}

static enum err_kind connect_one(const struct address *to, int *fd, struct err *err)
{
	int problem = 0,
	    got = socket(to->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(problem);
	struct pollfd p = { .fd = got, .events = POLLOUT };
	enum err_kind rc;

	if (got < 0)
		return err_errno(err, errno, "the centre: socket");
	rc = tls_set_socket(got, err);
	if (rc == OK && connect(got, (const struct sockaddr *)&to->bytes, to->len) != 0 &&
		errno != EINPROGRESS)
		rc = err_errno(err, errno, "the centre");
	if (rc == OK && poll(&p, 1, CONNECT_MS) != 1)
		rc = err_set(err, ERR_IO, "the centre: no answer within %d s", CONNECT_MS / 1000);
	if (rc == OK && getsockopt(got, SOL_SOCKET, SO_ERROR, &problem, &len) != 0)
		rc = err_errno(err, errno, "the centre");
	if (rc == OK && problem != 0)
		rc = err_errno(err, problem, "the centre");
	if (rc == OK)
		*fd = got;
	else
		close(got);
	return rc;
}

static enum err_kind make_link(struct dial *d, struct tls_link **link, struct err *err)
{
	enum err_kind rc = ERR_IO;
	int fd = -1;

	pthread_mutex_lock(&d->lock);
	if (d->next_tls != NULL) {
		tls_close(d->tls);
		d->tls = d->next_tls;
		d->next_tls = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; rc != OK && i < d->address_count; i++)
		rc = connect_one(&d->addresses[i], &fd, err);
	return rc == OK ? tls_handshake(d->tls, fd, d, link, err) : rc;
}

/* The link is there: show it, and carry bytes until it ends. */
static enum err_kind use_link(struct dial *d, struct tls_link *link, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return err_errno(err, errno, "the centre: socket pair");
	pthread_mutex_lock(&d->lock);
	d->client_fd = ends[1];
	d->linked = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	const struct relay relay = { .link = link, .fd = ends[0], .stop_fd = d->stop_fd };
	enum err_kind rc = relay_run(&relay, err);

	close(ends[0]);
	pthread_mutex_lock(&d->lock);
	d->linked = false;
	if (d->client_fd >= 0)
		close(d->client_fd);
	d->client_fd = -1;
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static bool is_stopping(struct dial *d)
{
	pthread_mutex_lock(&d->lock);
	bool stopping = d->stopping;

	pthread_mutex_unlock(&d->lock);
	return stopping;
}

static void note(struct dial *d, const struct err *why)
{
	pthread_mutex_lock(&d->lock);
	bool is_news = strcmp(d->why.msg, why->msg) != 0;

	d->why = *why;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	if (is_news)
		log_line(LOG_WARN, "no link to the centre: %s", why->msg);
}

static void *dial_again_and_again(void *arg)
{
	struct dial *d = arg;
	int pause_ms = AGAIN_MS_MIN;

	while (!is_stopping(d)) {
		struct pollfd stop = { .fd = d->stop_fd, .events = POLLIN };
		struct err err = { .msg = "the link was closed" };
		struct tls_link *link;
		bool met = make_link(d, &link, &err) == OK;

		if (met) {
			int64_t began_us = clock_monotonic_us();

			if (use_link(d, link, &err) == OK)
				err_set(&err, ERR_IO, "the link was closed");
			tls_end(link);
			/* A door that lets us in and shows us out at once is not asked without end. */
			if (clock_monotonic_us() - began_us > AGAIN_MS_MAX * INT64_C(1000))
				pause_ms = AGAIN_MS_MIN;
		}
		note(d, &err);
		poll(&stop, 1, pause_ms);
		pause_ms = pause_ms * 2 < AGAIN_MS_MAX ? pause_ms * 2 : AGAIN_MS_MAX;
	}
	return NULL;
}

/* "[2001:db8::1]:8444", "192.0.2.7:8444", "lab.example:8444" */
static enum err_kind look_up(struct dial *d, const char *centre, struct err *err)
{
	char host[LIMIT_LINE_BYTES], service[8];
	const char *colon = strrchr(centre, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - centre);
	bool bracketed = len > 2 && centre[0] == '[' && centre[len - 1] == ']';
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (len == 0 || len >= sizeof(host) || strlen(colon + 1) >= sizeof(service))
		return err_set(err, ERR_INPUT,
			"centre: \"%.80s\" is not HOST:PORT, such as lab.example:8444", centre);
	snprintf(host, sizeof(host), "%.*s", (int)(bracketed ? len - 2 : len),
		bracketed ? centre + 1 : centre);
	snprintf(service, sizeof(service), "%s", colon + 1);
	int rc = getaddrinfo(host, service, &hints, &found);

	if (rc != 0)
		return err_set(err, ERR_INPUT, "centre: %.80s: %s", centre, gai_strerror(rc));
	for (const struct addrinfo *a = found; a != NULL && d->address_count < ADDRESSES_MAX;
		a = a->ai_next) {
		struct address *to = &d->addresses[d->address_count++];

		assert(a->ai_addrlen <= sizeof(to->bytes));
		memcpy(&to->bytes, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
	}
	freeaddrinfo(found);
	return OK;
}

static enum err_kind open_tls(const char *certificate_pem, const struct sign_secret *key,
	struct tls **tls, struct err *err)
{
	const struct tls_options options = {
		.chain_pem = certificate_pem, .key = key, .check = check_door
	};

	return tls_open(&options, tls, err);
}

static void release(struct dial *d)
{
	if (d->tls != NULL)
		tls_close(d->tls);
	if (d->next_tls != NULL)
		tls_close(d->next_tls);
	if (d->stop_fd >= 0)
		close(d->stop_fd);
	free(d->authority_pem);
	free(d->seen_pem);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

enum err_kind dial_open(const struct dial_options *options, struct dial **out, struct err *err)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_set(err, ERR_LIMIT, "the centre: no memory");
	assert((options->authority_pem != NULL) != (options->authority_head != NULL));
	pthread_mutex_init(&d->lock, NULL);
	init_cond(&d->changed);
	d->client_fd = -1;
	err_set(&d->why, ERR_IO, "it has not been met yet");
	if (options->authority_head != NULL)
		memcpy(d->authority_head, options->authority_head, sizeof(d->authority_head));
	else
		d->authority_pem = strdup(options->authority_pem);
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	enum err_kind rc = d->stop_fd < 0 ? err_errno(err, errno, "the centre: eventfd")
					  : look_up(d, options->centre, err);

	if (rc == OK)
		rc = open_tls(options->certificate_pem, options->key, &d->tls, err);
	if (rc != OK)
		release(d);
	else
		*out = d;
	return rc;
}

enum err_kind dial_start(struct dial *d, struct err *err)
{
	int why = pthread_create(&d->thread, NULL, dial_again_and_again, d);

	d->started = why == 0;
	return why == 0 ? OK : err_errno(err, why, "the centre: thread");
}

void dial_close(struct dial *d)
{
	uint64_t one = 1;

	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_mutex_unlock(&d->lock);
	if (write(d->stop_fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
	if (d->started)
		pthread_join(d->thread, NULL);
	release(d);
}

/* With the lock held. */
static enum err_kind not_linked(const struct dial *d, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "no link to the centre: %s",
		d->linked ? "it is being taken up again" : d->why.msg);
}

enum err_kind dial_connect(void *arg, int *fd, struct err *err)
{
	struct dial *d = arg;
	enum err_kind rc = OK;

	pthread_mutex_lock(&d->lock);
	if (d->client_fd >= 0) {
		*fd = d->client_fd;
		d->client_fd = -1;
	} else {
		rc = not_linked(d, err);
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

enum err_kind dial_wait(struct dial *d, int timeout_ms, struct err *err)
{
	int64_t end_us = clock_monotonic_us() + timeout_ms * INT64_C(1000);
	const struct timespec end = { .tv_sec = end_us / 1000000,
		.tv_nsec = end_us % 1000000 * 1000 };
	enum err_kind rc = OK;
	int waited = 0;

	pthread_mutex_lock(&d->lock);
	while (d->client_fd < 0 && waited == 0)
		waited = pthread_cond_timedwait(&d->changed, &d->lock, &end);
	if (d->client_fd < 0)
		rc = not_linked(d, err);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

enum err_kind dial_authority(struct dial *d, struct arena *mem, struct str *pem, struct err *err)
{
	pthread_mutex_lock(&d->lock);
	bool fits = arena_copy(mem, str_from(d->seen_pem), pem);

	pthread_mutex_unlock(&d->lock);
	return fits ? OK : err_set(err, ERR_LIMIT, "the centre's authority: no memory");
}

enum err_kind dial_renew(
	struct dial *d, const char *certificate_pem, const struct sign_secret *key, struct err *err)
{
	struct tls *tls;
	enum err_kind rc = open_tls(certificate_pem, key, &tls, err);

	if (rc != OK)
		return rc;
	pthread_mutex_lock(&d->lock);
	struct tls *unused = d->next_tls;

	d->next_tls = tls;
	pthread_mutex_unlock(&d->lock);
	if (unused != NULL)
		tls_close(unused);
	return OK;
}
