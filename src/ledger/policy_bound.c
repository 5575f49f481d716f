/* policy_bound: what a quorum buys: which signatures meet it, who can break it, who can stall it. */
#include "ledger/policy.h"

bool policy_is_met(const struct policy *policy, uint32_t signed_by)
{
	uint64_t met = signed_by;

	if (policy->quorum == POLICY_NO_QUORUM)
		return true;
	/* A group's members stand before it, so that one pass settles all. */
	for (size_t i = 0; i < policy->group_count; i++) {
		const struct policy_group *group = &policy->groups[i];
		unsigned count = 0;

		for (unsigned m = 0; m < group->member_count; m++)
			count += (unsigned)(met >> group->members[m] & 1);
		if (count >= group->threshold)
			met |= UINT64_C(1) << (POLICY_WITNESSES_MAX + i);
	}
	return (met >> policy->quorum & 1) != 0;
}

/* The sum of the `count` smallest values of a group's members. */
static unsigned sum_of_smallest(
	const struct policy_group *group, const unsigned values[POLICY_MEMBERS_MAX], unsigned count)
{
	unsigned sorted[POLICY_MEMBERS_MAX] = { 0 };
	unsigned sum = 0;

	for (unsigned m = 0; m < group->member_count; m++) {
		unsigned v = values[group->members[m]], at = m;

		for (; at > 0 && sorted[at - 1] > v; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = v;
	}
	for (unsigned m = 0; m < count; m++)
		sum += sorted[m];
	return sum;
}

/* Two choices of `threshold` of n members share 2 * threshold - n of them at least; which, the attacker picks. */
unsigned policy_overlap(const struct policy *policy, uint32_t colluding)
{
	unsigned values[POLICY_MEMBERS_MAX] = { 0 };

	if (policy->quorum == POLICY_NO_QUORUM)
		return 0;
	for (size_t i = 0; i < policy->witness_count; i++)
		values[i] = (colluding >> i & 1) == 0;
	for (size_t i = 0; i < policy->group_count; i++) {
		const struct policy_group *g = &policy->groups[i];
		unsigned shared = 2 * g->threshold > g->member_count
			? 2 * g->threshold - g->member_count
			: 0;

		values[POLICY_WITNESSES_MAX + i] = sum_of_smallest(g, values, shared);
	}
	return values[policy->quorum];
}

/* The fewest witnesses that make up the quorum when each group needs so many of its members. */
static unsigned fewest_of(
	const struct policy *policy, unsigned (*needed)(const struct policy_group *group))
{
	unsigned values[POLICY_MEMBERS_MAX] = { 0 };

	if (policy->quorum == POLICY_NO_QUORUM)
		return 0;
	for (size_t i = 0; i < policy->witness_count; i++)
		values[i] = 1;
	for (size_t i = 0; i < policy->group_count; i++) {
		const struct policy_group *g = &policy->groups[i];

		values[POLICY_WITNESSES_MAX + i] = sum_of_smallest(g, values, needed(g));
	}
	return values[policy->quorum];
}

static unsigned to_stall(const struct policy_group *group)
{
	return group->member_count - group->threshold + 1;
}

unsigned policy_stall(const struct policy *policy)
{
	return fewest_of(policy, to_stall);
}

static unsigned to_meet(const struct policy_group *group)
{
	return group->threshold;
}

unsigned policy_fewest(const struct policy *policy)
{
	return fewest_of(policy, to_meet);
}

uint32_t policy_counted(const struct policy *policy)
{
	uint64_t counted = policy->quorum == POLICY_NO_QUORUM ? 0 : UINT64_C(1) << policy->quorum;

	/* From the last group to the first: whoever holds a member stands behind it. */
	for (size_t i = policy->group_count; i-- > 0;) {
		const struct policy_group *g = &policy->groups[i];

		if ((counted >> (POLICY_WITNESSES_MAX + i) & 1) == 0)
			continue;
		for (unsigned m = 0; m < g->member_count; m++)
			counted |= UINT64_C(1) << g->members[m];
	}
	return (uint32_t)counted;
}

/* The witnesses of each owner, as bits. */
static unsigned owners_of(const struct policy *p, uint32_t keys[POLICY_WITNESSES_MAX])
{
	uint32_t counted = policy_counted(p);
	size_t first[POLICY_WITNESSES_MAX];
	unsigned count = 0;

	for (size_t i = 0; i < p->witness_count; i++) {
		unsigned owner = 0;

		if ((counted >> i & 1) == 0)
			continue;
		while (owner < count &&
			(p->witnesses[i].owner.len == 0 ||
				!str_eq(p->witnesses[first[owner]].owner, p->witnesses[i].owner)))
			owner++;
		if (owner == count) {
			first[count] = i;
			keys[count++] = 0;
		}
		keys[owner] |= UINT32_C(1) << i;
	}
	return count;
}

unsigned policy_owner_count(const struct policy *policy)
{
	uint32_t keys[POLICY_WITNESSES_MAX];

	return owners_of(policy, keys);
}

unsigned policy_owners_to_break(const struct policy *policy)
{
	uint32_t keys[POLICY_WITNESSES_MAX];
	unsigned count = owners_of(policy, keys), fewest = POLICY_OWNERS_TRIED + 1;

	if (policy_overlap(policy, 0) == 0)
		return 0;
	static_assert(POLICY_OWNERS_TRIED == 3, "three loops");
	for (unsigned a = 0; a < count; a++) {
		for (unsigned b = a; b < count; b++) {
			for (unsigned c = b; c < count; c++) {
				unsigned size = 1U + (b != a ? 1U : 0U) + (c != b ? 1U : 0U);

				if (size < fewest &&
					policy_overlap(policy, keys[a] | keys[b] | keys[c]) == 0)
					fewest = size;
			}
		}
	}
	return fewest;
}
