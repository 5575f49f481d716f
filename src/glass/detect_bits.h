/*
 * detect_bits: from what each bit of a layer shows to how sure it is of its sign. Each bit stands a fixed amount
 * above or below what lies around it, and there is noise: the amount, the noise and the surroundings are all
 * estimated from the picture, and no secret is used.
 */
#ifndef GLASS_DETECT_BITS_H
#define GLASS_DETECT_BITS_H

#include "glass/detect.h"

typedef double bit_values[LIMIT_TILE_LINES][LIMIT_TILE_COLUMNS];

/*
 * weight     of each bit, at the cell whose bit it is; 0: not seen
 * value      what it shows
 * near       lines and columns to each side that are its surroundings
 * value_most further than this from its surroundings it is something else that is seen: no bit
 */
struct layer_bits {
	bit_values weight, value;
	struct {
		size_t lines, columns;
	} near;
	double value_most;
};

/* Values between -1 and 1: the expectation of each sign. False without memory. */
MUST_CHECK bool detect_bits_judge(const struct layer_bits *bits, struct evidence_layer *layer);

#endif
