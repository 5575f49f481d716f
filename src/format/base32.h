/* base32: RFC 4648 section 6 without padding, as authenticator programs take secrets. */
#ifndef FORMAT_BASE32_H
#define FORMAT_BASE32_H

#include "base/out.h"

void base32_put(struct out *o, struct str bytes);
/*
 * Upper case, no padding, no white space, unused bits zero.
 * bytes  room for cap bytes; *len gets how many were written
 * Returns false on anything else, or when cap is too small.
 */
bool base32_parse(struct str text, void *bytes, size_t cap, size_t *len);

#endif
