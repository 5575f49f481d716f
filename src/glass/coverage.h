/*
 * coverage: which code points the lab's font can draw in one cell. The draw child reads it off the font at
 * its start; layout children get it, so that text and glyphs never disagree about what is shown as a code point.
 *
 * Invariants (coverage_check): ranges ascend without touching; none holds a space, a control or a
 * surrogate; all of U+0021..U+007E is in.
 */
#ifndef GLASS_COVERAGE_H
#define GLASS_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* DejaVu Sans Mono needs 260. */
enum { COVERAGE_RANGES_MAX = 1024 };

struct coverage_range {
	uint32_t first, last;
};

/* Fixed size: it lies in a region shared with a child. */
struct coverage {
	uint32_t count;
	struct coverage_range ranges[COVERAGE_RANGES_MAX];
};

/* Errors: ERR_CORRUPT when an invariant does not hold. */
MUST_CHECK enum err_kind coverage_check(const struct coverage *c, struct err *err);
bool coverage_has(const struct coverage *c, uint32_t code_point);
/* Append the next higher code point. False when the table is full. */
bool coverage_add(struct coverage *c, uint32_t code_point);
/* A mark that combines with what precedes it: shown as its code point, for it has no cell of its own. */
bool coverage_is_combining(uint32_t code_point);

#endif
