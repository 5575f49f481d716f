/* hex: lower-case hexadecimal of digests and ids, and base64 (RFC 4648 section 4 and 5, strict). */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/out.h"
#include "base/str.h"

/* Writes 2 * len digits and a NUL. */
void hex_format(const void *bytes, size_t len, char *digits);
/* Exactly 2 * len lower-case digits, or false. */
bool hex_parse(struct str digits, void *bytes, size_t len);
void out_hex(struct out *o, const void *bytes, size_t len);

/* Padded, standard alphabet. */
void out_base64(struct out *o, struct str bytes);
/* Unpadded, URL-safe alphabet: tokens. */
void out_base64url(struct out *o, struct str bytes);
/*
 * Strict: canonical padding, no white space, unused bits zero.
 * bytes  room for cap bytes; *len gets how many were written
 * Returns false on anything else, or when cap is too small.
 */
bool base64_parse(struct str text, void *bytes, size_t cap, size_t *len);
bool base64url_parse(struct str text, void *bytes, size_t cap, size_t *len);

#endif
