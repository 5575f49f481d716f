/*
 * govern_session: the handlers of the family session that lie in files of their own, and what they share.
 */
#ifndef APP_GOVERN_SESSION_H
#define APP_GOVERN_SESSION_H

#include "app/session.h"
#include "crypto/password.h"

enum {
	PASSWORD_MIN_BYTES = 12,
	TOTP_DIGITS = 6,
};

/* What is kept of a person to sign in with; never listed, never entered. */
struct credential {
	struct str person_id, login;
	struct password_hash password;
	bool must_change, totp_confirmed;
	struct str totp_secret; /* in the arena; empty: none */
	uint64_t totp_step; /* the last one used: a code works once */
};

/* Errors: ERR_NOT_FOUND. */
MUST_CHECK enum err_kind credential_by_login(struct db *db, struct arena *mem, struct str login,
	struct credential *credential, struct err *err);
MUST_CHECK enum err_kind credential_of_person(struct db *db, struct arena *mem,
	struct str person_id, struct credential *credential, struct err *err);

/* Four groups of five from an alphabet without look-alikes: 100 bits. *once lives in mem. */
MUST_CHECK enum err_kind password_make_up(struct arena *mem, struct str *once, struct err *err);

/* {id, name, display, organisation, organisation_name, roles, line} under the key "person". */
void write_person(struct jw *w, const struct caller *person, struct str login);

/* govern_password.c */
verb_fn password_compute, password_apply, password_refused;
verb_fn totp_begin_compute, totp_begin_apply, totp_confirm_apply;
verb_fn credential_compute, credential_apply;

#endif
