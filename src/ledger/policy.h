/*
 * policy: whom one trusts, in C2SP's tlog-policy (draft): logs, witnesses, groups and the quorum that makes a
 * checkpoint count. Owners of keys stand in comments of ours, "# owner <witness>: <organisation>", which any other
 * reader of the format ignores.
 *
 * Invariants
 *  - a name means one witness or one group, and is a member of one group at most: what each contributes, it
 *    contributes once;
 *  - no public key occurs twice, whatever its name or role.
 */
#ifndef LEDGER_POLICY_H
#define LEDGER_POLICY_H

#include "ledger/note.h"

enum {
	POLICY_BYTES_MAX = 64 << 10,
	POLICY_LOGS_MAX = 32, /* the three bounds that the draft asks of an implementation */
	POLICY_WITNESSES_MAX = 32,
	POLICY_GROUPS_MAX = 32,
	POLICY_MEMBERS_MAX = POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX,
	POLICY_NO_QUORUM = POLICY_MEMBERS_MAX, /* "quorum none" */
	POLICY_OWNERS_TRIED =
		3, /* sets of owners up to this size are tried by policy_owners_to_break */
};

struct policy_log {
	struct note_vkey vkey; /* NOTE_ED25519; its name is the log's origin */
	struct str url; /* may be empty */
};

struct policy_witness {
	struct str name; /* within the policy */
	struct note_vkey vkey; /* NOTE_COSIGNATURE */
	struct str url; /* may be empty */
	struct str owner; /* the organisation that holds the key; empty: not said */
};

/* A member is a witness by its place, or a group by POLICY_WITNESSES_MAX + its place. */
struct policy_group {
	struct str name;
	unsigned threshold; /* from 1 to member_count */
	unsigned member_count;
	uint8_t members[POLICY_MEMBERS_MAX];
};

/* Borrows from the text it was parsed from. */
struct policy {
	size_t log_count, witness_count, group_count;
	struct policy_log logs[POLICY_LOGS_MAX];
	struct policy_witness witnesses[POLICY_WITNESSES_MAX];
	struct policy_group groups[POLICY_GROUPS_MAX];
	uint8_t quorum; /* a member, or POLICY_NO_QUORUM */
};

/* Errors: ERR_INPUT names the line; ERR_LIMIT (POLICY_BYTES_MAX and the counts above). */
MUST_CHECK enum err_kind policy_parse(struct str text, struct policy *policy, struct err *err);
/* The one spelling of ours: logs, witnesses with their owners, groups, quorum. */
void policy_put(struct out *o, const struct policy *policy);
/* Is the quorum met by the witnesses whose bits are set (bit i: witnesses[i])? */
bool policy_is_met(const struct policy *policy, uint32_t signed_by);
/*
 * In how many witnesses, apart from those whose bits are set in `colluding`, do any two sets that meet the quorum
 * agree at least? 0: the centre, with them, can show two histories that both count. Of k of N witnesses with none
 * colluding it is 2k - N, so that 2k > N + f is the same as overlap > f.
 */
unsigned policy_overlap(const struct policy *policy, uint32_t colluding);
/* The fewest witnesses that can stall the log by not signing: N - k + 1 of k of N. 0: the quorum is "none". */
unsigned policy_stall(const struct policy *policy);
/*
 * The fewest owners who, colluding with the centre, can break the bound; POLICY_OWNERS_TRIED + 1: more than were
 * tried. A witness whose owner is not said counts as an owner of its own. 0: nobody else is needed.
 */
unsigned policy_owners_to_break(const struct policy *policy);
/* How many witnesses must sign at least for the quorum to be met; k of k of N. */
unsigned policy_fewest(const struct policy *policy);
/* How many organisations own witnesses of the quorum; those not said count each. */
unsigned policy_owner_count(const struct policy *policy);
/* The witnesses that count towards the quorum, as bits. */
uint32_t policy_counted(const struct policy *policy);

#endif
