/*
 * main: picks the role. `vitrine --child ROLE` is a pooled child of a vault, started by sandbox_spawn
 * with descriptor 3; everything else is a command of cli/cmds.c.
 */
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "glass/glass.h"
#include "source/ingest.h"

/* What a child runs; each enters its sandbox before it reads the first byte from descriptor 3. */
static const struct child_role {
	const char *name;
	void (*run)(void); /* does not return */
} child_roles[] = {
	{ "detect", detect_child },
	{ "draw", draw_child },
	{ "find", find_child },
	{ "import", import_child },
	{ "layout", layout_child },
	{ "picture", picture_child },
	{ NULL, NULL },
};

static int run_child(const char *name)
{
	for (const struct child_role *role = child_roles; role->name != NULL; role++)
		if (strcmp(role->name, name) == 0)
			role->run();
	fprintf(stderr, "vitrine: no child role %s\n", name);
	return err_exit_code(ERR_INPUT);
}

/* The lab that is meant when none is named: here, if this is one; else the demo's. */
static const char *default_lab(void)
{
	return access("vitrine.yaml", F_OK) == 0 ? "." : "demo-lab";
}

/* Reads what stands before the command; returns the index of the command, or -1 on misuse. */
static int read_options(int argc, char **argv, struct cli *cli)
{
	const struct option_row {
		const char *name;
		const char **value;
	} rows[] = { { "--lab", &cli->lab }, { "--as", &cli->as }, { "--data", &cli->data } };
	int at = 1;

	while (at < argc && argv[at][0] == '-') {
		bool known = false;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (strcmp(argv[at], rows[i].name) != 0 || at + 1 >= argc)
				continue;
			*rows[i].value = argv[at + 1];
			known = true;
		}
		if (!known)
			return -1;
		at += 2;
	}
	return at < argc ? at : -1;
}

int main(int argc, char **argv)
{
	struct cli cli = { .argv = argv };
	struct err err;

	/* A peer that has gone is an error of the write, not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return run_child(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("vitrine %s\n", VITRINE_VERSION);
		return 0;
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		cmd_print_list();
		return 0;
	}
	int at = read_options(argc, argv, &cli);

	if (at < 0) {
		fprintf(stderr, "vitrine: wrong use; see `vitrine help`\n");
		return err_exit_code(ERR_INPUT);
	}
	if (cli.lab == NULL)
		cli.lab = default_lab();
	const struct cmd *cmd = cmd_find(argv[at]);

	if (cmd == NULL && at + 1 < argc && argv[at + 1][0] != '-')
		return cmd_verb(&cli, argc - at, argv + at);
	if (cmd == NULL) {
		err_set(&err, ERR_NOT_FOUND, "no such command; see `vitrine help`");
		return cmd_fail(argv[at], &err);
	}
	return cmd->run(&cli, argc - at, argv + at);
}
