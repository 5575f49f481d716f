/*
 * point: an access point. Faces browsers and API clients, renders pages from the vault's answers, signs each
 * call with its own key. Parses TLS, HTTP, forms and cookies: what a stranger sends ends here.
 *
 * Its rights: those of an ordinary user, none that could be gained, no core file, memory closed to others, and
 * after its own files are read no file at all (Landlock); it keeps the listening socket, its receipts and, on another
 * machine, the next certificate, and may connect to the vault's socket or to the centre's port. Missing one of these
 * it does not serve.
 *
 * What it served is nowhere afterwards: every buffer that a page passes through is wiped, and memory that the
 * libraries free is overwritten by the allocator (point_forget).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/cmd.h"
#include "crypto/certificate.h"
#include "os/log.h"
#include "os/sandbox_layer.h"
#include "proc/point_inside.h"

enum {
	LOOK_NS = 100 * 1000 * 1000, /* how often a point that has not met its vault asks again */
	LOOKS_UNSAID = 20, /* so often it says nothing of it: both start together */
	RENEW_LOOK_S = 30, /* how often the certificate's end is looked at */
	WIPE_BYTE = 0xa5,
};

static enum err_kind serve(struct point *pt, struct err *err)
{
	struct web_options pages = { .ask = point_ask,
		.send = point_send,
		.arg = pt,
		.point = pt->name,
		.site = pt->site,
		.rules = pt->rules,
		.receipts = pt->receipts,
		.is_far = pt->far != NULL };
	enum err_kind rc = web_open(&pages, &pt->web, err);

	if (rc != OK)
		return rc;
	struct http_options face = { .listen_fd = pt->listen_fd,
		.key_pem = pt->key_pem.ptr,
		.certificate_pem = pt->certificate_pem.ptr,
		.body_bytes_max = web_body_bytes_max,
		.start = web_start,
		.handle = web_handle,
		.arg = pt->web };

	return http_start(&face, &pt->http, err);
}

/* Connects if need be, and asks for a sign of life. Errors: why there is none yet. */
static bool vault_answers(struct point *pt, struct err *err)
{
	const struct client_options link = { .socket_path = pt->socket,
		.connect = pt->far != NULL ? dial_connect : NULL,
		.connect_arg = pt->far != NULL ? far_dial(pt->far) : NULL,
		.receipt = receipts_note,
		.receipt_arg = pt->receipts,
		.point = pt->name,
		.key = &pt->key };
	const struct client_call hello = { .verb = "lab.hello", .body = STR("{}"), .fd = -1 };
	struct client_answer answer = { 0 };
	struct client *client;
	struct arena mem;

	if (atomic_load(&pt->client) == NULL) {
		if (client_open(&link, &client, err) != OK)
			return false;
		atomic_store(&pt->client, client);
	}
	arena_init(&mem, POINT_MEM_BYTES);
	bool answers = point_ask(pt, &mem, &hello, &answer, err) == OK && answer.status == OK;

	arena_reset(&mem);
	return answers;
}

/* What time brings, once a second. */
static void maintain(struct point *pt, unsigned second)
{
	struct err err;

	receipts_sync(pt->receipts);
	if (pt->clock.offset_fd >= 0)
		certificate_set_clock(
			clock_now_us(&pt->clock) / WHEN_SECOND_US - (int64_t)time(NULL));
	if (pt->far == NULL || second % RENEW_LOOK_S != 0)
		return;
	if (far_renew_if_due(pt->far, atomic_load(&pt->client), &err) != OK)
		log_line(LOG_WARN, "the certificate is not renewed yet: %s", err.msg);
}

/* Says "ready" once, when the vault has answered; then waits for the signal that ends it. */
static void run(struct point *pt, const sigset_t *ends)
{
	const struct timespec look = { .tv_nsec = LOOK_NS }, pause = { .tv_sec = 1 };
	const char *colon = strrchr(pt->listen, ':');
	struct err err = { .msg = "it does not answer" };

	for (unsigned looks = 0; !vault_answers(pt, &err); looks++) {
		if (looks == LOOKS_UNSAID)
			log_line(LOG_WARN, "%s waits for its vault: %s", pt->name, err.msg);
		if (sigtimedwait(ends, NULL, &look) > 0)
			return;
	}
	printf("ready https://%.*s:%u\n", (int)(colon - pt->listen), pt->listen, pt->port);
	fflush(stdout);
	log_line(LOG_INFO, "%s serves on port %u", pt->name, pt->port);
	for (unsigned second = 0; sigtimedwait(ends, NULL, &pause) < 0; second++)
		maintain(pt, second);
}

static void stop(struct point *pt)
{
	if (pt->http != NULL)
		http_stop(pt->http);
	if (pt->web != NULL)
		web_close(pt->web);
	if (atomic_load(&pt->client) != NULL)
		client_close(atomic_load(&pt->client));
	if (pt->far != NULL)
		far_close(pt->far);
	if (pt->receipts != NULL)
		receipts_close(pt->receipts);
	rules_close(pt->rules);
	clock_close(&pt->clock);
	secret_wipe(&pt->key, sizeof(pt->key));
	arena_wipe(&pt->mem);
}

/*
 * Root's rights go. A point that lies in its lab (LAB/points/NAME) is entered by way of the lab, because the vault's
 * socket lies there; layer_landlock closes all files to it before it takes a connection. Another has only its folder.
 */
static enum err_kind enter_as_root(const char *folder, struct err *err)
{
	char lab[PATH_MAX], settings[PATH_MAX + 16];

	if (realpath(folder, lab) == NULL)
		return err_errno(err, errno, "the point's folder %.160s", folder);
	char *name = strrchr(lab, '/');

	*name++ = '\0';
	char *points = strrchr(lab, '/');

	if (points == NULL || strcmp(points, "/points") != 0)
		return user_enter_lab(folder, NULL, err);
	*points = '\0';
	snprintf(settings, sizeof(settings), "%s/vitrine.yaml", lab);
	if (access(settings, F_OK) != 0)
		return user_enter_lab(folder, NULL, err);
	enum err_kind rc = user_enter_lab(lab, NULL, err);

	if (rc == OK && (chdir("points") != 0 || chdir(name) != 0))
		rc = err_errno(err, errno, "the point's folder %.160s", folder);
	return rc;
}

/*
 * Freed memory holds what was in it until somebody takes it again: the TLS library's records, the HTTP library's
 * buffers. From here on the allocator overwrites what is freed. It does so for blocks that go back to it; those that a
 * thread keeps for itself (glibc's tcache) it does not, so that the process is started again without any.
 * Source: mallopt(3), M_PERTURB; GLIBC_TUNABLES, glibc.malloc.tcache_count.
 */
static enum err_kind point_forget(char **argv, struct err *err)
{
	static const char wanted[] = "glibc.malloc.tcache_count=0";
	const char *tunables = getenv("GLIBC_TUNABLES");

	if (tunables == NULL || strcmp(tunables, wanted) != 0) {
		if (setenv("GLIBC_TUNABLES", wanted, 1) != 0)
			return err_errno(err, errno, "the point's memory");
		execv("/proc/self/exe", argv);
		return err_errno(err, errno, "start again without memory that is kept");
	}
	if (mallopt(M_PERTURB, WIPE_BYTE) != 1 || mallopt(M_MXFAST, 0) != 1)
		return err_set(err, ERR_IO, "the allocator does not overwrite what is freed");
	return OK;
}

/* Made where it is missing; root gives an empty one to the user that the point becomes. */
static enum err_kind make_folder(const char *folder, struct err *err)
{
	const struct passwd *who = getpwnam("vitrine");
	struct stat st;

	if (who == NULL)
		who = getpwnam("nobody");
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return err_errno(err, errno, "make %.160s", folder);
	if (stat(folder, &st) != 0)
		return err_errno(err, errno, "the point's folder %.160s", folder);
	if (geteuid() == 0 && st.st_uid == 0 && who != NULL &&
		chown(folder, who->pw_uid, who->pw_gid) != 0)
		return err_errno(err, errno, "give %.160s to %s", folder, who->pw_name);
	return OK;
}

/* Its own folder is the only one it sees. */
static enum err_kind enter_folder(const char *folder, struct err *err)
{
	if (geteuid() == 0)
		return enter_as_root(folder, err);
	return chdir(folder) == 0 ? OK : err_errno(err, errno, "the point's folder %.160s", folder);
}

/* The order matters: files and address first, then the rights go, then the first thread begins. */
static enum err_kind start(
	struct point *pt, const char *folder, const struct point_join *join, struct err *err)
{
	enum err_kind rc = crypto_init(err);
	unsigned port = 0;

	if (rc == OK && join->token != NULL)
		rc = make_folder(folder, err);
	if (rc == OK)
		rc = enter_folder(folder, err);
	if (rc == OK && join->token != NULL)
		rc = point_join(join, err);
	if (rc == OK)
		rc = point_read_folder(pt, err);
	if (rc == OK)
		rc = http_listen(pt->listen, &pt->listen_fd, &pt->port, err);
	if (rc == OK)
		rc = process_close(err);
	if (rc == OK && pt->centre[0] != '\0') {
		const char *colon = strrchr(pt->centre, ':');
		uint64_t number = 0;

		if (colon != NULL && str_to_u64(str_from(colon + 1), &number))
			port = (unsigned)number;
		rc = far_open(AT_FDCWD, pt->centre, pt->name, &pt->key, &pt->far, err);
	}
	if (rc == OK)
		rc = layer_landlock_connect(port, err);
	if (rc == OK && pt->far != NULL)
		rc = far_start(pt->far, err);
	return rc == OK ? serve(pt, err) : rc;
}

static bool take_options(
	int argc, char **argv, struct point *pt, struct point_join *join, const char **folder)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--listen", &pt->listen }, { "--centre", &join->centre },
		{ "--token", &join->token } };

	for (int i = 1; i < argc; i++) {
		bool known = argv[i][0] != '-' && *folder == NULL;

		if (known)
			*folder = argv[i];
		for (size_t r = 0; !known && i + 1 < argc && r < 3; r++) {
			if (strcmp(argv[i], rows[r].name) != 0)
				continue;
			*rows[r].value = argv[++i];
			known = true;
		}
		if (!known)
			return false;
	}
	join->listen = pt->listen;
	return *folder != NULL && (join->centre == NULL) == (join->token == NULL);
}

int cmd_point(const struct cli *cli, int argc, char **argv)
{
	struct point pt = { .listen_fd = -1 };
	struct point_join join = { .centre = NULL };
	const char *folder = NULL;
	sigset_t ends;
	struct err err;

	if (argc > 1 && (strcmp(argv[1], "enrol") == 0 || strcmp(argv[1], "revoke") == 0))
		return cmd_enrol(cli, argc, argv);
	if (!take_options(argc, argv, &pt, &join, &folder))
		return cmd_misuse("point");
	log_init("point", LOG_INFO);
	enum err_kind rc = point_forget(cli->argv, &err);

	prctl(PR_SET_NAME, "vitrine-point", 0, 0, 0);
	arena_init(&pt.mem, POINT_MEM_BYTES);
	clock_init_machine(&pt.clock);
	/* Before any thread begins, so that none of them is interrupted. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (rc == OK)
		rc = start(&pt, folder, &join, &err);
	if (rc == OK)
		run(&pt, &ends);
	stop(&pt);
	return rc == OK ? 0 : cmd_fail("point", &err);
}
