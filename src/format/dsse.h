/*
 * dsse: envelopes of signed statements (DSSE 1.0.2). Which keys count is the caller's: a callback checks one
 * signature, so that this file knows no cryptography.
 */
#ifndef FORMAT_DSSE_H
#define FORMAT_DSSE_H

#include "base/out.h"

enum { DSSE_SIGNATURES_MAX = 32, DSSE_KEYS_MAX = 64, DSSE_TYPE_BYTES_MAX = 240 };

struct dsse_signature {
	struct str key_id; /* a hint only; may be empty */
	struct str bytes;
};

struct dsse {
	struct str payload_type;
	struct str payload; /* decoded; what is verified is what is handed on, never parsed twice */
	size_t signature_count;
	struct dsse_signature signatures[DSSE_SIGNATURES_MAX];
};

/*
 * Strict JSON; members that the specification does not name are ignored, as it asks. All is copied into mem.
 * Errors: ERR_INPUT, ERR_LIMIT (bytes_max, DSSE_SIGNATURES_MAX, mem).
 */
MUST_CHECK enum err_kind dsse_parse(struct arena *mem, struct str text, size_t bytes_max,
	struct dsse *envelope, struct err *err);
/* What is signed: "DSSEv1" SP len(type) SP type SP len(body) SP body. */
void dsse_put_pae(struct out *o, struct str payload_type, struct str body);

/* True when a key of the caller made this signature of pae; *key is which (below DSSE_KEYS_MAX). */
typedef bool dsse_check_fn(
	void *arg, struct str pae, const struct dsse_signature *signature, size_t *key);
/*
 * At least `threshold` (> 0) different keys have signed. mem: scratch for the signed bytes.
 * Errors: ERR_DENIED (too few), ERR_LIMIT (mem).
 */
MUST_CHECK enum err_kind dsse_verify(struct arena *mem, const struct dsse *envelope,
	size_t threshold, dsse_check_fn *check, void *arg, struct err *err);

#endif
