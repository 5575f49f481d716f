/* Property: a proof that is accepted is the only spelling of itself, and its checkpoint is a note. */
#include "ledger/tlogproof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct tlogproof proof;
	struct note note;
	struct out o;
	struct str text;
	struct err err;

	arena_init(&mem, 1 << 20);
	if (tlogproof_parse(str_of(data, size), &proof, &err) == OK) {
		if (proof.path.count > MERKLE_PATH_MAX ||
			note_parse(proof.checkpoint, &note, &err) != OK)
			abort();
		out_init(&o, &mem, size);
		tlogproof_put(&o, &proof);
		if (out_finish(&o, &text, &err) != OK || !str_eq(text, str_of(data, size)))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
