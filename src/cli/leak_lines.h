/*
 * leak_lines: `vitrine leak --text`: the sessions that were shown all lines of a text. The vault tells where the lines stand
 * and opens nothing; the trails are opened here and sent nowhere.
 */
#ifndef CLI_LEAK_LINES_H
#define CLI_LEAK_LINES_H

#include "cli/cmd.h"

struct leak_lines {
	const char *file; /* of the text; "-": standard input */
	const char *release; /* NULL: all */
	const char *key; /* of the officer role; NULL: only the places */
	char *const *sessions; /* only these; none: all that were shown pages */
	size_t session_count;
};

MUST_CHECK enum err_kind leak_lines_run(
	const struct cli *cli, const struct leak_lines *options, struct err *err);

#endif
