/* sign-in, sign-out: who the command line speaks as. */
#include "base/hex.h"
#include "cli/console.h"
#include "format/json.h"

/* {"name":…,"password":…,"totp":…} */
static enum err_kind start_body(struct console *c, const char *name, const char *password,
	const char *totp, struct str *body, struct err *err)
{
	struct out o;
	struct jw w;

	out_init(&o, &c->mem, LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, "name", str_from(name));
	jw_kstr(&w, "password", str_from(password));
	if (totp != NULL)
		jw_kstr(&w, "totp", str_from(totp));
	jw_object_end(&w);
	return out_finish(&o, body, err);
}

/* Typed twice at the terminal, or from a file. */
static enum err_kind read_new(const char *file, char secret[LIMIT_LINE_BYTES + 1], struct err *err)
{
	char again[LIMIT_LINE_BYTES + 1];
	enum err_kind rc = console_secret(file, "New password: ", secret, err);

	if (rc != OK || file != NULL)
		return rc;
	rc = console_secret(NULL, "The same again: ", again, err);
	if (rc == OK && strcmp(secret, again) != 0)
		rc = err_set(err, ERR_INPUT, "the two are not the same; nothing was changed");
	secret_wipe(again, sizeof(again));
	return rc;
}

/* A one-time password opens nothing but the choice of one's own. */
static enum err_kind replace_password(
	struct console *c, const char *old, const char *new_file, struct err *err)
{
	char secret[LIMIT_LINE_BYTES + 1];
	struct client_answer answer;
	struct str body;
	struct out o;
	struct jw w;
	enum err_kind rc = read_new(new_file, secret, err);

	if (rc == OK) {
		out_init(&o, &c->mem, LIMIT_JSON_BYTES);
		jw_init(&w, &o);
		jw_object(&w);
		jw_kstr(&w, "old", str_from(old));
		jw_kstr(&w, "new", str_from(secret));
		jw_object_end(&w);
		rc = out_finish(&o, &body, err);
	}
	if (rc == OK)
		rc = console_verb(c, "session.password", body, &answer, err);
	secret_wipe(secret, sizeof(secret));
	return rc;
}

/* Where sign-in reads its secrets from; NULL: the terminal. */
struct sign_in {
	const char *name, *password_file, *new_password_file, *totp;
};

static enum err_kind start(
	const struct cli *cli, const struct sign_in *in, const char *password, struct err *err)
{
	struct client_answer answer;
	struct console c;
	struct str body, token, ends = STR("");
	bool must_change = false;
	json_t *root = NULL;
	size_t len;
	enum err_kind rc = console_open(cli, CONSOLE_STRANGER, &c, err);

	if (rc != OK)
		return rc;
	rc = start_body(&c, in->name, password, in->totp, &body, err);
	if (rc == OK)
		rc = console_verb(&c, "session.start", body, &answer, err);
	if (rc == OK)
		rc = json_parse(answer.json, LIMIT_ANSWER_BYTES, &root, err);
	if (rc != OK)
		goto out;
	if (!json_str(root, "token", &token) ||
		!base64url_parse(token, c.token, sizeof(c.token), &len) || len != sizeof(c.token)) {
		rc = err_set(err, ERR_CORRUPT, "the vault's answer holds no token");
		goto out;
	}
	rc = console_keep(cli, &c, in->name, err);
	json_str(root, "ends", &ends);
	json_flag(root, "must_change", &must_change);
	if (rc == OK)
		printf("%s is signed in, until %.*s at the latest.\n", in->name, STR_ARG(ends));
	if (rc == OK && must_change) {
		printf("The password was made for one use: choose your own.\n");
		/* A script that gives no new one is told by the next command that it must. */
		if (in->password_file == NULL || in->new_password_file != NULL)
			rc = replace_password(&c, password, in->new_password_file, err);
	}
out:
	json_decref(root);
	console_close(&c);
	return rc;
}

int cmd_sign_in(const struct cli *cli, int argc, char **argv)
{
	struct sign_in in = { .name = NULL };
	char password[LIMIT_LINE_BYTES + 1];
	struct err err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--password-file") == 0 && i + 1 < argc)
			in.password_file = argv[++i];
		else if (strcmp(argv[i], "--new-password-file") == 0 && i + 1 < argc)
			in.new_password_file = argv[++i];
		else if (strcmp(argv[i], "--totp") == 0 && i + 1 < argc)
			in.totp = argv[++i];
		else if (argv[i][0] != '-' && in.name == NULL)
			in.name = argv[i];
		else
			return cmd_misuse(argv[0]);
	}
	if (in.name == NULL)
		return cmd_misuse(argv[0]);
	enum err_kind rc = console_secret(in.password_file, "Password: ", password, &err);

	if (rc == OK)
		rc = start(cli, &in, password, &err);
	secret_wipe(password, sizeof(password));
	return rc == OK ? 0 : cmd_fail("sign-in", &err);
}

int cmd_sign_out(const struct cli *cli, int argc, char **argv)
{
	char name[LIMIT_NAME_BYTES + 1];
	struct client_answer answer;
	struct console c;
	struct err err, ignored;

	if (argc != 1)
		return cmd_misuse(argv[0]);
	enum err_kind rc = console_name(cli, name, &err);

	if (rc == OK)
		rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);
	if (rc != OK)
		return cmd_fail("sign-out", &err);
	rc = console_verb(&c, "session.end", STR("{}"), &answer, &err);
	console_close(&c);
	/* A session that has ended by itself is forgotten all the same. */
	if (rc == OK || rc == ERR_AUTH)
		rc = console_forget(cli, name, rc == OK ? &err : &ignored);
	return rc == OK ? 0 : cmd_fail("sign-out", &err);
}
