/* Property: a state that is accepted is the only spelling of itself. Its digest is put right first, so that what lies behind is reached. */
#include "base/hex.h"
#include "witness/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[SIGN_SEED_BYTES] = { 1 };
	static struct witness_state state;
	struct sign_public public_key;
	struct sign_secret secret;
	struct arena mem;
	struct str text, again;
	struct out o;
	struct err err;

	if (size > WITNESS_STATE_BYTES_MAX)
		return 0;
	sign_from_seed(seed, &public_key, &secret);
	struct note_vkey vkey = note_vkey_make(STR("example.org/log"), NOTE_ED25519, &public_key);
	struct sha256 digest = sha256_of(str_of(data, size));

	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, size + SHA256_HEX_BYTES);
	out_hex(&o, digest.bytes, SHA256_BYTES);
	out_char(&o, '\n');
	out_put(&o, str_of(data, size));
	if (out_finish(&o, &text, &err) != OK)
		abort();
	if (witness_state_parse(text, &vkey, 1, &state, &err) == OK) {
		out_init(&o, &mem, text.len);
		witness_state_put(&o, &state);
		if (out_finish(&o, &again, &err) != OK || !str_eq(text, again))
			abort();
	}
	arena_reset(&mem);
	return 0;
}
