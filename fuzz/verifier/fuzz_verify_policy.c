/* Property: a policy that is accepted stays within its bounds, has a log, and a quorum of some of its witnesses. */
#include <stdlib.h>

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
	struct why why;
	size_t k = 0, n = 0;

	r.text = (struct span){ (const char *)data, size };
	if (judge(read_policy, &r, &why) != HOLDS)
		return why.text[0] == '\0' ? (abort(), 0) : 0;
	if (r.trust.log_count == 0 || r.trust.log_count > KEYS_MAX ||
		r.trust.witness_count > KEYS_MAX || r.trust.group_count > KEYS_MAX ||
		r.trust.rule_count > RULES_MAX || r.trust.root_count > RULES_MAX)
		abort();
	if (trust_k_of_n(&r.trust, &k, &n) && (k < 1 || k > n || n > r.trust.witness_count))
		abort();
	return 0;
}
