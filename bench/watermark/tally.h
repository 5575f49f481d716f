/* tally: the scores of a great many wrong sessions, by tables: a byte of a session's signs at a time. */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include "glass/detect.h"

enum { TALLY_BINS = 100, TALLY_BINS_A_Z = 10 };

/* Adds up in which bin of its best z each session lies; below 0 in the first. False without memory. */
bool tally(const struct evidence *evidence, const struct mark_place *place, uint64_t first,
	uint64_t count, uint64_t bins[TALLY_BINS]);

#endif
