/* tally: the scores of a great many wrong sessions, by tables: a byte of a session's signs at a time. */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include "bed.h"

enum { TALLY_Z_BINS = 100, TALLY_BINS_A_Z = 10, TALLY_CHANCES = 21 };

/*
 * z        how many scores have their best z in [i / 10, (i + 1) / 10); below 0 in the first, beyond in the last
 * chance   how many are bound to a chance in (10^-(i + 1), 10^-i]; those above 1e-3 are not told apart, and stand in 0
 * named    how many sessions would be named
 */
struct tally {
	uint64_t z[TALLY_Z_BINS], chance[TALLY_CHANCES], named;
};

/* Adds what `count` wrong sessions from `first` on score at each place. False without memory. */
bool tally(const struct bed_findings *findings, const struct mark_place *place, uint64_t first,
	uint64_t count, struct tally *to);

#endif
