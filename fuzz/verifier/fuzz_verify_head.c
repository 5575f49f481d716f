/* Property: a checkpoint that the verifier and the lab both read says the same to both; what the lab reads, so does it. */
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct head head;
	static struct note note;
	struct checkpoint ours;
	struct why why;
	struct err err;
	bool one = head_parse((struct span){ (const char *)data, size }, &head, &why) == HOLDS;
	bool other = note_parse(str_of(data, size), &note, &err) == OK &&
		checkpoint_parse(note.text, &ours, &err) == OK;

	if (other && !one)
		abort();
	if (one && other &&
		(ours.size != head.size || note.line_count != head.line_count ||
			memcmp(ours.root.bytes, head.root.bytes, HASH_BYTES) != 0 ||
			!str_eq(ours.origin, str_of(head.origin.ptr, head.origin.len)) ||
			!str_eq(note.text, str_of(head.text.ptr, head.text.len))))
		abort();
	return 0;
}
