/*
 * path: names inside a release. A path is raw bytes, '/'-separated and relative; a backslash is a byte like
 * any other, and nothing is assumed about the character set.
 */
#ifndef SOURCE_PATH_H
#define SOURCE_PATH_H

#include "base/err.h"
#include "base/str.h"

enum { PATH_SHOWN_BYTES = 200 };

/*
 * Is it a path that a release may hold? Errors: ERR_INPUT names the path and says what is wrong with it:
 * empty, absolute, an empty, "." or ".." part, a NUL byte, too long (LIMIT_PATH_BYTES), too deep
 * (LIMIT_PATH_DEPTH parts).
 */
MUST_CHECK enum err_kind path_check(struct str path, struct err *err);

/*
 * Does a symbolic link at `path` with the text `target` stay inside the release? Decided on the text alone:
 * relative, and at no step above the root. Nothing in vitrine ever follows a link of a release.
 * Errors: ERR_INPUT names the link and says what is wrong with its target.
 */
MUST_CHECK enum err_kind path_link_check(struct str path, struct str target, struct err *err);

/* Is one of its parts ".git"? A repository's own folder is never part of a release. */
bool path_in_git_folder(struct str path);

/* For messages: escaped as out_shown does, in quotes, cut when long. Returns `shown`. */
const char *path_shown(struct str path, char shown[PATH_SHOWN_BYTES]);

#endif
