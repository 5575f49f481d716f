/* prove: saves a proof that stands without the lab, and says how to check it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/console.h"
#include "format/json.h"
#include "os/fs.h"

struct options {
	const char *thing, *out;
	bool details;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	*o = (struct options){ .thing = NULL };
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
			o->out = argv[++i];
		else if (strcmp(argv[i], "--details") == 0)
			o->details = true;
		else if (argv[i][0] != '-' && o->thing == NULL)
			o->thing = argv[i];
		else
			return false;
	}
	return o->thing != NULL;
}

static enum err_kind save(const struct options *o, struct str bundle, struct err *err)
{
	if (o->out == NULL)
		return fs_write_all(STDOUT_FILENO, bundle.ptr, bundle.len, err);
	int fd = open(o->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, errno, "%.200s", o->out);
	enum err_kind rc = fs_write_all(fd, bundle.ptr, bundle.len, err);

	if (close(fd) != 0 && rc == OK)
		rc = err_errno(err, errno, "%.200s", o->out);
	return rc;
}

static enum err_kind ask(
	struct console *c, const struct options *o, json_t **answer, struct err *err)
{
	struct client_answer said;
	struct str body;
	struct out out;
	struct jw w;

	out_init(&out, &c->mem, LIMIT_JSON_BYTES);
	jw_init(&w, &out);
	jw_object(&w);
	jw_kstr(&w, "thing", str_from(o->thing));
	jw_kbool(&w, "details", o->details);
	jw_object_end(&w);
	enum err_kind rc = out_finish(&out, &body, err);

	if (rc == OK)
		rc = console_verb(c, "prove.bundle", body, &said, err);
	return rc == OK ? json_parse(said.json, LIMIT_ANSWER_BYTES, answer, err) : rc;
}

int cmd_prove(const struct cli *cli, int argc, char **argv)
{
	struct options o;
	struct console c;
	struct err err;
	struct str bundle;
	json_t *answer = NULL;

	if (!read_options(argc, argv, &o))
		return cmd_misuse(argv[0]);
	enum err_kind rc = console_open(cli, CONSOLE_SIGNED_IN, &c, &err);

	if (rc != OK)
		return cmd_fail("prove", &err);
	rc = ask(&c, &o, &answer, &err);
	if (rc == OK && !json_str(answer, "bundle", &bundle))
		rc = err_set(&err, ERR_CORRUPT, "the vault's answer holds no bundle");
	if (rc == OK)
		rc = save(&o, bundle, &err);
	if (rc == OK && o.out != NULL)
		fprintf(stderr,
			"saved; whoever keeps a policy file checks it with\n"
			"  vitrine-verify verify --policy POLICY %s\n",
			o.out);
	json_decref(answer);
	console_close(&c);
	return rc == OK ? 0 : cmd_fail("prove", &err);
}
