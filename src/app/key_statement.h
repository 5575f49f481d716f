/*
 * key_statement: an organisation says that a key is a person's, and its root key signs that
 * (docs/formats/decision.md). One spelling: canonical JSON, every member there and no other, so that what was signed
 * can be made again from what was read.
 */
#ifndef APP_KEY_STATEMENT_H
#define APP_KEY_STATEMENT_H

#include "crypto/public_key.h"

enum { KEY_STATEMENT_BYTES_MAX = 1024 };

struct key_statement {
	struct public_key key;
	struct sign_public root;
	struct str lab, person; /* origin of the ledger, "per_…" */
	int64_t from_us, until_us; /* from <= now < until */
};

/* Texts are copied into mem. Errors: ERR_INPUT (anything but that one spelling), ERR_LIMIT. */
MUST_CHECK enum err_kind key_statement_parse(
	struct arena *mem, struct str text, struct key_statement *statement, struct err *err);
MUST_CHECK enum err_kind key_statement_format(struct arena *mem,
	const struct key_statement *statement, struct str *text, struct err *err);
/* What the root key signs: a line that says what this is, then the text. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind key_statement_message(
	struct arena *mem, struct str text, struct str *message, struct err *err);

#endif
