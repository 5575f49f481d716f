/* compare: do two signed heads of one log belong to one history? */
#ifndef COMPARE_H
#define COMPARE_H

#include "bundle.h"
#include "tree.h"

/*
 * Both signed by the log, their entries' places proved; a bundle of no entries stands for a head alone.
 * proof: what `vitrine ledger consistency` writes, absent where there is none.
 * HOLDS: one history. REFUTED: two, and the log's signatures prove it. UNUSABLE: cannot tell.
 */
enum verdict compare_heads(
	const struct bundle *a, const struct bundle *b, struct span proof, struct why *why);

#endif
