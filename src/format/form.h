/*
 * form: application/x-www-form-urlencoded bodies, query strings, and percent-encoded path segments.
 * Decoded names and values are UTF-8 without NUL; anything else is refused, not repaired.
 */
#ifndef FORMAT_FORM_H
#define FORMAT_FORM_H

#include "base/arena.h"
#include "base/err.h"

enum { FORM_PAIRS_MAX = 1024 }; /* four lists of LIMIT_LIST_ITEMS */

struct form_pair {
	struct str name, value;
};

struct form {
	struct form_pair *pairs; /* in their order; a name may occur again: a list */
	size_t count;
};

/*
 * "a=1&b=x%20y+z". Empty pieces ("&&") are left out; a piece without '=' has an empty value.
 *
 * bytes_max  of text
 * form       decoded, in mem
 * Errors: ERR_INPUT (bad escape, NUL, not UTF-8), ERR_LIMIT (bytes_max, FORM_PAIRS_MAX, mem).
 */
MUST_CHECK enum err_kind form_parse(
	struct arena *mem, struct str text, size_t bytes_max, struct form *form, struct err *err);
/* The value of a name that occurs exactly once; false otherwise, so that no two readers take different ones. */
bool form_get(const struct form *form, const char *name, struct str *value);
/* One path segment: %XX only, '+' is itself. Errors: as form_parse. */
MUST_CHECK enum err_kind form_decode_segment(
	struct arena *mem, struct str text, struct str *decoded, struct err *err);

#endif
