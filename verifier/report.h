/* report: what was found, in plain words, on standard output. */
#ifndef REPORT_H
#define REPORT_H

#include "claims.h"

/* As of which checkpoint, cosigned by whom and when, and what the quorum is worth. */
void report_head(
	const struct trust *trust, const struct head *head, const struct trust_answer *answer);
/* Each entry of a bundle that holds. */
void report_items(const struct bundle *bundle, const struct trust *trust);

#endif
