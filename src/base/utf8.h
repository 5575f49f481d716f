/* utf8: strict decoding (RFC 3629), and showing bytes that are not UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdint.h>

#include "base/out.h"
#include "base/str.h"

/*
 * Decode the first code point of s (s.len > 0) into *code_point. Returns its length in bytes, 1 to 4,
 * or 0 when the bytes are not shortest-form UTF-8 of a scalar value.
 */
size_t utf8_decode(struct str s, uint32_t *code_point);
bool utf8_valid(struct str s);
/* Writes 1 to 4 bytes and returns how many; code_point is a scalar value. */
size_t utf8_encode(uint32_t code_point, char bytes[4]);

/* Bidi controls, other invisible format characters, C0/C1 controls: shown as escapes, never obeyed. */
bool utf8_is_hidden(uint32_t code_point);

/* A name as people may see it: bad bytes and hidden characters as \xNN and \u{NNNN}, backslash doubled. */
void out_shown(struct out *o, struct str name);

#endif
