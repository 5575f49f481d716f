/* Property: a checkpoint that the verifier and the lab both read says the same to both; what the lab reads, so does it. */
#include <stdlib.h>
#include <string.h>

#include "ledger/checkpoint.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct span note;
	struct head head;
};

static void read_head(void *arg)
{
	struct reading *r = arg;

	head_parse(r->note, &r->head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading r;
	static struct note note;
	const struct head *head = &r.head;
	struct checkpoint ours;
	struct why why;
	struct err err;

	r.note = (struct span){ (const char *)data, size };
	bool one = judge(read_head, &r, &why) == HOLDS;
	bool other = note_parse(str_of(data, size), &note, &err) == OK &&
		checkpoint_parse(note.text, &ours, &err) == OK;

	if (other && !one)
		abort();
	if (one && other &&
		(ours.size != head->size || note.line_count != head->line_count ||
			memcmp(ours.root.bytes, head->root.bytes, HASH_BYTES) != 0 ||
			!str_eq(ours.origin, str_of(head->origin.ptr, head->origin.len)) ||
			!str_eq(note.text, str_of(head->text.ptr, head->text.len))))
		abort();
	return 0;
}
