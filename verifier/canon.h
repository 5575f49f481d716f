/*
 * canon: reads canonical JSON (RFC 8785) and nothing else: no spaces, names in order and once, one spelling of every
 * text and number. Values stay spans of the text; since each has one spelling, comparing spelling compares values.
 *
 * Narrower than RFC 8785: names are printable ASCII without escapes, numbers integers up to 2^53 - 1, 16 levels.
 */
#ifndef CANON_H
#define CANON_H

#include "span.h"

/* The whole text is one canonical value. Everything below expects a value that is. */
bool canon_is(struct span text);
/*
 * An object with exactly these members. names: sorted, separated by spaces, '?' before one that may be absent;
 * values[i] gets the i-th one's spelling, absent when it is not there.
 */
bool canon_object(struct span object, const char *names, struct span *values);
/* One member of an object by name; false when there is none. */
bool canon_member(struct span object, struct span name, struct span *value);
/* What stands between a text's quotes; false when the value is no text. */
bool canon_text(struct span value, struct span *text);
/* Both in one: a member that is a text. */
bool canon_text_of(struct span object, struct span name, struct span *text);
/* Members one by one: *rest is the object at first. False at the end, and for what is no object. */
bool canon_next(struct span *rest, struct span *name, struct span *value);

#endif
