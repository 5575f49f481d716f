/* bundle: the container of a proof (docs/formats/bundle.md): a checkpoint, and entries with what belongs to each. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "head.h"

enum { BUNDLE_BYTES_MAX = 4 << 20, BUNDLE_ITEMS_MAX = 256 };

/* In the order in which they stand. */
enum part {
	PART_ENTRY,
	PART_PROOF, /* "index <n>" and the inclusion path */
	PART_NONCE, /* with PART_DETAIL: what the entry commits to */
	PART_DETAIL,
	PART_DECISION, /* with PART_SIGNATURE */
	PART_SIGNATURE,
	PART_BODY, /* the record's fields, whose digest is in the decision */
	PART_STATEMENT, /* an organisation's on a person's key, with PART_STATEMENT_SIGNATURE */
	PART_STATEMENT_SIGNATURE,
	PART_ATTESTATION, /* in-toto, with PART_ATTESTATION_SIGNATURE */
	PART_ATTESTATION_SIGNATURE,
	PARTS
};

struct item {
	struct span parts[PARTS]; /* absent ones have no ptr */
	uint64_t index;
	/* Of the entry, once it was looked at. */
	struct span kind, time, public;
	/* PART_STATEMENT, once its signature holds: members as in STATEMENT_NAMES. */
	struct span statement[7];
	/* PART_DECISION, once it holds: members as in DECISION_NAMES, and the item with the key's statement. */
	struct span decision[10];
	const struct item *certified_by, *root_from;
};

struct bundle {
	struct head head;
	size_t count;
	struct item items[BUNDLE_ITEMS_MAX];
};

/* Form alone, but for the places of the entries, which are proved. All is borrowed from file. */
enum verdict bundle_parse(struct span file, struct bundle *bundle, struct why *why);
/* Each entry lies in the tree of the head: REFUTED otherwise. */
enum verdict bundle_places(struct bundle *bundle, struct why *why);

#endif
