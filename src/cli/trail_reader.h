/*
 * trail_reader: opens sealed trails at the reader's own tool. The vault hands out what is sealed and the wrapped keys, and
 * never sees the secret that opens them; or they come from files, which the parties of an opening handed on until one layer was
 * left. Each session asked of the vault is an entry, trail.export.
 */
#ifndef CLI_TRAIL_READER_H
#define CLI_TRAIL_READER_H

#include "app/trail_wrap.h"
#include "cli/console.h"
#include "format/trailfile.h"

enum { TRAIL_FILES_MAX = 16 };
/* The arenas of files: their bytes and what is decoded of them. */
#define TRAIL_FILE_MEM_BYTES (4 * (size_t)LIMIT_TRAIL_FILE_BYTES)

struct trail_reader {
	const struct cli *cli;
	struct trail_opener opener;
	struct arena files_mem;
	struct trailfile files[TRAIL_FILES_MAX];
	char ids[TRAIL_FILES_MAX][LAB_ID_BYTES]; /* of their sessions */
	size_t file_count;
	/* Of the session being read. */
	struct arena mem;
	struct str session;
	struct seal_key keys[LIMIT_TRAIL_KEYS];
	bool has_key[LIMIT_TRAIL_KEYS];
};

/* One item, opened; its strings last until the call returns. */
struct trail_item {
	int64_t index; /* of its entry */
	struct str time, kind, plain; /* plain: JSON, docs/formats/trail.md */
};
typedef enum err_kind trail_item_fn(void *arg, const struct trail_item *item, struct err *err);

/* A secret of 32 raw bytes and its public half. Errors: ERR_INPUT, ERR_IO. */
MUST_CHECK enum err_kind trail_opener_read(
	const char *path, struct trail_opener *opener, struct err *err);

/*
 * cli: NULL when no vault is to be asked. key_path: the secret of the officer role, or of an organisation.
 * trail_reader_close wipes it, after an error, too.
 */
MUST_CHECK enum err_kind trail_reader_open(
	const struct cli *cli, const char *key_path, struct trail_reader *t, struct err *err);
void trail_reader_close(struct trail_reader *t);
/* The session of this file is read from it from now on. */
MUST_CHECK enum err_kind trail_reader_add(
	struct trail_reader *t, const char *path, struct err *err);
/*
 * Every item of one session, in the order of their entries. Stops at the first failure of `item`.
 * Errors: those of the vault (ERR_CONFLICT: sealed for its parties, ask them for an opening); ERR_DENIED (the key does not
 * open it), ERR_CORRUPT.
 */
MUST_CHECK enum err_kind trail_reader_session(struct trail_reader *t, struct str session,
	trail_item_fn *item, void *arg, struct err *err);

#endif
