#include "verify.h"

/* "old <size> <root>" or "new …", off the proof's front. */
static bool states_head(struct span *proof, struct span word, const struct head *head)
{
	struct span line, size;
	struct hash root;
	uint64_t n;
	return span_cut(proof, '\n', &line) && span_take(&line, word) && span_cut(&line, ' ', &size) &&
		span_u64(size, &n) && n == head->size && span_base64_n(line, root.bytes, HASH_BYTES) &&
		hash_eq(&root, &head->root);
}

/* What the log did not sign, or what is not in its tree, proves nothing of it. */
static void read_both(void *arg)
{
	struct comparison *c = arg;
	struct answer answer;
	trust_parse(c->policy, &c->trust);
	for (size_t i = 0; i < 2; i++) {
		bundle_parse(c->files[i], true, &c->heads[i]);
		trust_head(&c->trust, &c->heads[i].head, &answer);
	}
}

static void compare(void *arg)
{
	struct comparison *c = arg;
	bool swapped = c->heads[0].head.size > c->heads[1].head.size;
	const struct head *old = &c->heads[swapped].head, *new = &c->heads[!swapped].head;
	struct span proof = c->proof;
	struct path path;

	need(span_eq(old->origin, new->origin), UNUSABLE, "cannot tell: the heads are of different logs");
	if (old->size == new->size && !hash_eq(&old->root, &new->root))
		refuse(REFUTED, "fraud: the log signed two different trees of %llu entries; keep both files",
			(unsigned long long)old->size);
	for (const struct item *a = c->heads[0].items; a < c->heads[0].items + c->heads[0].count; a++)
		for (const struct item *b = c->heads[1].items; b < c->heads[1].items + c->heads[1].count; b++)
			if (a->index == b->index && !span_eq(a->parts[PART_ENTRY], b->parts[PART_ENTRY]))
				refuse(REFUTED,
					"fraud: two trees that the log signed have different entries at %llu; keep both files",
					(unsigned long long)a->index);
	if (old->size == new->size || old->size == 0) return;
	if (proof.ptr == NULL)
		refuse(UNUSABLE, "cannot tell without a proof: ask the lab for `vitrine ledger consistency %llu %llu`",
			(unsigned long long)old->size, (unsigned long long)new->size);
	need(states_head(&proof, SPAN("old "), old) && states_head(&proof, SPAN("new "), new) &&
			path_parse(proof, &path) && tree_extends(old->size, &old->root, new->size, &new->root, &path),
		UNUSABLE, "cannot tell: the proof is not one that the smaller tree is the beginning of the larger");
}

enum verdict comparison_judge(struct comparison *c, struct why *why)
{
	enum verdict verdict = judge(read_both, c, why);
	return verdict == HOLDS ? judge(compare, c, why) : UNUSABLE;
}
