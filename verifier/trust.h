/*
 * trust: the user's policy file: C2SP tlog-policy, and lines that are comments there (docs/formats/bundle.md):
 *
 *	# owner <witness>: <organisation>   whose key it is; shown
 *	#! root <hex> <organisation>        whose root key certifies people; with any such line, no other does
 *	#! signed <kind>…                   entries of these kinds need a person's signature
 *	#! two-organisations <kind>…        and an earlier one on the record, certified by another organisation
 *	#! rp-id <id>                       WebAuthn signatures made for another site do not count
 */
#ifndef TRUST_H
#define TRUST_H

#include "head.h"

enum { TRUST_KEYS_MAX = 32, TRUST_RULES_MAX = 64 };

struct trust_witness {
	struct span name, owner; /* owner: absent when the policy does not tell */
	struct vkey key;
};

struct trust_group {
	struct span name;
	uint64_t needed, members; /* bit i: witness i; bit TRUST_KEYS_MAX + i: group i */
};

struct trust_rule {
	bool two; /* "two-organisations", not only "signed" */
	struct span kind;
};

/* All spans are borrowed from the policy's text. */
struct trust {
	size_t log_count, witness_count, group_count, root_count, rule_count;
	struct vkey logs[TRUST_KEYS_MAX];
	struct trust_witness witnesses[TRUST_KEYS_MAX];
	struct trust_group groups[TRUST_KEYS_MAX];
	struct hash roots[TRUST_RULES_MAX]; /* the keys themselves */
	struct trust_rule rules[TRUST_RULES_MAX];
	struct span rp_id;
	uint64_t quorum,
		used; /* one bit, as in trust_group, or 0: none is asked for; members of groups */
	bool has_quorum;
};

/* Who signed a head. */
struct trust_answer {
	const struct vkey *log;
	uint64_t cosigned; /* bit i: witness i */
	uint64_t times_s[TRUST_KEYS_MAX];
	uint64_t quorum_s; /* when the quorum was complete; 0 where none is asked for */
};

enum verdict trust_parse(struct span text, struct trust *trust, struct why *why);
/* What the policy asks of a kind. */
bool trust_wants(const struct trust *trust, bool two, struct span kind);
/* Signed by a log of the policy: answer->log; REFUTED otherwise. */
enum verdict trust_log(const struct trust *trust, const struct head *head,
	struct trust_answer *answer, struct why *why);
/* And cosigned by a quorum: SHORT otherwise. */
enum verdict trust_head(const struct trust *trust, const struct head *head,
	struct trust_answer *answer, struct why *why);
/* What the quorum is, when it is k of n witnesses; false where none is asked for, or groups of groups are. */
bool trust_k_of_n(const struct trust *trust, size_t *k, size_t *n);

#endif
