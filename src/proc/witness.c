/*
 * witness: cosigns the record's checkpoints, mirrors its entries, watches them. A user, a folder and keys of its own, in
 * the hands of the host. It dials the centre; besides it may answer tlog-witness requests over HTTP.
 *
 * Its rights: those of an ordinary user, none that could be gained, no core file, memory closed to others, and no file
 * outside its folder (Landlock). Threads: this one asks for heads and cosigns; one follows with the mirror and the
 * monitor, so that a large batch of entries does not hold up a cosignature; those of HTTP.
 */
#include "witness/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/cmd.h"
#include "link/far.h"
#include "os/fs.h"
#include "os/log.h"
#include "os/sandbox_layer.h"
#include "proc/witness_folder.h"
#include "proc/witness_role.h"
#include "witness/alarm.h"
#include "witness/face.h"
#include "witness/monitor.h"
#include "witness/pull.h"

enum {
	LOOK_NS = 100 * 1000 * 1000, /* between two questions when there was nothing new */
	AWAY_S = 1, /* when the centre did not answer */
	FOLLOW_NS = 250 * 1000 * 1000, /* between two turns of the mirror */
	FACE_WORKERS = 8,
};

struct role {
	struct witness_folder folder;
	struct clock clock;
	int folder_fd, state_fd, mirror_fd, receipts_fd;
	struct alarms *alarms;
	struct witness *witness;
	struct pull pull;
	struct mirror *mirror;
	struct monitor *monitor;
	struct face face;
	struct http *http;
	int listen_fd;
	unsigned port;
	struct far *far; /* NULL: the centre is on this machine, or there is none */
	_Atomic(struct client *) client; /* NULL until the centre was first met */
	atomic_llong heard_us; /* monotonic; of the last good answer */
	atomic_bool ending;
	pthread_t follower;
	bool follows;
	int64_t renew_us; /* monotonic; when the certificate is looked at next */
	bool is_away; /* the last try did not reach the centre */
};

/* A pull_ask_fn: the link is opened when it is first needed, and mends itself from then on. */
static enum err_kind ask(void *arg, struct arena *mem, const char *verb, struct str body,
	struct client_answer *answer, struct err *err)
{
	struct role *r = arg;
	const struct client_call call = { .verb = verb, .body = body, .fd = -1 };
	struct client *client = atomic_load(&r->client);

	if (client == NULL)
		return err_set(err, ERR_NOT_FOUND, "the centre has not been met yet");
	enum err_kind rc = client_ask(client, mem, &call, answer, err);

	if (rc == OK && answer->status != OK)
		rc = err_set(err, answer->status, "the centre: %.*s",
			(int)(answer->json.len < 200 ? answer->json.len : 200), answer->json.ptr);
	return rc;
}

static bool has_centre(const struct role *r)
{
	return r->folder.socket != NULL || r->folder.centre != NULL;
}

static enum err_kind meet(struct role *r, struct err *err)
{
	const struct client_options link = {
		.socket_path = r->folder.socket,
		.connect = r->far == NULL ? NULL : dial_connect,
		.connect_arg = r->far == NULL ? NULL : far_dial(r->far),
		.point = r->folder.peer,
		.key = &r->folder.peer_key,
	};
	struct client *client;

	if (atomic_load(&r->client) != NULL)
		return OK;
	enum err_kind rc = client_open(&link, &client, err);

	if (rc == OK)
		atomic_store(&r->client, client);
	return rc;
}

static void check_stale(struct role *r)
{
	char words[120];
	int64_t silent_us = clock_monotonic_us() - atomic_load(&r->heard_us);

	if (silent_us < MONITOR_STALE_S * WHEN_SECOND_US)
		return;
	snprintf(words, sizeof(words), "the centre has shown no checkpoint for %lld seconds",
		(long long)(silent_us / WHEN_SECOND_US));
	alarms_raise(r->alarms, "stale", r->folder.logs[0].keys[0].name, words);
}

static void follow_once(struct role *r)
{
	static struct witness_state head;
	struct err err;

	if (witness_head(r->witness, r->folder.logs[0].keys[0].name, &head, &err) != OK)
		return;
	enum err_kind rc = mirror_follow(r->mirror, &head, &err);

	if (rc == ERR_CORRUPT || rc == ERR_IO)
		alarms_raise(r->alarms, "mirror", r->folder.logs[0].keys[0].name, err.msg);
	if (r->receipts_fd >= 0 &&
		monitor_receipts(
			r->monitor, r->receipts_fd, r->mirror, clock_now_us(&r->clock), &err) != OK)
		alarms_raise(r->alarms, "receipts", STR("file"), err.msg);
	check_stale(r);
}

static void *follow(void *arg)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_NS };
	struct role *r = arg;

	while (!atomic_load(&r->ending)) {
		follow_once(r);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static enum err_kind open_monitor(struct role *r, struct err *err)
{
	const struct monitor_options options = {
		.alarm = alarms_raise, .arg = r->alarms, .keeps_requests = r->receipts_fd >= 0
	};

	return monitor_open(&options, &r->monitor, err);
}

static enum err_kind open_mirror(struct role *r, struct err *err)
{
	const struct mirror_options options = { .dir_fd = r->mirror_fd,
		.name = str_from(r->folder.mirror_name),
		.key = &r->folder.mirror_key,
		.log = &r->folder.logs[0].keys[0],
		.ask = ask,
		.ask_arg = r,
		.entry = monitor_entry,
		.entry_arg = r->monitor };

	return mirror_open(&options, &r->mirror, err);
}

static enum err_kind open_witness(struct role *r, struct err *err)
{
	const struct witness_options options = { .dir_fd = r->state_fd,
		.name = str_from(r->folder.name),
		.key = &r->folder.key,
		.clock = &r->clock,
		.logs = r->folder.logs,
		.log_count = r->folder.log_count,
		.alarm = alarms_raise,
		.arg = r->alarms };

	return witness_open(&options, &r->witness, err);
}

static enum err_kind open_receipts(struct role *r, struct err *err)
{
	if (r->folder.receipts == NULL)
		return OK;
	r->receipts_fd = open(r->folder.receipts, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return r->receipts_fd >= 0
		? OK
		: err_errno(err, errno, "open the receipts %.160s", r->folder.receipts);
}

/* The order matters: files and address first, then the rights go, then the first thread begins. */
static enum err_kind start(struct role *r, struct err *err)
{
	enum err_kind rc = witness_folder_load(&r->folder, err);

	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, ".", &r->folder_fd, err);
	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, WITNESS_STATE_DIR, &r->state_fd, err);
	if (rc == OK && r->folder.mirrors)
		rc = fs_open_dir(AT_FDCWD, WITNESS_MIRROR_DIR, &r->mirror_fd, err);
	if (rc == OK)
		rc = open_receipts(r, err);
	if (rc == OK && r->folder.listen != NULL)
		rc = http_listen(r->folder.listen, &r->listen_fd, &r->port, err);
	if (rc == OK)
		rc = process_close(err);
	if (rc == OK && r->folder.centre != NULL)
		rc = far_open(r->folder_fd, r->folder.centre, r->folder.peer, &r->folder.peer_key,
			&r->far, err);
	if (rc == OK)
		rc = layer_landlock_folder(r->folder_fd, err);
	if (rc == OK && r->far != NULL)
		rc = far_start(r->far, err);
	if (rc == OK)
		rc = alarms_open(r->folder_fd, &r->clock, &r->alarms, err);
	if (rc == OK)
		rc = open_witness(r, err);
	if (rc == OK && r->folder.mirrors && has_centre(r)) {
		rc = open_monitor(r, err);
		if (rc == OK)
			rc = open_mirror(r, err);
	}
	return rc;
}

static enum err_kind serve(struct role *r, struct err *err)
{
	const struct http_options options = { .listen_fd = r->listen_fd,
		.key_pem = r->folder.key_pem.len > 0 ? r->folder.key_pem.ptr : NULL,
		.certificate_pem = r->folder.key_pem.len > 0 ? r->folder.certificate_pem.ptr : NULL,
		.workers = FACE_WORKERS,
		.body_bytes_max = face_body_bytes_max,
		.handle = face_handle,
		.arg = &r->face };

	r->face.witness = r->witness;
	r->face.mirror_fd = r->mirror == NULL ? -1 : r->mirror_fd;
	witness_state_name(r->folder.logs[0].keys[0].name, r->face.mirror_name);
	r->pull = (struct pull){ .witness = r->witness,
		.origin = r->folder.logs[0].keys[0].name,
		.ask = ask,
		.ask_arg = r,
		.alarm = alarms_raise,
		.alarm_arg = r->alarms };
	atomic_store(&r->heard_us, clock_monotonic_us());
	if (r->mirror != NULL) {
		int failed = pthread_create(&r->follower, NULL, follow, r);

		if (failed != 0)
			return err_errno(err, failed, "start a thread");
		r->follows = true;
	}
	return r->listen_fd >= 0 ? http_start(&options, &r->http, err) : OK;
}

/* The certificate of the link, well before it runs out; what failed is tried again in a minute. */
static void renew(struct role *r)
{
	struct err err;

	if (r->far == NULL || atomic_load(&r->client) == NULL || clock_monotonic_us() < r->renew_us)
		return;
	r->renew_us = clock_monotonic_us() + 60 * WHEN_SECOND_US;
	if (far_renew_if_due(r->far, atomic_load(&r->client), &err) != OK)
		log_line(LOG_WARN, "%s: no next certificate: %s", r->folder.name, err.msg);
}

/* One question to the centre; how long to wait before the next. */
static struct timespec turn(struct role *r)
{
	struct timespec wait = { .tv_nsec = LOOK_NS };
	struct err err = { .msg = "it does not answer" };
	enum pull_result result = meet(r, &err) == OK ? pull_once(&r->pull, &err) : PULL_AWAY;

	/* Said when it begins and when it ends, not at each try. */
	if (result == PULL_AWAY && !r->is_away)
		log_line(LOG_WARN, "%s does not hear the centre: %s", r->folder.name, err.msg);
	else if (result != PULL_AWAY && r->is_away)
		log_line(LOG_INFO, "%s hears the centre again", r->folder.name);
	r->is_away = result == PULL_AWAY;
	if (result == PULL_AWAY)
		wait = (struct timespec){ .tv_sec = AWAY_S };
	else
		atomic_store(&r->heard_us, clock_monotonic_us());
	if (result == PULL_COSIGNED)
		wait = (struct timespec){ .tv_nsec = 0 };
	if (result == PULL_REFUSED)
		wait = (struct timespec){ .tv_sec = AWAY_S };
	renew(r);
	return wait;
}

/* Until a signal asks to end, or the disk has failed. */
static enum err_kind run(struct role *r, const sigset_t *ends, struct err *err)
{
	struct timespec wait = { .tv_nsec = LOOK_NS };

	if (r->folder.listen != NULL)
		printf("witness ready http%s://port:%u\n", r->folder.key_pem.len > 0 ? "s" : "",
			r->port);
	else
		printf("witness ready\n");
	fflush(stdout);
	log_line(LOG_INFO, "%s witnesses %zu log%s", r->folder.name, r->folder.log_count,
		r->folder.log_count == 1 ? "" : "s");
	while (sigtimedwait(ends, NULL, &wait) < 0) {
		const char *dead = witness_dead(r->witness);

		if (dead != NULL)
			return err_set(err, ERR_IO, "%s", dead);
		if (has_centre(r))
			wait = turn(r);
	}
	return OK;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void stop(struct role *r)
{
	atomic_store(&r->ending, true);
	if (r->follows)
		pthread_join(r->follower, NULL);
	if (r->http != NULL)
		http_stop(r->http);
	if (atomic_load(&r->client) != NULL)
		client_close(atomic_load(&r->client));
	if (r->far != NULL)
		far_close(r->far);
	mirror_close(r->mirror);
	monitor_close(r->monitor);
	witness_close(r->witness);
	alarms_close(r->alarms);
	close_fd(r->receipts_fd);
	close_fd(r->mirror_fd);
	close_fd(r->state_fd);
	close_fd(r->folder_fd);
	witness_folder_free(&r->folder);
}

int witness_role(const char *folder)
{
	struct role *r = calloc(1, sizeof(*r));
	sigset_t ends;
	struct err err;

	if (r == NULL) {
		err_set(&err, ERR_LIMIT, "no memory");
		return cmd_fail("witness", &err);
	}
	log_init("witness", LOG_INFO);
	prctl(PR_SET_NAME, "vitrine-witness", 0, 0, 0);
	r->folder_fd = r->state_fd = r->mirror_fd = r->receipts_fd = r->listen_fd = -1;
	clock_init_machine(&r->clock);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	enum err_kind rc = crypto_init(&err);

	if (rc == OK)
		rc = user_enter_lab(folder, NULL, &err);
	if (rc == OK)
		rc = start(r, &err);
	if (rc == OK)
		rc = serve(r, &err);
	if (rc == OK)
		rc = run(r, &ends, &err);
	stop(r);
	free(r);
	return rc == OK ? 0 : cmd_fail("witness", &err);
}
