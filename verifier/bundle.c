#include <string.h>

#include "verify.h"

/* pair: the part without which this one does not stand. */
static const struct {
	const char *name;
	size_t bytes_max;
	int pair;
} table[PARTS] = {
	[PART_ENTRY] = { "entry ", 4096, PART_PROOF },
	[PART_PROOF] = { "proof ", 4096, PART_ENTRY },
	[PART_NONCE] = { "nonce ", 64, PART_DETAIL },
	[PART_DETAIL] = { "detail ", 64 << 10, PART_NONCE },
	[PART_DECISION] = { "decision ", 8192, PART_SIGNATURE },
	[PART_SIGNATURE] = { "signature ", 8192, PART_DECISION },
	[PART_BODY] = { "body ", 128 << 10, PART_DECISION },
	[PART_STATEMENT] = { "statement ", 8192, PART_STATED_BY },
	[PART_STATED_BY] = { "statement-signature ", 88, PART_STATEMENT },
	[PART_ATTESTATION] = { "attestation ", 64 << 10, PART_ATTESTED_BY },
	[PART_ATTESTED_BY] = { "attestation-signature ", 88, PART_ATTESTATION },
};

/* "<name> <length>\n<bytes>\n". False, *rest untouched, when another section comes. */
static bool section(struct span *rest, const char *name, size_t bytes_max, struct span *bytes)
{
	struct span at = *rest, length;
	uint64_t n;
	if (!span_take(&at, span_from(name)) || !span_cut(&at, '\n', &length) || !span_u64(length, &n) ||
		n > bytes_max || n >= at.len || at.ptr[n] != '\n')
		return false;
	*bytes = (struct span){ at.ptr, (size_t)n };
	*rest = (struct span){ at.ptr + n + 1, at.len - (size_t)n - 1 };
	return true;
}

static void item_parse(struct span *rest, const struct head *head, struct item *item)
{
	struct span lines, first;
	struct path path;
	for (size_t i = 0; i < PARTS; i++) section(rest, table[i].name, table[i].bytes_max, &item->parts[i]);
	need(item->parts[PART_ENTRY].ptr != NULL, UNUSABLE, "something stands in the bundle where an entry has to");
	for (size_t i = 0; i < PARTS; i++)
		need(item->parts[i].ptr == NULL || item->parts[table[i].pair].ptr != NULL, UNUSABLE,
			"a part of an entry stands without the one that belongs to it");
	lines = item->parts[PART_PROOF];
	need(span_cut(&lines, '\n', &first) && span_take(&first, SPAN("index ")) && span_u64(first, &item->index) &&
			path_parse(lines, &path),
		UNUSABLE, "a proof is not an index and hashes");
	struct hash leaf = hash_of_parts(0x00, item->parts[PART_ENTRY], SPAN(""));
	if (!tree_includes(item->index, head->size, &leaf, &path, &head->root))
		refuse(REFUTED, "entry %llu is not in the tree of the checkpoint", (unsigned long long)item->index);
}

void bundle_parse(struct span file, bool alone_too, struct bundle *bundle)
{
	struct span rest = file, checkpoint = file;
	bool alone = !span_take(&rest, SPAN("vitrine-bundle v1\n")) ||
		!section(&rest, "checkpoint ", HEAD_BYTES_MAX, &checkpoint);

	memset(bundle, 0, sizeof(*bundle));
	need(!alone || alone_too, UNUSABLE, "not a proof bundle of version 1");
	head_parse(checkpoint, &bundle->head);
	for (; !alone && !span_eq(rest, SPAN("end\n")); bundle->count++) {
		struct item *item = &bundle->items[bundle->count];

		need(bundle->count < ITEMS_MAX, UNUSABLE, "too many entries");
		item_parse(&rest, &bundle->head, item);
		need(bundle->count == 0 || item[-1].index < item->index, UNUSABLE, "the entries are out of order");
	}
	need(alone || bundle->count > 0, UNUSABLE, "the bundle holds no entry");
}
