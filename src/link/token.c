#include "link/token.h"

#include "base/hex.h"
#include "format/base32.h"

enum { GROUP = 4, DIGITS = 52 };

static_assert(TOKEN_TEXT_BYTES == DIGITS + DIGITS / GROUP, "digits, separators and the end");

bool token_parse(struct str text, struct token *token)
{
	char digits[DIGITS];
	uint8_t bytes[TOKEN_SEED_BYTES + TOKEN_AUTHORITY_BYTES];
	size_t count = 0, len = 0;
	bool fits = true;

	text = str_trim(text);
	for (size_t i = 0; fits && i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '-')
			continue;
		fits = count < DIGITS;
		if (fits)
			digits[count++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	fits = fits && count == DIGITS &&
		base32_parse(str_of(digits, DIGITS), bytes, sizeof(bytes), &len) &&
		len == sizeof(bytes);
	if (fits) {
		memcpy(token->seed, bytes, TOKEN_SEED_BYTES);
		memcpy(token->authority, bytes + TOKEN_SEED_BYTES, TOKEN_AUTHORITY_BYTES);
	}
	secret_wipe(bytes, sizeof(bytes));
	secret_wipe(digits, sizeof(digits));
	return fits;
}

void token_put(struct out *o, const struct token *token)
{
	char digits[DIGITS + 1];
	struct out plain = { .buf = digits, .cap = sizeof(digits), .cap_max = sizeof(digits) };
	uint8_t bytes[TOKEN_SEED_BYTES + TOKEN_AUTHORITY_BYTES];

	memcpy(bytes, token->seed, TOKEN_SEED_BYTES);
	memcpy(bytes + TOKEN_SEED_BYTES, token->authority, TOKEN_AUTHORITY_BYTES);
	base32_put(&plain, str_of(bytes, sizeof(bytes)));
	for (size_t i = 0; i < DIGITS; i += GROUP) {
		if (i > 0)
			out_char(o, '-');
		out_put(o, str_of(digits + i, GROUP));
	}
	secret_wipe(bytes, sizeof(bytes));
	secret_wipe(digits, sizeof(digits));
}

void token_key(const struct token *token, struct sign_public *public_key, struct sign_secret *key)
{
	struct sha256_state state;

	sha256_begin(&state);
	sha256_add(&state, STR("vitrine/invitation/v1\n"));
	sha256_add(&state, str_of(token->seed, TOKEN_SEED_BYTES));
	struct sha256 seed = sha256_end(&state);

	sign_from_seed(seed.bytes, public_key, key);
	secret_wipe(&seed, sizeof(seed));
	secret_wipe(&state, sizeof(state));
}

void token_link_name(const struct sign_public *public_key, char name[FRAME_POINT_BYTES])
{
	enum { NAME_BYTES = 12 };
	struct sha256 digest = sha256_of(str_of(public_key->bytes, SIGN_PUBLIC_BYTES));

	static_assert(
		sizeof(TOKEN_LINK_PREFIX) + (size_t)2 * NAME_BYTES < FRAME_POINT_BYTES, "it fits");
	memset(name, 0, FRAME_POINT_BYTES);
	memcpy(name, TOKEN_LINK_PREFIX, sizeof(TOKEN_LINK_PREFIX));
	hex_format(digest.bytes, NAME_BYTES, name + sizeof(TOKEN_LINK_PREFIX) - 1);
}
