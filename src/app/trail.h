/*
 * trail: the key under which a session's private details are sealed. Made by the vault, kept in its memory
 * while the session is open, stored only wrapped (app/trail_wrap.h); a vault that starts again begins a new key (the
 * next seq) for a session that goes on.
 *
 * Sealed detail of an entry: "vts1" || seq u32be || seal_close(key, bound = session id) (docs/formats/trail.md).
 */
#ifndef APP_TRAIL_H
#define APP_TRAIL_H

#include "app/lab.h"

MUST_CHECK enum err_kind trail_open(struct session_keys **keys, struct err *err);
/* Wipes every key. NULL is fine. */
void trail_close(struct session_keys *keys);

/* In the transaction that begins a session: its first key. Errors: those of trail_plan_load, too. */
MUST_CHECK enum err_kind trail_begin(
	struct lab *lab, struct db *db, struct arena *mem, struct str session_id, struct err *err);
/*
 * On the writer's thread, in its transaction: seal `plain` for the session; makes and stores the key when
 * there is none. *sealed lives in mem. Errors: ERR_LIMIT (arena, sessions), ERR_IO.
 */
MUST_CHECK enum err_kind trail_seal(struct lab *lab, struct db *db, struct arena *mem,
	struct str session_id, struct str plain, struct str *sealed, struct err *err);
/* The session has ended: its key leaves the memory. */
void trail_forget(struct session_keys *keys, struct str session_id);

bool trail_is_sealed(struct str detail);
/*
 * For the reader's own tools: which key sealed it, and the bytes for seal_open with the session's id as bound
 * bytes. False when it is not sealed.
 */
bool trail_split(struct str detail, uint32_t *seq, struct str *sealed);

#endif
