/*
 * when: a moment, in microseconds since 1970-01-01 UTC. The clock itself is in os/clock.
 */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include "base/str.h"

enum { WHEN_TEXT_BYTES = 28 }; /* "2026-11-22T15:04:05.123456Z" and a NUL */

#define WHEN_SECOND_US ((int64_t)1000000)
#define WHEN_MINUTE_US (60 * WHEN_SECOND_US)
#define WHEN_HOUR_US (60 * WHEN_MINUTE_US)
#define WHEN_DAY_US (24 * WHEN_HOUR_US)

/* RFC 3339, UTC, always six digits of a second. Years 1970 to 9999; others are clamped. */
void when_format(int64_t when_us, char text[WHEN_TEXT_BYTES]);
/* RFC 3339 in UTC ("Z"), with 0 to 6 digits of a second, or a date alone (its midnight). */
bool when_parse(struct str text, int64_t *when_us);

#endif
