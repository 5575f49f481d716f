/*
 * entry: one line of the ledger (docs/formats/ledger.md): canonical JSON (RFC 8785) of at most
 * LIMIT_ENTRY_BYTES,
 *
 *	{"commit":"<hex>","kind":"source.view","public":{…},"request":"<hex>","time":"2026-…Z","v":1}
 *
 * commit = SHA-256(nonce32 || detail): the private detail can be shown and proved later, or destroyed, and the
 * entry stays what it was. request, the digest of the point's signed call, is absent where there was none.
 */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include "base/limit.h"
#include "base/out.h"
#include "crypto/digest.h"

enum { ENTRY_FIELDS_MAX = 24, ENTRY_NONCE_BYTES = 32, ENTRY_VERSION = 1 };

/* One public field: text, or a number when is_number. */
struct entry_field {
	const char *name; /* declared in the verb table */
	struct str text;
	int64_t number;
	bool is_number;
};

struct entry_draft {
	const char *kind; /* "source.view" */
	int64_t time_us;
	struct entry_field fields[ENTRY_FIELDS_MAX];
	size_t field_count;
	struct str detail; /* private; JSON or sealed bytes; may be empty */
	/* Of the point's signed request; all zero: none (start-up, command). */
	struct sha256 request;
	/* Columns for finding it again; not part of the entry. Empty: none. */
	struct str session, record;
};

/* What an entry says, read back. */
struct entry {
	struct sha256 commit, request;
	bool has_request;
	struct str kind;
	struct str public_json; /* the object, canonical */
	int64_t time_us;
};

struct entry_nonce {
	uint8_t bytes[ENTRY_NONCE_BYTES];
};

struct sha256 entry_commit(const struct entry_nonce *nonce, struct str detail);
/*
 * The canonical text of a draft, appended to o.
 * Errors: ERR_INPUT (a name twice, text that is not UTF-8 or holds NUL, numbers beyond JSON_INT_MAX),
 * ERR_LIMIT (LIMIT_ENTRY_BYTES, ENTRY_FIELDS_MAX).
 */
MUST_CHECK enum err_kind entry_format(const struct entry_draft *draft, const struct sha256 *commit,
	struct out *o, struct err *err);
/*
 * Read an entry back. Accepts what entry_format writes and nothing else: the text must be the canonical form of
 * what it says. *entry is copied into mem.
 * Errors: ERR_INPUT, ERR_LIMIT.
 */
MUST_CHECK enum err_kind entry_parse(
	struct arena *mem, struct str text, struct entry *entry, struct err *err);

#endif
