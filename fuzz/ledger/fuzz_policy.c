/*
 * Properties: what our own spelling says is read back as the same policy; all witnesses together meet any quorum,
 * refusals of as many as policy_stall tells can stop it, and nobody colluding never makes the overlap smaller.
 */
#include "ledger/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str spell(struct arena *mem, const struct policy *p)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, 2 * POLICY_BYTES_MAX);
	policy_put(&o, p);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy p, again;
	struct arena mem;
	struct err err;

	if (policy_parse(str_of(data, size), &p, &err) != OK)
		return 0;
	arena_init(&mem, 1 << 20);
	struct str text = spell(&mem, &p);

	/* Owners' lines and spelled thresholds may make it longer than what came. */
	if (text.len <= POLICY_BYTES_MAX &&
		(policy_parse(text, &again, &err) != OK || !str_eq(spell(&mem, &again), text)))
		abort();
	if (!policy_is_met(&p, policy_counted(&p)))
		abort();
	if (p.quorum != POLICY_NO_QUORUM &&
		(policy_is_met(&p, 0) || policy_stall(&p) == 0 ||
			policy_overlap(&p, UINT32_MAX) != 0 ||
			policy_overlap(&p, 1) > policy_overlap(&p, 0)))
		abort();
	arena_reset(&mem);
	return 0;
}
