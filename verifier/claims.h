/*
 * claims: what the entries of a bundle say, and what hangs on them: details against commitments, people's decisions against
 * keys, keys against organisations' statements, those against the root keys that the ledger entered, attestations.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "bundle.h"
#include "trust.h"

#define STATEMENT_NAMES "from key lab organisation person until v"
#define DECISION_NAMES "act body lab note organisation person record time v version"
enum { STATED_FROM, STATED_KEY, STATED_LAB, STATED_ROOT, STATED_PERSON, STATED_UNTIL };
enum {
	DECIDED_ACT,
	DECIDED_BODY,
	DECIDED_LAB,
	DECIDED_NOTE,
	DECIDED_ROOT,
	DECIDED_PERSON,
	DECIDED_RECORD,
	DECIDED_TIME
};

/*
 * All of it: form, signatures of log and witnesses, places, claims, the policy's rules. digest: hexadecimal; some entry must
 * state it as a release's manifest; absent: any bundle will do. *bundle and *answer are filled as far as it went.
 */
enum verdict claims_judge(const struct trust *trust, struct span file, struct span digest,
	struct bundle *bundle, struct trust_answer *answer, struct why *why);

#endif
