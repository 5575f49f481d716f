/*
 * tree: a release's sorted list of files seen as folders. Pure.
 */
#ifndef SOURCE_TREE_H
#define SOURCE_TREE_H

#include "source/release.h"

/* A row of a folder: a file, or a folder with all that lies beneath it. */
struct tree_row {
	struct str folder, name; /* borrowed from a file's path */
	const struct release_file *file; /* NULL: a folder */
	uint64_t files, bytes, lines; /* of a folder, beneath it in all */
};

typedef enum err_kind tree_row_fn(void *arg, const struct tree_row *row, struct err *err);

/*
 * A list that can be a tree: sorted, no path twice, none both a file and a folder.
 * files   in the order of manifest_order (asserted), paths checked
 * Errors: ERR_INPUT names the path.
 */
MUST_CHECK enum err_kind tree_check(
	const struct release_file *files, size_t count, struct err *err);

/* Every row of the tree; a folder comes after what it holds. Stops at the first failure of `row`. */
MUST_CHECK enum err_kind tree_walk(const struct release_file *files, size_t count, tree_row_fn *row,
	void *arg, struct err *err);

/* The folder and the last part of a path. */
void tree_split(struct str path, struct str *folder, struct str *name);

#endif
