#include "compare.h"

/* An entry number under which the two show different bytes; false: none. */
static bool entries_differ(const struct bundle *a, const struct bundle *b, uint64_t *index)
{
	for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
		*index = a->items[i].index;
		if (*index < b->items[k].index)
			i++;
		else if (*index > b->items[k].index)
			k++;
		else if (span_eq(a->items[i++].parts[PART_ENTRY], b->items[k++].parts[PART_ENTRY]))
			continue;
		else
			return true;
	}
	return false;
}

/* "old <size> <root>" or "new …", off the proof's front. */
static bool states_head(struct span *proof, struct span word, const struct head *head)
{
	struct span line, size;
	struct hash root;
	uint64_t n;

	return span_cut(proof, '\n', &line) && span_take(&line, word) &&
		span_cut(&line, ' ', &size) && span_u64(size, &n) && n == head->size &&
		span_base64_n(line, root.bytes, HASH_BYTES) && hash_eq(&root, &head->root);
}

enum verdict compare_heads(
	const struct bundle *a, const struct bundle *b, struct span proof, struct why *why)
{
	const struct head *old = a->head.size <= b->head.size ? &a->head : &b->head;
	const struct head *new = old == &a->head ? &b->head : &a->head;
	struct tree_path path;
	uint64_t index;

	if (!span_eq(old->origin, new->origin))
		return because(why, UNUSABLE, "cannot tell: the heads are of different logs");
	if (old->size == new->size && !hash_eq(&old->root, &new->root))
		return because(why, REFUTED,
			"fraud: the log signed two different trees of %llu entries; keep both files, they prove it",
			(unsigned long long)old->size);
	if (entries_differ(a, b, &index))
		return because(why, REFUTED,
			"fraud: the log signed two trees with different entries at %llu; keep both files, they prove it",
			(unsigned long long)index);
	if (old->size == new->size || old->size == 0)
		return HOLDS;
	if (proof.ptr == NULL)
		return because(why, UNUSABLE,
			"cannot tell without a proof: ask the lab for `vitrine ledger consistency %llu %llu`",
			(unsigned long long)old->size, (unsigned long long)new->size);
	if (!states_head(&proof, SPAN("old "), old) || !states_head(&proof, SPAN("new "), new) ||
		!tree_path_parse(proof, &path) ||
		!tree_extends(old->size, &old->root, new->size, &new->root, &path))
		return because(why, UNUSABLE,
			"cannot tell: the proof is not one that the smaller tree is the beginning of the larger");
	return HOLDS;
}
