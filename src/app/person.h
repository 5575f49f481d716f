/*
 * person: who may act. A person acts only while their record is active and their organisation's record is
 * too; roles, line and organisation are read from the records at every call, so that a change bites at the
 * next one.
 */
#ifndef APP_PERSON_H
#define APP_PERSON_H

#include "app/verb.h"

/* False also when the records cannot be read: no answer is no permission. */
bool person_is_active(struct db *db, struct str person_id);

/*
 * Fill who calls: person_id, person_name (the display name), organisation_id, organisation_name, line and
 * roles. Session, point and is_console stay as they are. Strings are copied into mem.
 * Errors: ERR_AUTH when there is no such person, or the person or the organisation is not active (one text
 * for all of them); ERR_IO, ERR_CORRUPT.
 */
MUST_CHECK enum err_kind person_load(struct db *db, struct arena *mem, struct str person_id,
	struct caller *caller, struct err *err);

/* "officer" and so on; 0 when there is no such role. */
enum role role_of_word(struct str word);
/* The word of one role, or NULL. */
const char *role_word(enum role role);

#endif
