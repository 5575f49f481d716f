/*
 * person_key: the keys with which people sign decisions, as they lie in the records.
 *
 * Invariants
 *  - a key belongs to one person for ever, also after it was revoked: nobody else brings it;
 *  - a key counts only while a statement of the person's organisation says so and the agreement that names the
 *    statement's root key is in force (app/agreement.h).
 */
#ifndef APP_PERSON_KEY_H
#define APP_PERSON_KEY_H

#include "app/agreement.h"
#include "app/key_statement.h"
#include "app/lab.h"

enum {
	PERSON_KEYS_MAX = 16, /* of one person, those that were revoked too */
	PERSON_KEY_LABEL_BYTES_MAX = 80,
};

struct person_key {
	struct sha256 id;
	struct public_key key;
	struct str person, key_text, label;
	struct str credential; /* of a security key; empty: it signs by itself */
	uint32_t counter; /* a security key's last one */
	int64_t added_us, revoked_us; /* 0: not revoked */
	bool is_certified; /* the rest is there */
	struct sign_public root;
	struct str statement, signature;
	int64_t from_us, until_us;
};

enum person_key_state {
	PERSON_KEY_COUNTS,
	PERSON_KEY_WAITS, /* for the organisation's statement */
	PERSON_KEY_EARLY,
	PERSON_KEY_OVER,
	PERSON_KEY_UNROOTED, /* the agreement with its root key is not in force */
	PERSON_KEY_REVOKED,
};
/* root: of the agreement in force with the person's organisation, NULL: none. */
enum person_key_state person_key_state(
	const struct person_key *key, const struct sign_public *root, int64_t now_us);
/* "counts", "waits", "early", "over", "unrooted", "revoked". */
const char *person_key_state_word(enum person_key_state state);

/* Oldest first; texts in mem. Errors: ERR_CORRUPT, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err_kind person_keys_load(struct db *db, struct arena *mem, struct str person,
	struct person_key keys[PERSON_KEYS_MAX], size_t *count, struct err *err);
/* Errors: ERR_NOT_FOUND. */
MUST_CHECK enum err_kind person_key_find(struct db *db, struct arena *mem, const struct sha256 *id,
	struct person_key *key, struct err *err);
/* Errors: ERR_CONFLICT (it is known already), ERR_LIMIT (PERSON_KEYS_MAX). */
MUST_CHECK enum err_kind person_key_insert(
	struct db *db, const struct person_key *key, struct err *err);
/* What may change: label, counter, what certifies it, revoked_us. */
MUST_CHECK enum err_kind person_key_update(
	struct db *db, const struct person_key *key, struct err *err);

/* The place where security keys of this lab's people are used; texts borrowed from the settings. */
struct webauthn_place;
struct webauthn_place person_key_place(const struct settings *settings);

#endif
