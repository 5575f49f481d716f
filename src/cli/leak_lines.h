/*
 * leak_lines: `vitrine leak --text`: the sessions that were shown all lines of a text. The vault tells where the lines stand
 * and opens nothing; the trails are opened here and sent nowhere.
 */
#ifndef CLI_LEAK_LINES_H
#define CLI_LEAK_LINES_H

#include "cli/leak_trail.h"

struct leak_lines {
	const char *file; /* of the text; "-": standard input */
	const char *release; /* NULL: all */
	struct leak_trails trails; /* without a key: only the places */
};

MUST_CHECK enum err_kind leak_lines_run(
	const struct cli *cli, const struct leak_lines *options, struct err *err);

#endif
