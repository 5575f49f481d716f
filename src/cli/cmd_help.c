#include "cli/cmd.h"

int cmd_help(const struct cli *cli, int argc, char **argv)
{
	(void)cli;
	if (argc > 2)
		return cmd_misuse("help");
	if (argc == 1) {
		cmd_print_list();
		return 0;
	}
	const struct cmd *cmd = cmd_find(argv[1]);
	struct err err;

	if (cmd == NULL) {
		err_set(&err, ERR_NOT_FOUND, "no such command; `vitrine help` lists them");
		return cmd_fail(argv[1], &err);
	}
	cmd_print_usage(cmd);
	return 0;
}
