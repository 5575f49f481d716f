/*
 * point: an access point. Faces browsers and API clients, renders pages from the vault's answers, signs each
 * call with its own key. Parses TLS, HTTP, forms and cookies: what a stranger sends ends here.
 *
 * Its rights: those of an ordinary user, none that could be gained, no core file, memory closed to others, and
 * after its own files are read no file at all (Landlock); it keeps the listening socket and may connect to the
 * vault's socket. Missing one of these it does not serve.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "crypto/certificate.h"
#include "format/json.h"
#include "format/yaml.h"
#include "http/http.h"
#include "link/client.h"
#include "os/clock.h"
#include "os/fs.h"
#include "os/log.h"
#include "os/sandbox_layer.h"
#include "web/web.h"

enum {
	POINT_FILE_BYTES_MAX = 64 << 10,
	POINT_MEM_BYTES = 1 << 20,
	CERTIFICATE_DAYS = 3650, /* self-signed: browsers are told once to trust this very one */
	LOOK_NS = 100 * 1000 * 1000, /* how often a point that has not met its vault asks again */
	LOOKS_UNSAID = 20, /* so often it says nothing of it: both start together */
};

static const char NOT_MET[] = "the vault has not been met yet";

struct point {
	struct arena mem; /* as long as the process: settings, certificate */
	const char *name, *site, *listen, *socket;
	struct str key_pem, certificate_pem;
	struct sign_secret key;
	/* NULL until the vault was first met; reconnects by itself */
	_Atomic(struct client *) client;
	struct web *web;
	struct http *http;
	int listen_fd;
	unsigned port;
};

/* A setting of point.yaml; `absent` NULL: it must be there. */
static enum err_kind setting(struct point *pt, const json_t *root, const char *key,
	const char *absent, const char **value, struct err *err)
{
	struct str text = str_from(absent);

	if (!json_str(root, key, &text) && absent == NULL)
		return err_set(err, ERR_INPUT, "point.yaml: %s is missing", key);
	*value = arena_cstr(&pt->mem, text);
	return *value == NULL ? err_set(err, ERR_LIMIT, "point.yaml: no memory") : OK;
}

static enum err_kind read_settings(struct point *pt, struct err *err)
{
	struct str text;
	json_t *root = NULL;
	enum err_kind rc = fs_read(
		AT_FDCWD, "point.yaml", POINT_FILE_BYTES_MAX, &pt->mem, &text, err);

	if (rc == OK)
		rc = yaml_parse(text, POINT_FILE_BYTES_MAX, &root, err);
	if (rc != OK)
		return err_context(err, "point.yaml");
	rc = setting(pt, root, "name", NULL, &pt->name, err);
	if (rc == OK)
		rc = setting(pt, root, "site", pt->name, &pt->site, err);
	if (rc == OK)
		rc = setting(pt, root, "socket", NULL, &pt->socket, err);
	if (rc == OK && pt->listen == NULL)
		rc = setting(pt, root, "listen", NULL, &pt->listen, err);
	json_decref(root);
	return rc;
}

static enum err_kind read_key(struct point *pt, struct err *err)
{
	struct sign_public unused;
	struct arena mem;
	struct str seed;

	arena_init(&mem, POINT_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(AT_FDCWD, "point.key", SIGN_SEED_BYTES, &mem, &seed, err);

	if (rc == OK && seed.len != SIGN_SEED_BYTES)
		rc = err_set(err, ERR_CORRUPT, "point.key: not %d bytes", SIGN_SEED_BYTES);
	if (rc == OK)
		sign_from_seed((const uint8_t *)seed.ptr, &unused, &pt->key);
	arena_wipe(&mem);
	return rc;
}

/* The point's own, unless somebody put another there. */
static enum err_kind make_certificate(struct point *pt, struct err *err)
{
	struct clock machine;

	clock_init_machine(&machine);
	struct certificate_options options = { .common_name = pt->name,
		.now_s = clock_now_us(&machine) / 1000000,
		.valid_days = CERTIFICATE_DAYS };
	enum err_kind rc = certificate_make(
		&pt->mem, &options, &pt->key_pem, &pt->certificate_pem, err);

	if (rc == OK)
		rc = fs_replace(AT_FDCWD, "tls.key", pt->key_pem, 0600, err);
	if (rc == OK)
		rc = fs_replace(AT_FDCWD, "tls.crt", pt->certificate_pem, 0644, err);
	return rc;
}

/* The TLS library takes C strings. */
static enum err_kind read_certificate(struct point *pt, struct err *err)
{
	enum err_kind rc = fs_read(
		AT_FDCWD, "tls.key", POINT_FILE_BYTES_MAX, &pt->mem, &pt->key_pem, err);

	if (rc == ERR_NOT_FOUND)
		return make_certificate(pt, err);
	if (rc == OK)
		rc = fs_read(AT_FDCWD, "tls.crt", POINT_FILE_BYTES_MAX, &pt->mem,
			&pt->certificate_pem, err);
	if (rc != OK)
		return rc;
	const char *key = arena_cstr(&pt->mem, pt->key_pem);
	const char *certificate = arena_cstr(&pt->mem, pt->certificate_pem);

	if (key == NULL || certificate == NULL)
		return err_set(err, ERR_LIMIT, "tls.key, tls.crt: no memory");
	pt->key_pem = str_from(key);
	pt->certificate_pem = str_from(certificate);
	return OK;
}

static enum err_kind ask(void *arg, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err)
{
	struct point *pt = arg;
	struct client *client = atomic_load(&pt->client);

	if (client == NULL)
		return err_set(err, ERR_IO, "%s", NOT_MET);
	return client_ask(client, mem, call, answer, err);
}

static void send_call(
	void *arg, const struct client_call *call, client_done_fn *done, void *done_arg)
{
	struct point *pt = arg;
	struct client *client = atomic_load(&pt->client);
	struct err err;

	if (client != NULL) {
		client_send(client, call, done, done_arg);
		return;
	}
	enum err_kind rc = err_set(&err, ERR_IO, "%s", NOT_MET);

	done(done_arg, rc, NULL, &err);
}

static enum err_kind serve(struct point *pt, struct err *err)
{
	struct web_options pages = {
		.ask = ask, .send = send_call, .arg = pt, .point = pt->name, .site = pt->site
	};
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
	const struct client_options link = {
		.socket_path = pt->socket, .point = pt->name, .key = &pt->key
	};
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
	bool answers = ask(pt, &mem, &hello, &answer, err) == OK && answer.status == OK;

	arena_reset(&mem);
	return answers;
}

/* Says "ready" once, when the vault has answered; then waits for the signal that ends it. */
static void run(struct point *pt, const sigset_t *ends)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
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
	while (sigwaitinfo(ends, NULL) < 0 && errno == EINTR)
		;
}

static void stop(struct point *pt)
{
	if (pt->http != NULL)
		http_stop(pt->http);
	if (pt->web != NULL)
		web_close(pt->web);
	if (atomic_load(&pt->client) != NULL)
		client_close(atomic_load(&pt->client));
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

/* The order matters: files and address first, then the rights go, then the first thread begins. */
static enum err_kind start(struct point *pt, const char *folder, struct err *err)
{
	enum err_kind rc = crypto_init(err);

	if (rc == OK && geteuid() == 0)
		rc = enter_as_root(folder, err);
	else if (rc == OK && chdir(folder) != 0)
		rc = err_errno(err, errno, "the point's folder %.160s", folder);
	if (rc == OK)
		rc = read_settings(pt, err);
	if (rc == OK)
		rc = read_key(pt, err);
	if (rc == OK)
		rc = read_certificate(pt, err);
	if (rc == OK)
		rc = http_listen(pt->listen, &pt->listen_fd, &pt->port, err);
	if (rc == OK)
		rc = process_close(err);
	if (rc == OK)
		rc = layer_landlock(-1, err);
	return rc == OK ? serve(pt, err) : rc;
}

int cmd_point(const struct cli *cli, int argc, char **argv)
{
	struct point pt = { .listen_fd = -1 };
	sigset_t ends;
	struct err err;

	(void)cli;
	if (argc == 4 && strcmp(argv[2], "--listen") == 0)
		pt.listen = argv[3];
	else if (argc != 2)
		return cmd_misuse("point");
	log_init("point", LOG_INFO);
	prctl(PR_SET_NAME, "vitrine-point", 0, 0, 0);
	arena_init(&pt.mem, POINT_MEM_BYTES);
	/* Before any thread begins, so that none of them is interrupted. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	enum err_kind rc = start(&pt, argv[1], &err);

	if (rc == OK)
		run(&pt, &ends);
	stop(&pt);
	return rc == OK ? 0 : cmd_fail("point", &err);
}
