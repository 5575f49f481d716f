/*
 * trail_reader: opens sealed trails at the officer's own tool: the vault hands out what is sealed and the wrapped keys, and
 * never sees the secret that opens them. Each session asked for is an entry, trail.export.
 */
#ifndef CLI_TRAIL_READER_H
#define CLI_TRAIL_READER_H

#include "cli/console.h"
#include "crypto/seal.h"

/* A session whose vault was started again has one more key each time. */
enum { TRAIL_KEYS_MAX = 64 };

struct trail_reader {
	const struct cli *cli;
	struct box_secret role_secret;
	struct box_public role_public;
	/* Of the session being read. */
	struct arena mem;
	struct str session;
	struct seal_key keys[TRAIL_KEYS_MAX];
	bool has_key[TRAIL_KEYS_MAX];
};

/* One item, opened; its strings last until the call returns. */
struct trail_item {
	int64_t index; /* of its entry */
	struct str time, kind, plain; /* plain: JSON, docs/formats/trail.md */
};
typedef enum err_kind trail_item_fn(void *arg, const struct trail_item *item, struct err *err);

/* key_path: the secret of the officer role, which init wrote. trail_reader_close wipes it, after an error, too. */
MUST_CHECK enum err_kind trail_reader_open(
	const struct cli *cli, const char *key_path, struct trail_reader *t, struct err *err);
void trail_reader_close(struct trail_reader *t);
/*
 * Every item of one session, in the order of their entries. Stops at the first failure of `item`.
 * Errors: those of the vault; ERR_DENIED (the key does not open it), ERR_CORRUPT.
 */
MUST_CHECK enum err_kind trail_reader_session(struct trail_reader *t, struct str session,
	trail_item_fn *item, void *arg, struct err *err);

#endif
