/*
 * opening: who agreed to open a session's sealed trail, and whether that is enough. What is enough is told by the wrapped
 * keys themselves: for each key of the session there must be one wrapped for organisations that all agreed.
 */
#ifndef APP_OPENING_H
#define APP_OPENING_H

#include "app/trail_wrap.h"

/* Those that may agree: the parties, of agreements that may have changed meanwhile, and the own organisation. */
enum { OPENING_PARTIES_MAX = 2 * LIMIT_TRAIL_PARTIES };

struct opening_agreed {
	char ids[OPENING_PARTIES_MAX][LAB_ID_BYTES];
	size_t count;
};

/* The organisations whose people did the act `agree` on the record. Errors: ERR_CORRUPT (more than can be), ERR_IO. */
MUST_CHECK enum err_kind opening_agreed_load(
	struct db *db, struct str opening_id, struct opening_agreed *agreed, struct err *err);
bool opening_has_agreed(const struct opening_agreed *agreed, struct str organisation_id);
/* Are all of the recipient's organisations among them? The officer role is never one of them. */
bool opening_covers(const struct opening_agreed *agreed, struct str recipient);
/*
 * *enough: every key of the session can be unwrapped by those who agreed, or lies with the officer role alone; false for a
 * session without keys. agreed may be NULL: nobody.
 */
MUST_CHECK enum err_kind opening_is_enough(struct db *db, struct str session_id,
	const struct opening_agreed *agreed, bool *enough, struct err *err);

#endif
