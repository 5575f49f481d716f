#include "bundle.h"

#include <string.h>

#include "tree.h"

/* pair: the part without which this one does not stand. */
static const struct {
	const char *name;
	size_t bytes_max;
	enum part pair;
} table[PARTS] = {
	[PART_ENTRY] = { "entry", 4096, PART_PROOF },
	[PART_PROOF] = { "proof", 4096, PART_ENTRY },
	[PART_NONCE] = { "nonce", 64, PART_DETAIL },
	[PART_DETAIL] = { "detail", 64 << 10, PART_NONCE },
	[PART_DECISION] = { "decision", 8192, PART_SIGNATURE },
	[PART_SIGNATURE] = { "signature", 8192, PART_DECISION },
	[PART_BODY] = { "body", 128 << 10, PART_DECISION },
	[PART_STATEMENT] = { "statement", 8192, PART_STATEMENT_SIGNATURE },
	[PART_STATEMENT_SIGNATURE] = { "statement-signature", 88, PART_STATEMENT },
	[PART_ATTESTATION] = { "attestation", 64 << 10, PART_ATTESTATION_SIGNATURE },
	[PART_ATTESTATION_SIGNATURE] = { "attestation-signature", 88, PART_ATTESTATION },
};

/* "<name> <length>\n<bytes>\n". False, *rest untouched, when another section comes. */
static bool section(struct span *rest, const char *name, size_t bytes_max, struct span *bytes)
{
	struct span at = *rest, length;
	uint64_t n;

	if (!span_take(&at, (struct span){ name, strlen(name) }) || !span_take(&at, SPAN(" ")) ||
		!span_cut(&at, '\n', &length) || !span_u64(length, &n) || n > bytes_max ||
		n >= at.len || at.ptr[n] != '\n')
		return false;
	*bytes = (struct span){ at.ptr, (size_t)n };
	*rest = (struct span){ at.ptr + n + 1, at.len - (size_t)n - 1 };
	return true;
}

static bool item_parse(struct span *rest, struct item *item)
{
	struct span line;

	for (size_t i = 0; i < PARTS; i++)
		section(rest, table[i].name, table[i].bytes_max, &item->parts[i]);
	for (size_t i = 0; i < PARTS; i++)
		if (item->parts[i].ptr != NULL && item->parts[table[i].pair].ptr == NULL)
			return false;
	struct span proof = item->parts[PART_PROOF];

	return item->parts[PART_ENTRY].ptr != NULL && span_cut(&proof, '\n', &line) &&
		span_take(&line, SPAN("index ")) && span_u64(line, &item->index);
}

enum verdict bundle_parse(struct span file, struct bundle *bundle, struct why *why)
{
	struct span rest = file, checkpoint;

	memset(bundle, 0, sizeof(*bundle));
	if (file.len > BUNDLE_BYTES_MAX || !span_take(&rest, SPAN("vitrine-bundle v1\n")) ||
		!section(&rest, "checkpoint", HEAD_BYTES_MAX, &checkpoint))
		return because(why, UNUSABLE, "not a proof bundle of version 1");
	enum verdict verdict = head_parse(checkpoint, &bundle->head, why);

	while (verdict == HOLDS && !span_eq(rest, SPAN("end\n"))) {
		struct item *item = &bundle->items[bundle->count];

		if (bundle->count == BUNDLE_ITEMS_MAX || !item_parse(&rest, item) ||
			(bundle->count > 0 && item[-1].index >= item->index))
			return because(why, UNUSABLE,
				"what stands at byte %zu is no section that may stand there",
				(size_t)(rest.ptr - file.ptr));
		bundle->count++;
	}
	if (verdict == HOLDS && bundle->count == 0)
		return because(why, UNUSABLE, "the bundle holds no entry");
	return verdict;
}

enum verdict bundle_places(struct bundle *bundle, struct why *why)
{
	for (size_t i = 0; i < bundle->count; i++) {
		struct item *item = &bundle->items[i];
		struct span lines = item->parts[PART_PROOF], first;
		struct hash leaf = tree_leaf(item->parts[PART_ENTRY]);
		struct tree_path path;

		span_cut(&lines, '\n', &first);
		if (!tree_path_parse(lines, &path))
			return because(why, UNUSABLE, "entry %llu: its proof is no list of hashes",
				(unsigned long long)item->index);
		if (!tree_includes(
			    item->index, bundle->head.size, &leaf, &path, &bundle->head.root))
			return because(why, REFUTED,
				"entry %llu is not in the tree of the checkpoint",
				(unsigned long long)item->index);
	}
	return HOLDS;
}
