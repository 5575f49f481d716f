/*
 * leak_find: words or lines looked for in the files of releases, by a find child. Binary files, links and submodules are
 * passed over. All is looked through, or it is an error: an answer of half a search would acquit the other half.
 */
#ifndef APP_LEAK_FIND_H
#define APP_LEAK_FIND_H

#include "app/verb.h"
#include "glass/find.h"
#include "source/release.h"

struct leak_searched {
	uint64_t files, bytes;
};

typedef enum err_kind leak_hit_fn(
	void *arg, const struct release_text *text, const struct find_hit *hit, struct err *err);

/*
 * release  empty: those of all releases, the same bytes once
 * hit      called for each place, in the order of the files' digests; stops at its first failure
 * Errors: ERR_NOT_FOUND (no such release), ERR_LIMIT (too much source, or too many places in one file), ERR_CANCELLED.
 */
MUST_CHECK enum err_kind leak_find(struct ctx *ctx, const struct find_needles *needles,
	struct str release, leak_hit_fn *hit, void *arg, struct leak_searched *searched,
	struct err *err);

/* A path as ARG_PATH reads it back, into the answer. */
void leak_write_path(struct ctx *ctx, const char *key, struct str path);

#endif
