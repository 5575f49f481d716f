/*
 * console: the command line's end of the link. It speaks to the vault over the lab's own socket as the point
 * "console", and keeps the tokens of who signed in: one file a lab and person, 0600, below
 * $XDG_STATE_HOME/vitrine (default ~/.local/state/vitrine).
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "cli/cmd.h"
#include "link/client.h"

struct console {
	struct client *client;
	struct arena mem; /* answers and bodies, until console_close */
	uint8_t token[FRAME_TOKEN_BYTES]; /* all zero: not signed in */
};

/* Whether a command speaks as somebody. */
enum console_who { CONSOLE_STRANGER, CONSOLE_SIGNED_IN };

/*
 * Connects. CONSOLE_SIGNED_IN: with the kept token of cli->as, or of the only one who signed in.
 * Errors: ERR_NOT_FOUND (no vault runs for this lab), ERR_AUTH (nobody signed in, or several and none named).
 */
MUST_CHECK enum err_kind console_open(
	const struct cli *cli, enum console_who who, struct console *c, struct err *err);
void console_close(struct console *c);
/* One verb; an answer that is not OK becomes the error that it tells. */
MUST_CHECK enum err_kind console_ask(
	struct console *c, struct client_call *call, struct client_answer *answer, struct err *err);
/* The same with a body and nothing else. */
MUST_CHECK enum err_kind console_verb(struct console *c, const char *verb, struct str body,
	struct client_answer *answer, struct err *err);

/* Keeps c->token as `name`'s, or forgets it. */
MUST_CHECK enum err_kind console_keep(
	const struct cli *cli, const struct console *c, const char *name, struct err *err);
MUST_CHECK enum err_kind console_forget(const struct cli *cli, const char *name, struct err *err);
/* Who is meant: cli->as, or the only one who signed in. `name` has LIMIT_NAME_BYTES + 1. */
MUST_CHECK enum err_kind console_name(
	const struct cli *cli, char name[LIMIT_NAME_BYTES + 1], struct err *err);

/*
 * A secret from a file, from standard input ("-"), or (path NULL) typed at the terminal after `prompt`, unseen.
 * One line, without its end. secret has LIMIT_LINE_BYTES + 1 bytes; the caller wipes it.
 */
MUST_CHECK enum err_kind console_secret(
	const char *path, const char *prompt, char secret[LIMIT_LINE_BYTES + 1], struct err *err);

#endif
