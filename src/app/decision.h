/*
 * decision: the person's signature under an act that the kind says is signed (docs/formats/decision.md). The
 * ledger shows that something was recorded; a decision, who said it.
 *
 * Invariants
 *  - whoever has a key that counts signs, or does not act; whoever has none acts unsigned only where the lab's
 *    settings allow it (signatures: keyed);
 *  - what is signed names the lab, the person, the act, the record, its version and its fields' digest as they are
 *    at the moment of the act, and a moment at most DECISION_AGE_US ago.
 */
#ifndef APP_DECISION_H
#define APP_DECISION_H

#include "app/decision_text.h"
#include "app/person_key.h"
#include "app/record.h"
#include "base/when.h"

enum {
	DECISION_SIGNATURE_BYTES_MAX =
		6144, /* the object's JSON: authenticator and client data in base64 */
};
#define DECISION_AGE_US (INT64_C(5) * 60 * 1000000)

/* What came with the act; texts are empty when nothing came. */
struct decision_said {
	struct str text, signature, note;
};

/* By which key an act is signed. */
struct decided {
	bool is_signed; /* else the rest means nothing */
	struct person_key key; /* its counter is the new one */
	struct sha256 digest; /* of the text */
	struct str text, signature; /* signature: the object as canonical JSON */
};

/* Must this caller sign what is signed? True also where they may not act for want of a key. */
MUST_CHECK enum err_kind decision_wanted(const struct record_desk *desk,
	const struct settings *settings, bool *wanted, struct err *err);
/* The caller's keys that count now. */
MUST_CHECK enum err_kind decision_keys(const struct record_desk *desk,
	struct person_key keys[PERSON_KEYS_MAX], size_t *count, struct err *err);
/*
 * The record's fields as pages and answers give them, in canonical JSON, in desk->mem: a decision names its SHA-256.
 * Errors: ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind decision_body(const struct record_desk *desk, const struct record *record,
	struct str *body, struct err *err);
/*
 * The text to sign for this act on this record as it is now.
 * Errors: ERR_DENIED (no key of the caller's counts), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind decision_make(const struct record_desk *desk,
	const struct settings *settings, const struct record *record,
	const struct kind_transition *transition, struct str note, struct str *text,
	struct err *err);
/*
 * Is the act signed as it must be? transition->is_signed. *decided is in desk->mem.
 * Errors: ERR_DENIED (not signed, not by a key that counts, signature or text not of this act), ERR_CONFLICT (the
 * record changed since, or the text is too old), ERR_INPUT (malformed).
 */
MUST_CHECK enum err_kind decision_check(const struct record_desk *desk,
	const struct settings *settings, const struct record *record,
	const struct kind_transition *transition, const struct decision_said *said,
	struct decided *decided, struct err *err);

#endif
