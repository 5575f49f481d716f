/*
 * rules: what the place of a point adds to what the lab decides: opening hours, and a supervised room, which a second
 * person unlocks and in which that person does not sign in. Whoever breaks a rule is answered by the point; the vault
 * hears nothing of it.
 *
 * point.yaml
 *   hours: ["mon-fri 08:00-18:00", "sat 09:00-12:00"]     by the machine's local time; absent: always
 *   supervised: true
 *   supervisors: [ada, ben]                                sign-in names of those who may unlock
 *
 * Invariants
 *  - a supervised room is locked at the start, at the end of its hours, and ROOM_OPEN_S after it was unlocked;
 *  - while it is locked, no call passes but what is public, signing out, and a supervisor's sign-in to unlock;
 *  - only sessions that began here since the unlocking pass, and none of the one who unlocked.
 */
#ifndef WEB_RULES_H
#define WEB_RULES_H

#include "format/json.h"
#include "link/client.h"
#include "os/clock.h"

enum { ROOM_OPEN_S = 12 * 3600, RULES_SAID_BYTES = 200 };

enum rules_state { RULES_OPEN, RULES_CLOSED, RULES_LOCKED };

struct rules;

/* settings: the mapping of point.yaml; clock is borrowed. Errors: ERR_INPUT names the key. */
MUST_CHECK enum err_kind rules_open(
	const json_t *settings, const struct clock *clock, struct rules **r, struct err *err);
void rules_close(struct rules *r);
/* Says in `said` what it means for who stands before the door. Any thread, like the rest. */
enum rules_state rules_now(struct rules *r, char said[RULES_SAID_BYTES]);
bool rules_is_supervised(const struct rules *r);
/* May this call go to the vault? False: why, ERR_DENIED or ERR_AUTH. */
bool rules_let_pass(struct rules *r, const struct client_call *call, struct err *why);
/*
 * The answer of a session.start. *token: empty, or that of a session which may not be here (borrowed from json's text,
 * why says so): it is to be ended.
 */
void rules_signed_in(struct rules *r, struct str json, struct str *token, struct err *why);
/* The person (per_…) has proved by signing in who they are. Errors: ERR_DENIED (closed). */
MUST_CHECK enum err_kind rules_unlock(struct rules *r, struct str person, struct err *err);
void rules_lock(struct rules *r);

/* "mon-fri 08:00-18:00". Minutes of the day; the end may be 24:00. */
struct rules_hours {
	bool days[7]; /* from Sunday, as in struct tm */
	int from_min, until_min;
};
/* False: not hours. */
bool rules_parse_hours(struct str text, struct rules_hours *hours);

#endif
