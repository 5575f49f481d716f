/* cmd_enrol: the centre's side of `vitrine point`: invite, list, show out. */
#include <time.h>

#include "base/when.h"
#include "cli/console.h"
#include "format/json.h"

enum { LOOK_S = 1 };

struct asked {
	const char *name, *site, *role, *owner;
};

static bool take_options(int argc, char **argv, struct asked *a)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--site", &a->site }, { "--role", &a->role }, { "--owner", &a->owner } };

	for (int i = 2; i < argc; i++) {
		bool known = false;

		if (argv[i][0] != '-' && a->name == NULL) {
			a->name = argv[i];
			continue;
		}
		for (size_t r = 0; i + 1 < argc && r < sizeof(rows) / sizeof(rows[0]); r++) {
			if (strcmp(argv[i], rows[r].name) == 0) {
				*rows[r].value = argv[++i];
				known = true;
				break;
			}
		}
		if (!known)
			return false;
	}
	return a->name != NULL;
}

static enum err_kind ask(
	struct console *c, const char *verb, const struct asked *a, json_t **root, struct err *err)
{
	const struct {
		const char *key, *value;
	} rows[] = { { "name", a->name }, { "site", a->site }, { "role", a->role },
		{ "owner", a->owner } };
	struct client_answer answer;
	struct str body;
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL)
			jw_kstr(&w, rows[i].key, str_from(rows[i].value));
	jw_object_end(&w);
	enum err_kind rc = out_finish(&o, &body, err);

	if (rc == OK)
		rc = console_verb(c, verb, body, &answer, err);
	return rc != OK ? rc : json_parse(answer.json, LIMIT_ANSWER_BYTES, root, err);
}

static void show_fingerprint(struct str hex)
{
	printf("fingerprint");
	for (size_t i = 0; i + 4 <= hex.len; i += 4)
		printf(" %.4s", hex.ptr + i);
	printf("\n");
}

/* Until the invited has come or the time is over. */
static enum err_kind wait_for_it(struct console *c, const struct asked *a, struct err *err)
{
	const struct asked who = { .name = a->name };
	const struct timespec pause = { .tv_sec = LOOK_S };

	for (;;) {
		struct str state = STR(""), fingerprint = STR("");
		json_t *root = NULL;
		enum err_kind rc = ask(c, "point.awaited", &who, &root, err);

		if (rc != OK)
			return rc;
		json_str(root, "state", &state);
		json_str(root, "fingerprint", &fingerprint);
		bool came = str_eq(state, STR("came")), awaited = str_eq(state, STR("awaited"));

		if (came) {
			printf("%s has come. Its machine shows the same, if it is the one you mean;\n"
			       "if not: vitrine point revoke %s\n",
				a->name, a->name);
			show_fingerprint(fingerprint);
		}
		json_decref(root);
		if (came)
			return OK;
		if (!awaited)
			return err_set(err, ERR_LIMIT, "nobody came within the token's time");
		nanosleep(&pause, NULL);
	}
}

static enum err_kind enrol(struct console *c, const struct asked *a, struct err *err)
{
	struct str token = STR(""), ends = STR("");
	json_t *root;
	enum err_kind rc = ask(c, "point.invite", a, &root, err);

	if (rc != OK)
		return rc;
	json_str(root, "token", &token);
	json_str(root, "ends", &ends);
	printf("token %.*s\ngood until %.*s, for one machine:\n"
	       "  vitrine %s\n",
		STR_ARG(token), STR_ARG(ends),
		a->role != NULL && strcmp(a->role, "witness") == 0
			? "witness init FOLDER --name KEYNAME --centre HOST:PORT --token TOKEN"
			: "point --centre HOST:PORT --token TOKEN FOLDER");
	fflush(stdout);
	json_decref(root);
	return wait_for_it(c, a, err);
}

int cmd_enrol(const struct cli *cli, int argc, char **argv)
{
	bool revokes = strcmp(argv[1], "revoke") == 0;
	struct asked a = { .name = NULL };
	json_t *root = NULL;
	struct console c;
	struct err err;

	if (!take_options(argc, argv, &a) ||
		(revokes && (a.site != NULL || a.role != NULL || a.owner != NULL)))
		return cmd_misuse("point");
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);

	if (rc == OK)
		rc = revokes ? ask(&c, "point.revoke", &a, &root, &err) : enrol(&c, &a, &err);
	if (rc == OK && revokes)
		printf("revoked %s\n", a.name);
	json_decref(root);
	console_close(&c);
	return rc == OK ? 0 : cmd_fail("point", &err);
}
