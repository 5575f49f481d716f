/*
 * args: a call's arguments against the verb's rows. What passes here is typed and within bounds; handlers
 * ask for it by name (arg_str and others in app/verb.h) and never look at JSON.
 */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include "app/verb.h"

/*
 * mem   scratch
 * Errors: ERR_INPUT names the argument and what it must be; a secret's value is never repeated.
 */
MUST_CHECK enum err_kind args_check(
	const struct verb *verb, const json_t *args, struct arena *mem, struct err *err);

/* The row of an argument, or NULL. */
const struct verb_arg *args_find(const struct verb *verb, const char *name);

/*
 * The bytes of a path as out_shown writes it. Only that one spelling of each path is taken.
 * Errors: ERR_INPUT (escape, not relative, "." or ".." or empty part, NUL), ERR_LIMIT (arena).
 */
MUST_CHECK enum err_kind path_from_shown(
	struct arena *mem, struct str shown, struct str *path, struct err *err);

#endif
