#include "crypto/public_key.h"

#include "base/hex.h"

static const struct {
	struct str prefix;
	size_t len;
} types[] = {
	[PUBLIC_KEY_ED25519] = { { "ed25519:", 8 }, SIGN_PUBLIC_BYTES },
	[PUBLIC_KEY_ES256] = { { "es256:", 6 }, ES256_PUBLIC_BYTES },
};

static bool is_sound(const struct public_key *key)
{
	struct sign_public ed25519;
	struct es256_public es256;

	if (key->type == PUBLIC_KEY_ED25519) {
		memcpy(ed25519.bytes, key->bytes, sizeof(ed25519.bytes));
		return sign_public_is_sound(&ed25519);
	}
	memcpy(es256.bytes, key->bytes, sizeof(es256.bytes));
	return es256_public_is_sound(&es256);
}

bool public_key_parse(struct str text, struct public_key *key)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_starts(text, types[i].prefix))
			continue;
		*key = (struct public_key){ .type = (enum public_key_type)i };
		return base64_parse(str_skip(text, types[i].prefix.len), key->bytes,
			       sizeof(key->bytes), &key->len) &&
			key->len == types[i].len && is_sound(key);
	}
	return false;
}

void public_key_put(struct out *o, const struct public_key *key)
{
	out_put(o, types[key->type].prefix);
	out_base64(o, str_of(key->bytes, key->len));
}

struct sha256 public_key_id(const struct public_key *key)
{
	return sha256_of(str_of(key->bytes, key->len));
}

bool public_key_verify(const struct public_key *key, struct str message, struct str signature)
{
	struct sign_public ed25519;
	struct es256_public es256;
	struct signature made;

	assert(key->len == types[key->type].len);
	if (key->type == PUBLIC_KEY_ED25519) {
		if (signature.len != sizeof(made.bytes))
			return false;
		memcpy(ed25519.bytes, key->bytes, sizeof(ed25519.bytes));
		memcpy(made.bytes, signature.ptr, sizeof(made.bytes));
		return sign_verify(&ed25519, message, &made);
	}
	memcpy(es256.bytes, key->bytes, sizeof(es256.bytes));
	return es256_verify(&es256, message, signature);
}
