/* numbers: a fixed row of numbers from a seed (splitmix64), so that a failure repeats. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdint.h>

/* The next one; *state advances. */
static inline uint64_t draw_number(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
