/*
 * decision_text: what a person signs: which act on which record, as it stood, in which lab, when
 * (docs/formats/decision.md). One spelling, canonical JSON.
 */
#ifndef APP_DECISION_TEXT_H
#define APP_DECISION_TEXT_H

#include "base/arena.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

enum { DECISION_TEXT_BYTES_MAX = 1024 };

struct decision_text {
	struct str act, lab, person, record; /* "grant.approve", origin, "per_…", "grt_…" */
	struct sha256 body; /* of the record's fields, canonical JSON */
	struct sha256 note; /* of the note's text */
	struct sign_public root; /* of the person's organisation */
	int64_t time_us, version; /* version of the record before the act */
};

/* Texts are copied into mem. Errors: ERR_INPUT (anything but that one spelling), ERR_LIMIT. */
MUST_CHECK enum err_kind decision_text_parse(
	struct arena *mem, struct str text, struct decision_text *decision, struct err *err);
MUST_CHECK enum err_kind decision_text_format(
	struct arena *mem, const struct decision_text *decision, struct str *text, struct err *err);
/* What an Ed25519 key signs: a line that says what this is, then the text. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind decision_text_message(
	struct arena *mem, struct str text, struct str *message, struct err *err);

#endif
