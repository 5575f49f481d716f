/*
 * note: texts with signature lines (C2SP signed-note 1.0.0).
 *
 * Invariants
 *  - the text is what stands before the LAST blank line, with its final newline; nothing else is signed;
 *  - a line by a key that we do not know is ignored; a line by a key that we know and that fails makes the
 *    whole note worthless;
 *  - a key is known by name and id; the id is computed from the key, never believed.
 */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "base/out.h"
#include "crypto/sign.h"

enum {
	NOTE_BYTES_MAX = 64 << 10, /* 16 lines of the longest known kind of signature, and a text */
	NOTE_SIGNATURES_MAX = 100,
	NOTE_NAME_BYTES_MAX = 255,
	NOTE_VKEY_BYTES_MAX = NOTE_NAME_BYTES_MAX + 1 + 8 + 1 + 44,
};

enum note_type {
	NOTE_ED25519 = 1, /* signs the text */
	NOTE_COSIGNATURE = 4, /* Ed25519 over time and text: a witness */
	NOTE_ML_DSA_44 = 6, /* read, and not yet verified: such keys are as good as unknown */
};

/* Who may sign, and with what. */
struct note_vkey {
	struct str name; /* borrowed from what it was made of */
	uint32_t id;
	enum note_type type;
	struct sign_public key; /* of NOTE_ED25519 and NOTE_COSIGNATURE */
};

struct note_line {
	struct str name;
	uint32_t id;
	struct str base64; /* of id and signature, checked to be base64 */
};

struct note {
	struct str text;
	size_t line_count;
	struct note_line lines[NOTE_SIGNATURES_MAX]; /* in the note's order; all borrowed */
};

/* What one key says about a note. */
struct note_verdict {
	bool has_signed;
	/* NOTE_COSIGNATURE: the latest time that it states, in Unix seconds; else 0 */
	uint64_t time_s;
};

/* Not empty, at most NOTE_NAME_BYTES_MAX, UTF-8 without Unicode spaces, control characters and '+'. */
bool note_name_valid(struct str name);
/* Not empty, ends in a newline, UTF-8, no byte below 0x20 but newlines. */
bool note_text_valid(struct str text);

/* name is valid and outlives the vkey. */
struct note_vkey note_vkey_make(
	struct str name, enum note_type type, const struct sign_public *public_key);
/* "name+c74f20a3+AR…". Errors: ERR_INPUT (form, id that is not the key's, type that nobody has defined). */
MUST_CHECK enum err_kind note_vkey_parse(struct str text, struct note_vkey *vkey, struct err *err);
/* Of types NOTE_ED25519 and NOTE_COSIGNATURE. */
void note_vkey_put(struct out *o, const struct note_vkey *vkey);

/* Form alone; signatures are not checked. Errors: ERR_INPUT, ERR_LIMIT (NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX). */
MUST_CHECK enum err_kind note_parse(struct str bytes, struct note *note, struct err *err);
/*
 * Check every line that belongs to one of the keys.
 *
 * mem       scratch for the signed message
 * keys      key_count of them, no (name, id) twice
 * verdicts  key_count places, one for each key
 * Errors: ERR_CORRUPT (a known key's line fails), ERR_DENIED (none of the keys has signed), ERR_INPUT (the same
 * key twice), ERR_LIMIT (mem).
 */
MUST_CHECK enum err_kind note_verify(struct arena *mem, const struct note *note,
	const struct note_vkey *keys, size_t key_count, struct note_verdict *verdicts,
	struct err *err);
/* The signature line of a key of type NOTE_ED25519 on a valid text. */
void note_put_signature(struct out *o, const struct note_vkey *vkey,
	const struct sign_secret *secret, struct str text);
/* The whole note: text, blank line, one signature line. */
void note_put(struct out *o, const struct note_vkey *vkey, const struct sign_secret *secret,
	struct str text);

#endif
