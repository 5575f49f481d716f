/* json_text: strings as JSON writes them; shared by the emitter and the canonical form. */
#ifndef FORMAT_JSON_TEXT_H
#define FORMAT_JSON_TEXT_H

#include "base/out.h"

/*
 * The quoted string, with the escapes of RFC 8785 section 3.2.2.2 and no others.
 * Returns false when bytes that are not UTF-8 had to become U+FFFD.
 */
bool json_text_put(struct out *o, struct str value);

#endif
