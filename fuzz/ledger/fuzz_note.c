/*
 * Property: a note that is accepted is its text, a blank line and its lines, put together again byte for byte;
 * and no key that did not sign opens it.
 */
#include "crypto/sign.h"
#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_together(struct arena *mem, const struct note *note, struct str want)
{
	struct out o;
	struct str got;
	struct err err;

	out_init(&o, mem, NOTE_BYTES_MAX);
	out_put(&o, note->text);
	out_char(&o, '\n');
	for (size_t i = 0; i < note->line_count; i++) {
		out_put(&o, STR("\xe2\x80\x94 "));
		out_put(&o, note->lines[i].name);
		out_char(&o, ' ');
		out_put(&o, note->lines[i].base64);
		out_char(&o, '\n');
	}
	if (out_finish(&o, &got, &err) != OK || !str_eq(got, want))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 7 };
	struct arena mem;
	struct sign_public public_key;
	struct sign_secret secret;
	struct note_verdict verdicts[2];
	struct note note;
	struct err err;

	if (crypto_init(&err) != OK)
		abort();
	arena_init(&mem, 16 << 20);
	if (note_parse(str_of(data, size), &note, &err) == OK) {
		if (!note_text_valid(note.text) && note.text.len > 0)
			abort();
		put_together(&mem, &note, str_of(data, size));
		sign_from_seed(seed, &public_key, &secret);
		/* The first line's name, under a key that signed nothing: unknown, or known and failing. */
		struct note_vkey keys[2] = {
			note_vkey_make(note.lines[0].name, NOTE_ED25519, &public_key),
			note_vkey_make(note.lines[0].name, NOTE_COSIGNATURE, &public_key),
		};

		if (note_verify(&mem, &note, keys, 2, verdicts, &err) == OK)
			abort();
		keys[0].id = note.lines[0].id;
		if (note_verify(&mem, &note, keys, 2, verdicts, &err) == OK)
			abort();
	}
	arena_reset(&mem);
	return 0;
}
