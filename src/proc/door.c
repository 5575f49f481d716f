/*
 * door: where points and witnesses of other machines come in. Ends their TLS, looks at certificates and at the heads of
 * frames, and carries these to the vault over a socket of its own. It makes its key at each start and has it certified
 * by the vault; who may come it asks the vault once a second.
 *
 * Its rights: those of the lab's ordinary user, none that could be gained, no core file, memory closed to others, no
 * file at all (Landlock); it keeps the listening socket and may connect to the vault's socket.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/settings.h"
#include "base/hex.h"
#include "base/when.h"
#include "cli/cmd.h"
#include "format/json.h"
#include "http/http.h"
#include "link/client.h"
#include "link/door.h"
#include "os/fs.h"
#include "os/log.h"
#include "os/sandbox_layer.h"

#define VAULT_SOCKET "run/door.sock"

enum {
	MEM_BYTES = 1 << 20,
	LOOK_NS = 100 * 1000 * 1000, /* how often a vault that has not been met is looked for */
	POLL_S = 1,
	PEERS_MAX = LIMIT_POINTS + LIMIT_INVITATIONS,
};

struct gate {
	struct door *door;
	struct client *client;
	struct sign_secret key;
	struct sign_public public_key;
	struct door_peer peers[PEERS_MAX];
	size_t peer_count;
	int64_t renew_s; /* by the lab's clock, when our certificate is to be made anew; 0: now */
};

static enum err_kind read_listen(char listen[LIMIT_LINE_BYTES], struct err *err)
{
	struct settings settings;
	struct arena mem;
	struct str text;

	arena_init(&mem, 2 * (size_t)SETTINGS_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(
		AT_FDCWD, "vitrine.yaml", SETTINGS_FILE_BYTES_MAX, &mem, &text, err);

	if (rc == OK)
		rc = settings_parse(text, &settings, err);
	arena_reset(&mem);
	if (rc == OK && settings.door_listen[0] == '\0')
		rc = err_set(err, ERR_INPUT,
			"vitrine.yaml names no address for peers of other machines: door.listen");
	if (rc == OK)
		memcpy(listen, settings.door_listen, LIMIT_LINE_BYTES);
	return rc;
}

/* {"links":[…],"key":…}: the key only when it is to be certified. */
static enum err_kind poll_body(struct gate *g, struct arena *mem, struct str *body, struct err *err)
{
	struct str *names;
	size_t count;
	struct out o;
	struct jw w;
	enum err_kind rc = door_linked(g->door, mem, &names, &count, err);

	if (rc != OK)
		return rc;
	out_init(&o, mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_key(&w, "links");
	jw_array(&w);
	for (size_t i = 0; i < count; i++)
		jw_str(&w, names[i]);
	jw_array_end(&w);
	if (g->renew_s == 0)
		jw_kbase64(&w, "key", str_of(g->public_key.bytes, SIGN_PUBLIC_BYTES));
	jw_object_end(&w);
	return out_finish(&o, body, err);
}

static bool add_peers(struct gate *g, const json_t *rows, bool is_joining)
{
	size_t index, len;
	const json_t *row;

	json_array_foreach(rows, index, row)
	{
		struct door_peer *peer = &g->peers[g->peer_count];
		struct str name, key;
		char text[FRAME_POINT_BYTES];

		if (g->peer_count == PEERS_MAX || !json_str(row, "name", &name) ||
			!json_str(row, "key", &key) || name.len >= sizeof(text))
			return false;
		memcpy(text, name.ptr, name.len);
		text[name.len] = '\0';
		if (!frame_set_name(peer->name, sizeof(peer->name), text) ||
			!base64_parse(key, peer->key.bytes, SIGN_PUBLIC_BYTES, &len) ||
			len != SIGN_PUBLIC_BYTES)
			return false;
		peer->is_joining = is_joining;
		g->peer_count++;
	}
	return true;
}

/* Our certificate, with the authority's behind it. */
static enum err_kind take_identity(
	struct gate *g, struct arena *mem, const json_t *root, struct err *err)
{
	struct certificate_facts facts;
	struct str certificate, authority;

	if (!json_str(root, "certificate", &certificate))
		return OK;
	if (!json_str(root, "authority", &authority))
		return err_set(err, ERR_CORRUPT, "the vault's answer lacks the authority");
	const char *chain = arena_printf(mem, "%.*s%.*s", STR_ARG(certificate), STR_ARG(authority));
	const char *top = arena_cstr(mem, authority);

	if (chain == NULL || top == NULL)
		return err_set(err, ERR_LIMIT, "door: no memory");
	enum err_kind rc = certificate_read(chain, &facts, err);

	if (rc == OK)
		rc = door_set_identity(g->door, chain, &g->key, top, err);
	/* At half its life: the door asks in time, whatever keeps it from being answered at once. */
	if (rc == OK)
		g->renew_s = facts.from_s + (facts.until_s - facts.from_s) / 2;
	return rc;
}

static enum err_kind take_table(
	struct gate *g, struct arena *mem, const json_t *root, struct err *err)
{
	int64_t now_us;
	struct clock machine;

	if (!json_i64(root, "now_us", &now_us))
		return err_set(err, ERR_CORRUPT, "the vault does not tell its time");
	clock_init_machine(&machine);
	certificate_set_clock((now_us - clock_now_us(&machine)) / WHEN_SECOND_US);
	g->peer_count = 0;
	if (!add_peers(g, json_object_get(root, "peers"), false) ||
		!add_peers(g, json_object_get(root, "invitations"), true))
		return err_set(err, ERR_CORRUPT, "the vault's table of peers does not make sense");
	enum err_kind rc = take_identity(g, mem, root, err);

	if (rc != OK)
		return rc;
	door_set_peers(g->door, g->peers, g->peer_count);
	if (now_us / WHEN_SECOND_US >= g->renew_s)
		g->renew_s = 0;
	return OK;
}

static enum err_kind ask_vault(struct gate *g, struct arena *mem, struct err *err)
{
	const struct client_options link = { .socket_path = VAULT_SOCKET, .point = "door" };
	struct client_call call = { .verb = "door.peers", .fd = -1 };
	struct client_answer answer;
	json_t *root = NULL;
	enum err_kind rc = g->client != NULL ? OK : client_open(&link, &g->client, err);

	if (rc == OK)
		rc = poll_body(g, mem, &call.body, err);
	if (rc == OK)
		rc = client_ask(g->client, mem, &call, &answer, err);
	if (rc == OK && answer.status != OK)
		rc = err_set(err, answer.status, "door.peers: %.*s", STR_ARG(answer.json));
	if (rc == OK)
		rc = json_parse(answer.json, LIMIT_ANSWER_BYTES, &root, err);
	if (rc == OK)
		rc = take_table(g, mem, root, err);
	json_decref(root);
	return rc;
}

/* Asks on and on; says "door" once, when the vault has answered. */
static void run(struct gate *g, const char *listen, unsigned port, const sigset_t *ends)
{
	const struct timespec second = { .tv_sec = POLL_S }, look = { .tv_nsec = LOOK_NS };
	const char *colon = strrchr(listen, ':');
	bool met = false, well = true;

	do {
		struct arena mem;
		struct err err;

		arena_init(&mem, MEM_BYTES);
		bool answered = ask_vault(g, &mem, &err) == OK;

		arena_reset(&mem);
		if (answered && !met) {
			printf("door %.*s:%u\n", (int)(colon - listen), listen, port);
			fflush(stdout);
			log_line(LOG_INFO, "open on port %u", port);
			met = true;
		} else if (!answered && met && well) {
			/* Links end by themselves when the table has become old. */
			log_line(LOG_ERROR, "%s", err.msg);
		}
		well = answered;
	} while (sigtimedwait(ends, NULL, met ? &second : &look) < 0);
}

static enum err_kind start(struct gate *g, const char *lab, char listen[LIMIT_LINE_BYTES],
	unsigned *port, struct err *err)
{
	struct door_options options = { .listen_fd = -1, .vault_path = VAULT_SOCKET };
	enum err_kind rc = crypto_init(err);

	if (rc == OK)
		rc = user_enter_lab(lab, NULL, err);
	if (rc == OK)
		rc = read_listen(listen, err);
	if (rc == OK)
		rc = http_listen(listen, &options.listen_fd, port, err);
	if (rc == OK)
		rc = process_close(err);
	if (rc == OK)
		rc = layer_landlock(-1, err);
	if (rc != OK)
		return rc;
	sign_generate(&g->public_key, &g->key);
	return door_start(&options, &g->door, err);
}

int cmd_door(const struct cli *cli, int argc, char **argv)
{
	struct gate *g = calloc(1, sizeof(*g));
	char listen[LIMIT_LINE_BYTES];
	unsigned port = 0;
	sigset_t ends;
	struct err err;

	if (g == NULL || argc > 2) {
		free(g);
		return cmd_misuse("door");
	}
	log_init("door", LOG_INFO);
	prctl(PR_SET_NAME, "vitrine-door", 0, 0, 0);
	/* Before any thread begins, so that none of them is interrupted. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	enum err_kind rc = start(g, argc == 2 ? argv[1] : cli->lab, listen, &port, &err);

	if (rc == OK)
		run(g, listen, port, &ends);
	if (g->door != NULL)
		door_stop(g->door);
	if (g->client != NULL)
		client_close(g->client);
	secret_wipe(g, sizeof(*g));
	free(g);
	return rc == OK ? 0 : cmd_fail("door", &err);
}
