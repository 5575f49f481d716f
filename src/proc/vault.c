/*
 * vault: the centre. Owns the lab folder, speaks verbs in frames on a Unix socket; no TLS, no HTTP, no page.
 * Untrusted bytes are parsed by its children, but for the frame header and JSON of at most 64 KiB.
 *
 * Its rights: those of the lab's ordinary user, none that could be gained (no_new_privs), no core file, its
 * memory closed to other processes of that user (not dumpable).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "app/pipeline.h"
#include "cli/cmd.h"
#include "link/endpoint.h"
#include "link/server.h"
#include "os/log.h"
#include "os/sandbox.h"
#include "web/asset.h"

#define SOCKET_PATH "run/vault.sock"
#define DOOR_PATH "run/door.sock" /* where the command line is refused */

enum { MAINTAIN_S = 1, HEAR_LOOK_NS = 10 * 1000 * 1000 };

/* One of the vault's sockets. */
struct entrance {
	struct vault *vault;
	struct server *server;
	bool is_door;
};

struct vault {
	struct lab lab;
	struct pipeline *pipeline;
	struct entrance here, door;
};

/* Any thread. The link copies the body, so that both parts only need to lie together for a moment. */
static void give_answer(void *arg, const struct pipeline_answer *answer)
{
	struct server_call *call = arg;
	struct frame_answer frame = { .status = (uint8_t)answer->status,
		.entry_index = answer->entry_index,
		.tree_size = answer->tree_size,
		.root = answer->root,
		.json_len = (uint32_t)answer->json.len,
		.body = answer->json };
	char *both = NULL;

	if (answer->bytes.len > 0) {
		both = malloc(answer->json.len + answer->bytes.len);
		if (both == NULL) {
			frame.status = ERR_LIMIT;
			frame.body = STR(
				"{\"error\":\"limit\",\"message\":\"no memory for the page\"}");
			frame.json_len = (uint32_t)frame.body.len;
		} else {
			memcpy(both, answer->json.ptr, answer->json.len);
			memcpy(both + answer->json.len, answer->bytes.ptr, answer->bytes.len);
			frame.body = str_of(both, answer->json.len + answer->bytes.len);
		}
	}
	server_answer(call, &frame);
	free(both);
}

static void give_progress(void *arg, struct str json)
{
	server_progress(arg, json);
}

static bool is_cancelled(void *arg)
{
	return server_call_cancelled(arg);
}

/* On the link's thread: copies and queues, no more. */
static void take_call(void *arg, struct server_call *call)
{
	const struct entrance *e = arg;
	const struct frame_call *frame = server_call_frame(call);
	struct pipeline_request request = {
		.verb = str_from(frame->verb),
		.point = str_from(frame->point),
		.body = frame->body,
		.token = frame->token,
		.counter = frame->counter,
		.idempotency_key = frame->idempotency_key,
		.peer = frame->peer,
		.digest = *server_call_digest(call),
		.signed_digest = *server_call_signed(call),
		.signature = frame->signature,
		.uid = server_call_uid(call),
		.over_door = e->is_door,
		.fd = server_call_fd(call),
		.answer = give_answer,
		.progress = give_progress,
		.cancelled = is_cancelled,
		.arg = call,
	};

	pipeline_submit(e->vault->pipeline, &request);
}

static enum err_kind start_glass(struct vault *v, struct err *err)
{
	struct lab *lab = &v->lab;
	int font = openat(lab->dir_fd, LAB_FONT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int key = openat(lab->dir_fd, "keys/mark.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum err_kind rc = OK;

	if (font < 0 || key < 0)
		rc = err_errno(err, errno, "open %s and keys/mark.key", LAB_FONT);
	if (rc == OK)
		rc = glass_start(
			font, key, (unsigned)lab->settings.layout_children_max, &lab->glass, err);
	if (font >= 0)
		close(font);
	if (key >= 0)
		close(key);
	return rc;
}

static enum err_kind start_entrance(
	struct vault *v, struct entrance *e, const char *path, struct err *err)
{
	struct server_options options = { .handle = take_call, .arg = e };
	enum err_kind rc = endpoint_listen(path, 0600, &options.listen_fd, err);

	e->vault = v;
	return rc != OK ? rc : server_start(&options, &e->server, err);
}

/* The door's first: whoever finds the other finds both. */
static enum err_kind start_link(struct vault *v, struct err *err)
{
	v->door.is_door = true;
	enum err_kind rc = start_entrance(v, &v->door, DOOR_PATH, err);

	return rc != OK ? rc : start_entrance(v, &v->here, SOCKET_PATH, err);
}

/* A second at a time, until a signal asks to stop. */
static void serve(struct vault *v, const sigset_t *stop)
{
	const struct timespec second = { .tv_sec = MAINTAIN_S };
	struct err err;

	while (sigtimedwait(stop, NULL, &second) < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			log_line(LOG_ERROR, "wait for a signal: %s", strerrordesc_np(errno));
			return;
		}
		if (pipeline_maintain(v->pipeline, &err) != OK)
			log_line(LOG_ERROR, "maintenance: %s", err.msg);
	}
}

static void stop(struct vault *v)
{
	/* The server answers what is under way before it stops. */
	if (v->door.server != NULL)
		server_stop(v->door.server);
	if (v->here.server != NULL)
		server_stop(v->here.server);
	pipeline_close(v->pipeline);
	glass_stop(v->lab.glass);
	lab_close(&v->lab);
	unlink(DOOR_PATH);
	unlink(SOCKET_PATH);
}

/*
 * A lab that was put back from a backup must not go on from there: what it signed then would be a second history. Only
 * its witnesses know; so a start under a policy listens to them before the first act. False: asked to end meanwhile.
 */
static bool hear_witnesses(struct vault *v, const sigset_t *ends)
{
	const struct timespec look = { .tv_nsec = HEAR_LOOK_NS };
	struct lab *lab = &v->lab;
	int64_t until_us = clock_monotonic_us() + lab->settings.witness_wait_s * (int64_t)1000000;

	while (!cosigned_is_heard(lab->cosigned) && ledger_frozen(lab->ledger) == NULL) {
		if (clock_monotonic_us() > until_us) {
			log_line(LOG_WARN,
				"too few witnesses were heard in %lld seconds: going on without them",
				(long long)lab->settings.witness_wait_s);
			break;
		}
		if (sigtimedwait(ends, NULL, &look) > 0)
			return false;
	}
	return true;
}

/* A frozen record takes no entry. */
static enum err_kind note_start(struct vault *v, const char *code, struct err *err)
{
	if (ledger_frozen(v->lab.ledger) != NULL)
		return OK;
	enum err_kind rc = lab_note_start(&v->lab, err);

	return rc != OK ? rc : lab_note_code(&v->lab, code, err);
}

/* *asked_to_end: a signal came while it waited for witnesses. */
static enum err_kind start(
	struct vault *v, const sigset_t *ends, bool *asked_to_end, struct err *err)
{
	char code[ASSET_DIGEST_BYTES];
	enum err_kind rc = lab_open(&v->lab, err);

	if (rc != OK)
		return rc;
	const char *frozen = ledger_frozen(v->lab.ledger);

	if (frozen != NULL)
		log_line(LOG_ERROR, "the record is frozen, nothing can be done in the lab: %s",
			frozen);
	rc = start_glass(v, err);
	asset_digest(code);
	bool listens = frozen == NULL && !cosigned_is_heard(v->lab.cosigned);

	atomic_store(&v->lab.waits_for_witnesses, listens);
	if (rc == OK && !listens)
		rc = note_start(v, code, err);
	if (rc == OK)
		rc = pipeline_open(&v->lab, LAB_RECORDS, 0, &v->pipeline, err);
	if (rc == OK)
		rc = start_link(v, err);
	if (rc == OK && listens)
		*asked_to_end = !hear_witnesses(v, ends);
	if (rc == OK && listens && !*asked_to_end)
		rc = note_start(v, code, err);
	if (rc != OK)
		stop(v);
	else if (!*asked_to_end)
		atomic_store(&v->lab.waits_for_witnesses, false);
	return rc;
}

int cmd_vault(const struct cli *cli, int argc, char **argv)
{
	struct vault *v = calloc(1, sizeof(*v));
	sigset_t ends;
	bool asked_to_end = false;
	struct err err;

	if (v == NULL) {
		err_set(&err, ERR_LIMIT, "no memory");
		return cmd_fail("vault", &err);
	}
	if (argc > 2) {
		free(v);
		return cmd_misuse("vault");
	}
	log_init("vault", LOG_INFO);
	/* Before any thread begins, so that none of them is interrupted. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	enum err_kind rc = crypto_init(&err);

	if (rc == OK)
		rc = user_enter_lab(argc == 2 ? argv[1] : cli->lab, NULL, &err);
	if (rc == OK)
		rc = process_close(&err);
	if (rc == OK)
		rc = start(v, &ends, &asked_to_end, &err);
	if (rc == OK) {
		if (!asked_to_end) {
			log_line(LOG_INFO, "%s is open", v->lab.settings.name);
			serve(v, &ends);
		}
		stop(v);
		log_line(LOG_INFO, "stopped");
	}
	free(v);
	return rc == OK ? 0 : cmd_fail("vault", &err);
}
