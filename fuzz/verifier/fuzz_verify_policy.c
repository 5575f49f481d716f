/*
 * Property: a policy that is accepted stays within its bounds, has a log, and a quorum of some of its witnesses. What the
 * lab's own reader accepts, so does the verifier, but for lines of ours, and both count and bound it alike.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/policy.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct span text;
	struct trust trust;
};

static void read_policy(void *arg)
{
	struct reading *r = arg;

	trust_parse(r->text, &r->trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading r;
	static struct policy policy;
	struct why why;
	size_t k = 0, n = 0;

	r.text = (struct span){ (const char *)data, size };
	struct err err;
	bool ours = policy_parse(str_of(data, size), &policy, &err) == OK && policy.log_count > 0 &&
		size > 0 && memmem(data, size, "#!", 2) == NULL;

	if (judge(read_policy, &r, &why) != HOLDS) {
		if (ours)
			abort();
		return why.text[0] == '\0' ? (abort(), 0) : 0;
	}
	if (r.trust.log_count == 0 || r.trust.log_count > KEYS_MAX ||
		r.trust.witness_count > KEYS_MAX || r.trust.group_count > KEYS_MAX ||
		r.trust.rule_count > RULES_MAX || r.trust.root_count > RULES_MAX)
		abort();
	if (trust_k_of_n(&r.trust, &k, &n) && (k < 1 || k > n || n > r.trust.witness_count))
		abort();
	if (ours &&
		(policy.log_count != r.trust.log_count ||
			policy.witness_count != r.trust.witness_count ||
			policy.group_count != r.trust.group_count))
		abort();
	if (ours && trust_k_of_n(&r.trust, &k, &n) &&
		policy_overlap(&policy, 0) != (2 * k > n ? 2 * k - n : 0))
		abort();
	return 0;
}
