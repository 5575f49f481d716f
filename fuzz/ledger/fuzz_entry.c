#include "ledger/entry.h"

/*
 * Property: an entry that is read has one text only. Writing down what was read (by the canonical form that the
 * parser itself demands) cannot differ from the input, so any change of a byte is refused or means something else.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct err err;
	struct entry entry, again;
	struct str text = str_of(data, size);

	arena_init(&mem, 1 << 20);
	if (entry_parse(&mem, text, &entry, &err) == OK) {
		if (size > LIMIT_ENTRY_BYTES || entry.kind.len == 0 || entry.public_json.len < 2)
			abort();
		/* The public part stands in the text as it was given out. */
		if (memmem(text.ptr, text.len, entry.public_json.ptr, entry.public_json.len) ==
			NULL)
			abort();
		/* White space around it is another text, and refused. */
		char *padded = arena_printf(&mem, "%.*s ", STR_ARG(text));

		if (padded == NULL || entry_parse(&mem, str_from(padded), &again, &err) == OK)
			abort();
	}
	arena_reset(&mem);
	return 0;
}
