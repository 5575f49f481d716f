/*
 * session: who holds a token. A session belongs to one person and one point, ends when it is idle or old, and
 * is looked up anew for each step of a call: nothing about it is cached.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/lab.h"
#include "app/verb.h"

enum {
	SESSION_TOKEN_BYTES = 32,
	/* How exactly is noted when a session was last used: no less than a second's idleness counts. */
	SESSION_SEEN_STEP_US = 1000000,
};

struct session {
	struct str id, person_id, point;
	struct str login; /* the name that the person signs in with */
	struct caller person; /* person, organisation, line and roles; roles 0 when not active */
	int64_t started_us, seen_us, ends_us; /* ends_us: absolute limit */
	bool is_open; /* not ended, not idle, not too old, person and organisation active */
	bool must_change; /* signed in with a one-time password */
	bool has_totp;
	struct sha256 mark;
};

/*
 * The session of a token, open or not.
 * Errors: ERR_NOT_FOUND (no session ever had this token).
 */
MUST_CHECK enum err_kind session_find(const struct lab *lab, struct db *db, struct arena *mem,
	const uint8_t token[SESSION_TOKEN_BYTES], int64_t now_us, struct session *session,
	struct err *err);
/* The same by the session's id. */
MUST_CHECK enum err_kind session_load(const struct lab *lab, struct db *db, struct arena *mem,
	struct str session_id, int64_t now_us, struct session *session, struct err *err);
/* The caller that a session makes; point, address and is_console stay as they are. */
void session_caller(const struct session *session, struct caller *caller);
/* In the transaction: the person acted now; never moves backwards. */
MUST_CHECK enum err_kind session_touch(
	struct db *db, struct str session_id, int64_t now_us, struct err *err);
/*
 * In the transaction: end every session of a person but one (empty: all of them); their sealing keys go
 * with them. *ended counts.
 */
MUST_CHECK enum err_kind session_end_others(const struct lab *lab, struct db *db, struct arena *mem,
	struct str person_id, struct str but, int64_t now_us, int64_t *ended, struct err *err);

#endif
