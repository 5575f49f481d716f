/*
 * release: what a release holds. A manifest lists (mode, path, digest, size) of every file; its SHA-256 is the
 * release's identity in the ledger (docs/formats/manifest.md). Files lie in the content store by digest.
 */
#ifndef SOURCE_RELEASE_H
#define SOURCE_RELEASE_H

#include "store/pack.h"

enum file_mode { FILE_PLAIN, FILE_EXECUTABLE, FILE_SYMLINK, FILE_SUBMODULE };

struct release_file {
	enum file_mode mode;
	/* Raw bytes, '/'-separated, checked: relative, no empty, "." or ".." part, no NUL */
	struct str path;
	/* Of the content; a symbolic link's is its target's text, a submodule's its commit id in hex */
	struct sha256 digest;
	/* `lines`: ends of line, plus one for a last line without; 0 for binary files */
	uint64_t size, lines;
	bool binary;
};

/* Errors: ERR_NOT_FOUND when the release or the path in it does not exist. Strings live in mem. */
MUST_CHECK enum err_kind release_find_file(struct db *db, struct arena *mem, struct str release_id,
	struct str path, struct release_file *file, struct err *err);

/* The file of that content, the first by folder and name where there are several. Errors: ERR_NOT_FOUND. */
MUST_CHECK enum err_kind release_find_blob(struct db *db, struct arena *mem, struct str release_id,
	const struct sha256 *digest, struct release_file *file, struct err *err);

/* A file that can be read as text, and a release that holds it. */
struct release_text {
	struct str release;
	struct release_file file;
};
/*
 * The text files of a release, or (release_id empty) of all, by digest; the same bytes once. Strings live in mem.
 * Errors: ERR_NOT_FOUND (the release has no file at all), ERR_LIMIT.
 */
MUST_CHECK enum err_kind release_texts(struct db *db, struct arena *mem, struct str release_id,
	struct release_text **texts, size_t *count, struct err *err);

/* One row of a folder: a file, or a folder below with what it holds in all. */
struct release_node {
	struct str name; /* last part of the path */
	bool is_folder;
	struct release_file file; /* when a file; its path in either case */
	uint64_t files, bytes, lines; /* when a folder */
};
/* Which rows of a folder. */
struct release_page {
	struct str folder; /* "" is the root */
	struct str
		after; /* name of the row that the page before ended with; empty: from the first on */
	bool after_is_folder;
	size_t limit; /* from 1 to LIMIT_TREE_ROWS */
	/* NULL: every row. Others are as if they were not there. */
	bool (*keep)(void *arg, const struct release_node *node);
	void *arg;
};
/*
 * Ordered by raw bytes, folders first; strings live in mem. *more: rows follow that are kept.
 * Errors: ERR_NOT_FOUND (no such folder); ERR_LIMIT.
 */
MUST_CHECK enum err_kind release_list(struct db *db, struct arena *mem, struct str release_id,
	const struct release_page *page, struct release_node **nodes, size_t *count, bool *more,
	struct err *err);

#endif
