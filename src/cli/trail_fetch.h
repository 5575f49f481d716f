/* trail_fetch: a part of a session's sealed trail as the vault hands it out, and whole trails from files. */
#ifndef CLI_TRAIL_FETCH_H
#define CLI_TRAIL_FETCH_H

#include "cli/console.h"
#include "format/trailfile.h"

/* What is asked for: the session itself, or an opening of it. */
struct trail_wanted {
	const char *what; /* "session" or "opening" */
	struct str id;
};

/*
 * trail.export from the index *from on (0: the beginning); *from gets where the next part begins, or -1. Everything in `part`
 * lives in mem. Errors: those of the vault; ERR_CORRUPT, ERR_LIMIT.
 */
MUST_CHECK enum err_kind trail_fetch(struct console *c, struct arena *mem,
	const struct trail_wanted *wanted, int64_t *from, struct trailfile *part, struct err *err);

/* The file, read whole into mem and parsed. */
MUST_CHECK enum err_kind trail_load(
	struct arena *mem, const char *path, struct trailfile *file, struct err *err);
/* Writes the file, 0600, over none. Errors: ERR_CONFLICT (there is one), ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err_kind trail_save(const char *path, struct str bytes, struct err *err);
MUST_CHECK enum err_kind trail_save_file(
	struct arena *mem, const char *path, const struct trailfile *file, struct err *err);

#endif
