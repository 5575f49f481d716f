/* Property: a verifier key that is accepted is the only spelling of itself. */
#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct note_vkey vkey;
	struct out o;
	struct str text;
	struct err err;

	arena_init(&mem, 1 << 20);
	if (note_vkey_parse(str_of(data, size), &vkey, &err) == OK && vkey.type != NOTE_ML_DSA_44) {
		out_init(&o, &mem, NOTE_VKEY_BYTES_MAX);
		note_vkey_put(&o, &vkey);
		if (out_finish(&o, &text, &err) != OK || !str_eq(text, str_of(data, size)))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
