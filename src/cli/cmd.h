/*
 * cmd: the commands of `vitrine`, one row each in cmds.c. To add one: write src/cli/cmd_<name>.c (or the
 * process's file under src/proc/), declare it below, add its row and its file to meson.build.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "base/err.h"

/* What stands before the command: `vitrine [--lab DIR] [--as NAME] COMMAND …`. */
struct cli {
	const char *lab; /* folder of the lab; never NULL */
	const char *as; /* sign-in name whose token is used; NULL: the only one there is */
	/* --data: folder of the installed kinds and font; NULL: where they were installed */
	const char *data;
	char **argv; /* of main: for a role that starts itself again */
};

/* argv[0] is the command's name, argv[argc] is NULL. Returns the exit code. */
typedef int cmd_fn(const struct cli *cli, int argc, char **argv);

struct cmd {
	const char *name; /* "ledger": one word */
	const char *summary; /* one line, for the list and the manual page */
	/* What follows the name; lines of further forms or options separated by '\n' */
	const char *usage;
	cmd_fn *run;
};

/* Ends with a row whose name is NULL. */
extern const struct cmd cmds[];
const struct cmd *cmd_find(const char *name);

/* "vitrine: what: why" on stderr; returns the exit code of the error's kind. */
int cmd_fail(const char *what, const struct err *err);
/* "vitrine: NAME: wrong use; usage: …"; returns the exit code of ERR_INPUT. */
int cmd_misuse(const char *name);
/* The list of commands, or one command's usage, on stdout. */
void cmd_print_list(void);
void cmd_print_usage(const struct cmd *cmd);

cmd_fn cmd_doctor;
cmd_fn cmd_init;
cmd_fn cmd_ledger, cmd_store;
cmd_fn cmd_leak;
cmd_fn cmd_sign; /* cmd_keys.c */
cmd_fn cmd_door, cmd_point, cmd_up, cmd_vault, cmd_witness; /* src/proc/ */
cmd_fn cmd_enrol; /* `vitrine point enrol`, `vitrine point revoke` */
cmd_fn cmd_call, cmd_help, cmd_man, cmd_openapi, cmd_prove, cmd_sign_in, cmd_sign_out, cmd_totp,
	cmd_trail;
cmd_fn cmd_product, cmd_release; /* other acts of their families: cmd_verb */
/* `vitrine FAMILY ACT …`: for verbs that have no command of their own; argv[0] is the family. */
cmd_fn cmd_verb;

#endif
