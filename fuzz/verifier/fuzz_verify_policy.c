/* Property: a policy that is accepted has a log, and a quorum that its witnesses together meet. */
#include <stdlib.h>

#include "trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust trust;
	struct why why = { "" };
	size_t k = 0, n = 0;

	if (trust_parse((struct span){ (const char *)data, size }, &trust, &why) != HOLDS)
		return why.text[0] == '\0' ? (abort(), 0) : 0;
	if (trust.log_count == 0 || trust.log_count > TRUST_KEYS_MAX ||
		trust.witness_count > TRUST_KEYS_MAX || trust.group_count > TRUST_KEYS_MAX ||
		trust.rule_count > TRUST_RULES_MAX || trust.root_count > TRUST_RULES_MAX)
		abort();
	if (trust_k_of_n(&trust, &k, &n) && (k < 1 || k > n || n > trust.witness_count))
		abort();
	return 0;
}
