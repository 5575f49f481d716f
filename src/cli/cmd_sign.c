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

static enum err_kind start(const struct cli *cli, const char *name, const char *password,
	const char *totp, struct err *err)
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
	rc = start_body(&c, name, password, totp, &body, err);
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
	rc = console_keep(cli, &c, name, err);
	json_str(root, "ends", &ends);
	json_flag(root, "must_change", &must_change);
	if (rc == OK)
		printf("%s is signed in, until %.*s at the latest.%s\n", name, STR_ARG(ends),
			must_change
				? "\nThe password was made for one use: `vitrine session password`."
				: "");
out:
	json_decref(root);
	console_close(&c);
	return rc;
}

int cmd_sign_in(const struct cli *cli, int argc, char **argv)
{
	const char *name = NULL, *password_file = NULL, *totp = NULL;
	char password[LIMIT_LINE_BYTES + 1];
	struct err err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--password-file") == 0 && i + 1 < argc)
			password_file = argv[++i];
		else if (strcmp(argv[i], "--totp") == 0 && i + 1 < argc)
			totp = argv[++i];
		else if (argv[i][0] != '-' && name == NULL)
			name = argv[i];
		else
			return cmd_misuse(argv[0]);
	}
	if (name == NULL)
		return cmd_misuse(argv[0]);
	enum err_kind rc = console_secret(password_file, "Password: ", password, &err);

	if (rc == OK)
		rc = start(cli, name, password, totp, &err);
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
