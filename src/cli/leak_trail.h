/* leak_trail: the pages that a session was shown, read from its opened trail. For cmd_leak.c and leak_lines.c. */
#ifndef CLI_LEAK_TRAIL_H
#define CLI_LEAK_TRAIL_H

#include "cli/trail_reader.h"
#include "format/json.h"

/* Strings last until the call returns. */
struct leak_view {
	int64_t index; /* of its entry */
	struct str time, release, path, blob; /* blob: SHA-256 in hexadecimal */
	/* First line and column, 0-based; lines of source on the page */
	int64_t line, column, lines;
};
typedef enum err_kind leak_view_fn(void *arg, const struct leak_view *view, struct err *err);

/* Which trails are opened, and with what. */
struct leak_trails {
	const char *
		key; /* file of the secret: the officer role's, or a party's; NULL: none is opened */
	char *const *files; /* trails that parties of an opening handed on */
	size_t file_count;
	char *const *
		sessions; /* only these; none: those of the files, or without any all that were shown pages */
	size_t session_count;
};
/* The reader with its files; trail_reader_close it, after an error, too. */
MUST_CHECK enum err_kind leak_trails_open(const struct cli *cli, const struct leak_trails *trails,
	struct trail_reader *reader, struct err *err);

/* Every source.view of the session's trail. Errors: those of trail_reader_session and of `view`. */
MUST_CHECK enum err_kind leak_trail_views(struct trail_reader *reader, struct str session,
	leak_view_fn *view, void *arg, struct err *err);

/* What the commands ask of the vault: one verb, its answer parsed. *root is the caller's to json_decref. */
MUST_CHECK enum err_kind leak_ask(struct console *c, const char *verb, const json_t *body, int fd,
	json_t **root, struct err *err);

/* A session that was shown pages. */
typedef enum err_kind leak_session_fn(
	void *arg, struct str session, struct str point, struct err *err);
/*
 * Each session of leak.sessions that is meant. One whose trail is sealed for its parties and comes in no file is passed over,
 * said on stdout and counted in *closed: nothing can be said of it.
 */
MUST_CHECK enum err_kind leak_each_session(const struct trail_reader *reader,
	const struct leak_trails *trails, leak_session_fn *session, void *arg, size_t *closed,
	struct err *err);

/* Members of an answer; empty, or 0, when absent. */
struct str leak_text_of(const json_t *object, const char *key);
int64_t leak_int_of(const json_t *object, const char *key);
double leak_real_of(const json_t *object, const char *key);

#endif
