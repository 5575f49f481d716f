#include "link/door.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/endpoint.h"
#include "link/relay.h"
#include "link/token.h"
#include "os/clock.h"
#include "os/log.h"

enum {
	PEERS_MAX = LIMIT_POINTS + LIMIT_INVITATIONS,
	ACCEPT_LOOK_MS = 250,
	STACK_BYTES = 256 << 10
};

/* Who we are; used by links until the last of them ends. */
struct identity {
	struct tls *tls;
	char *authority_pem;
	unsigned users;
};

struct slot {
	struct door *door;
	enum { SLOT_FREE, SLOT_HANDSHAKE, SLOT_OPEN } state;
	int fd; /* a copy, to hang up by */
	int stop_fd;
	uint8_t address[16];
	struct identity *identity;
	struct door_peer peer; /* whom the certificate names */
};

struct door {
	struct door_options options;
	pthread_t thread;
	int stop_fd;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t freed;
	struct identity *identity;
	struct door_peer peers[PEERS_MAX];
	size_t peer_count;
	int64_t told_us; /* monotonic, when the peers were set; 0: never */
	struct slot slots[LIMIT_DOOR_LINKS];
	size_t used;
	bool stopping;
};

static void leave_identity(struct identity *identity)
{
	if (identity == NULL || --identity->users > 0)
		return;
	tls_close(identity->tls);
	free(identity->authority_pem);
	free(identity);
}

/* With the lock held: is it in the table, with this very key? */
static bool is_welcome(const struct door *d, const struct door_peer *peer)
{
	bool is_stale = d->told_us == 0 ||
		clock_monotonic_us() - d->told_us > DOOR_STALE_S * INT64_C(1000000);

	for (size_t i = 0; !is_stale && i < d->peer_count; i++) {
		const struct door_peer *row = &d->peers[i];

		if (row->is_joining == peer->is_joining &&
			memcmp(row->name, peer->name, sizeof(row->name)) == 0)
			return memcmp(row->key.bytes, peer->key.bytes, SIGN_PUBLIC_BYTES) == 0;
	}
	return false;
}

/* In the handshake, and once more after it. */
static enum err_kind check_peer(
	void *user, const struct str *chain_der, size_t count, struct err *err)
{
	struct slot *slot = user;
	struct certificate_facts facts;
	struct door_peer peer = { .name = "" };
	enum err_kind rc = certificate_read_der(chain_der[0], &facts, err);

	if (rc == OK && !frame_set_name(peer.name, sizeof(peer.name), facts.name))
		rc = err_set(err, ERR_AUTH, "the certificate names nobody");
	if (rc != OK)
		return rc;
	peer.key = facts.key;
	peer.is_joining = str_starts(str_from(peer.name), STR(TOKEN_LINK_PREFIX));
	/* TLS has the other side prove that it holds this key. Only a peer's is vouched for by the authority. */
	if (!peer.is_joining)
		rc = certificate_check(
			chain_der, count, slot->identity->authority_pem, CERTIFICATE_PEER, err);
	if (rc != OK)
		return err_context(err, "%s", peer.name);
	pthread_mutex_lock(&slot->door->lock);
	bool welcome = is_welcome(slot->door, &peer);

	slot->peer = peer;
	pthread_mutex_unlock(&slot->door->lock);
	return welcome ? OK
		       : err_set(err, ERR_AUTH, "%s is unknown here, revoked, or has another key",
				 peer.name);
}

static enum err_kind carry(struct slot *slot, struct tls_link *link, struct err *err)
{
	struct door_check check = { .is_joining = slot->peer.is_joining };
	int vault;
	enum err_kind rc = endpoint_connect(slot->door->options.vault_path, &vault, err);

	if (rc != OK)
		return rc;
	memcpy(check.name, slot->peer.name, sizeof(check.name));
	const struct relay relay = {
		.link = link, .fd = vault, .stop_fd = slot->stop_fd, .check = &check
	};

	rc = relay_run(&relay, err);
	close(vault);
	return rc;
}

static bool open_slot(struct slot *slot)
{
	struct door *d = slot->door;

	pthread_mutex_lock(&d->lock);
	/* The table may have changed since the handshake began. */
	bool welcome = is_welcome(d, &slot->peer) && !d->stopping;

	if (welcome)
		slot->state = SLOT_OPEN;
	pthread_mutex_unlock(&d->lock);
	return welcome;
}

static void free_slot(struct slot *slot)
{
	struct door *d = slot->door;

	pthread_mutex_lock(&d->lock);
	close(slot->stop_fd);
	close(slot->fd);
	slot->state = SLOT_FREE;
	leave_identity(slot->identity);
	slot->identity = NULL;
	d->used--;
	pthread_cond_signal(&d->freed);
	pthread_mutex_unlock(&d->lock);
}

static void *serve_link(void *arg)
{
	struct slot *slot = arg;
	struct tls_link *link;
	struct err err = { .msg = "it hung up" };

	/* The handshake closes its descriptor when it fails; ours is there to hang up by. */
	int fd = fcntl(slot->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || tls_handshake(slot->identity->tls, fd, slot, &link, &err) != OK) {
		log_line(LOG_WARN, "not let in: %s", err.msg);
	} else {
		if (open_slot(slot)) {
			log_line(LOG_INFO, "%s is linked", slot->peer.name);
			if (carry(slot, link, &err) != OK)
				log_line(LOG_WARN, "%s: %s", slot->peer.name, err.msg);
			log_line(LOG_INFO, "%s is not linked any more", slot->peer.name);
		}
		tls_end(link);
	}
	free_slot(slot);
	return NULL;
}

static void take_address(const struct sockaddr_storage *from, uint8_t address[16])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(address, 0, 16);
	if (from->ss_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		memcpy(address, &v6.sin6_addr, 16);
	} else {
		memcpy(&v4, from, sizeof(v4));
		memcpy(address + 12, &v4.sin_addr, 4);
	}
}

/* With the lock held. NULL: no room, in all or for this address, or nobody may come now. */
static struct slot *take_slot(struct door *d, const uint8_t address[16])
{
	struct slot *free_one = NULL;
	unsigned shaking = 0;

	for (size_t i = 0; i < LIMIT_DOOR_LINKS; i++) {
		struct slot *slot = &d->slots[i];

		if (slot->state == SLOT_FREE && free_one == NULL)
			free_one = slot;
		shaking += slot->state == SLOT_HANDSHAKE && memcmp(slot->address, address, 16) == 0;
	}
	if (d->identity == NULL || shaking >= LIMIT_DOOR_ADDRESS_HANDSHAKES)
		return NULL;
	return free_one;
}

static bool start_thread(struct slot *slot)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	bool started = pthread_create(&thread, &attr, serve_link, slot) == 0;

	pthread_attr_destroy(&attr);
	return started;
}

static void let_in(struct door *d, int fd, const struct sockaddr_storage *from)
{
	int stop_fd = eventfd(0, EFD_CLOEXEC);
	struct err err;
	uint8_t address[16];
	struct slot *slot = NULL;

	take_address(from, address);
	pthread_mutex_lock(&d->lock);
	if (stop_fd >= 0 && tls_set_socket(fd, &err) == OK)
		slot = take_slot(d, address);
	if (slot != NULL) {
		*slot = (struct slot){ .door = d,
			.state = SLOT_HANDSHAKE,
			.fd = fd,
			.stop_fd = stop_fd,
			.identity = d->identity };
		memcpy(slot->address, address, sizeof(slot->address));
		d->identity->users++;
		d->used++;
	}
	pthread_mutex_unlock(&d->lock);
	if (slot != NULL && start_thread(slot))
		return;
	if (slot != NULL) {
		free_slot(slot);
		return;
	}
	close(fd);
	if (stop_fd >= 0)
		close(stop_fd);
}

/* With the lock held: links of those who are not welcome any more are told to end. */
static void show_out(struct door *d)
{
	uint64_t one = 1;

	for (size_t i = 0; i < LIMIT_DOOR_LINKS; i++) {
		struct slot *slot = &d->slots[i];

		if (slot->state != SLOT_OPEN || (is_welcome(d, &slot->peer) && !d->stopping))
			continue;
		if (write(slot->stop_fd, &one, sizeof(one)) < 0)
			assert(errno == EAGAIN || errno == EINTR);
	}
}

static void *accept_links(void *arg)
{
	struct door *d = arg;
	struct pollfd fds[] = { { .fd = d->options.listen_fd, .events = POLLIN },
		{ .fd = d->stop_fd, .events = POLLIN } };

	while (fds[1].revents == 0) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);

		poll(fds, 2, ACCEPT_LOOK_MS);
		pthread_mutex_lock(&d->lock);
		show_out(d);
		pthread_mutex_unlock(&d->lock);
		if ((fds[0].revents & POLLIN) == 0)
			continue;
		int fd = accept4(d->options.listen_fd, (struct sockaddr *)&from, &len,
			SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			let_in(d, fd, &from);
		else if (errno == EMFILE || errno == ENFILE)
			poll(&fds[1], 1, ACCEPT_LOOK_MS);
	}
	return NULL;
}

enum err_kind door_start(const struct door_options *options, struct door **out, struct err *err)
{
	struct door *d = calloc(1, sizeof(*d));
	enum err_kind rc = OK;

	if (d == NULL) {
		close(options->listen_fd);
		return err_set(err, ERR_LIMIT, "door: no memory");
	}
	d->options = *options;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->freed, NULL);
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (d->stop_fd < 0)
		rc = err_errno(err, errno, "door: eventfd");
	if (rc == OK) {
		int why = pthread_create(&d->thread, NULL, accept_links, d);

		if (why != 0)
			rc = err_errno(err, why, "door: thread");
	}
	if (rc == OK) {
		*out = d;
		return OK;
	}
	close(options->listen_fd);
	if (d->stop_fd >= 0)
		close(d->stop_fd);
	free(d);
	return rc;
}

void door_stop(struct door *d)
{
	uint64_t one = 1;

	if (write(d->stop_fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
	pthread_join(d->thread, NULL);
	close(d->options.listen_fd);
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	show_out(d);
	/* Who is in the handshake is not waited for in full. */
	for (size_t i = 0; i < LIMIT_DOOR_LINKS; i++)
		if (d->slots[i].state == SLOT_HANDSHAKE)
			shutdown(d->slots[i].fd, SHUT_RDWR);
	while (d->used > 0)
		pthread_cond_wait(&d->freed, &d->lock);
	leave_identity(d->identity);
	pthread_mutex_unlock(&d->lock);
	close(d->stop_fd);
	pthread_cond_destroy(&d->freed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

enum err_kind door_set_identity(struct door *d, const char *chain_pem,
	const struct sign_secret *key, const char *authority_pem, struct err *err)
{
	const struct tls_options options = {
		.is_door = true, .chain_pem = chain_pem, .key = key, .check = check_peer
	};
	struct identity *identity = calloc(1, sizeof(*identity));

	if (identity == NULL || (identity->authority_pem = strdup(authority_pem)) == NULL) {
		free(identity);
		return err_set(err, ERR_LIMIT, "door: no memory");
	}
	enum err_kind rc = tls_open(&options, &identity->tls, err);

	if (rc != OK) {
		free(identity->authority_pem);
		free(identity);
		return rc;
	}
	identity->users = 1;
	pthread_mutex_lock(&d->lock);
	leave_identity(d->identity);
	d->identity = identity;
	pthread_mutex_unlock(&d->lock);
	return OK;
}

void door_set_peers(struct door *d, const struct door_peer *peers, size_t count)
{
	assert(count <= PEERS_MAX);
	pthread_mutex_lock(&d->lock);
	memcpy(d->peers, peers, count * sizeof(*peers));
	d->peer_count = count;
	d->told_us = clock_monotonic_us();
	show_out(d);
	pthread_mutex_unlock(&d->lock);
}

enum err_kind door_linked(
	struct door *d, struct arena *mem, struct str **names, size_t *count, struct err *err)
{
	struct str *list = arena_array(mem, struct str, LIMIT_DOOR_LINKS);
	size_t n = 0;
	bool fits = list != NULL;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; fits && i < LIMIT_DOOR_LINKS; i++) {
		const struct slot *slot = &d->slots[i];
		struct str name = str_from(slot->peer.name);
		bool is_new = slot->state == SLOT_OPEN && !slot->peer.is_joining;

		for (size_t j = 0; is_new && j < n; j++)
			is_new = !str_eq(list[j], name);
		if (is_new)
			fits = arena_copy(mem, name, &list[n++]);
	}
	pthread_mutex_unlock(&d->lock);
	*names = list;
	*count = n;
	return fits ? OK : err_set(err, ERR_LIMIT, "door: no memory");
}
