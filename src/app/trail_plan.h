/* trail_plan: for whom a session's keys are wrapped, by the agreement in force of the person's organisation. */
#ifndef APP_TRAIL_PLAN_H
#define APP_TRAIL_PLAN_H

#include "app/trail_wrap.h"

/*
 * The plan of this moment. The parties of the agreement in force open trails together; without one, or where it names no
 * parties, the officer role does. Parties that have no sealing key of their own are left out; when fewer than the quorum are
 * left, nobody but an officer begins a session, because nobody could ever answer for it: ERR_CONFLICT.
 * Errors: ERR_NOT_FOUND (no such session), ERR_CONFLICT, ERR_IO, ERR_CORRUPT.
 */
MUST_CHECK enum err_kind trail_plan_load(struct db *db, struct arena *mem, struct str session_id,
	int64_t now_us, struct trail_plan *plan, struct err *err);

/*
 * What is known of who can open a session's trail, from the wrapped keys themselves: {"officers": true, "quorum": 2,
 * "parties": [{"id", "name"}], "own": {"id", "name"} or null}, as the value of a key that the caller has written.
 */
struct jw;
MUST_CHECK enum err_kind trail_readers_write(
	struct jw *w, struct db *db, struct str session_id, struct err *err);

#endif
