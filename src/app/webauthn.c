#include "app/webauthn.h"

#include "base/hex.h"
#include "format/json.h"

/* Section 6.1: rpIdHash 32, flags 1, signCount 4; then, where the flag says so, aaguid 16, length 2, id, key. */
enum {
	FLAGS_AT = 32,
	COUNTER_AT = 33,
	HEAD_BYTES = 37,
	CREDENTIAL_AT = 55,
	FLAG_PRESENT = 0x01,
	FLAG_VERIFIED = 0x04,
	FLAG_CREDENTIAL = 0x40,
	FLAG_EXTENSIONS = 0x80,
	COSE_BYTES_MAX = 80,
};

static enum err_kind malformed(struct err *err)
{
	return err_set(
		err, ERR_INPUT, "security key: its answer is not as Web Authentication says");
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* What both ceremonies ask of the authenticator's first 37 bytes. */
static enum err_kind check_head(const struct webauthn_place *place, struct str authenticator,
	unsigned *flags, uint32_t *counter, struct err *err)
{
	const uint8_t *at = (const uint8_t *)authenticator.ptr;
	struct sha256 rp = sha256_of(place->rp_id);

	if (authenticator.len < HEAD_BYTES || authenticator.len > WEBAUTHN_AUTHENTICATOR_BYTES_MAX)
		return malformed(err);
	if (place->rp_id.len == 0 || memcmp(at, rp.bytes, sizeof(rp.bytes)) != 0)
		return err_set(err, ERR_DENIED, "security key: it answered for another place");
	*flags = at[FLAGS_AT];
	*counter = be32(at + COUNTER_AT);
	if ((*flags & FLAG_PRESENT) == 0 || (*flags & FLAG_VERIFIED) == 0)
		return err_set(err, ERR_DENIED,
			"security key: it must check who holds it (PIN or finger), and did not");
	return OK;
}

static bool says_challenge(const json_t *root, const struct sha256 *challenge)
{
	uint8_t said[SHA256_BYTES];
	struct str text;
	size_t len;

	return json_str(root, "challenge", &text) &&
		base64url_parse(text, said, sizeof(said), &len) && len == sizeof(said) &&
		memcmp(said, challenge->bytes, sizeof(said)) == 0;
}

/* Section 5.8.1. Members that are not named there may stand beside. */
static enum err_kind check_client(const struct webauthn_place *place, const char *type,
	const struct sha256 *challenge, struct str client, struct err *err)
{
	json_t *root = NULL;
	struct str text;
	bool crosses = false;
	enum err_kind rc = json_parse(client, WEBAUTHN_CLIENT_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "security key: client data");
	if (!json_str(root, "type", &text) || !str_eq(text, str_from(type)))
		rc = err_set(err, ERR_DENIED, "security key: it was asked for something else");
	else if (!says_challenge(root, challenge))
		rc = err_set(err, ERR_DENIED, "security key: it signed something else");
	else if (place->origin.len == 0 || !json_str(root, "origin", &text) ||
		!str_eq(text, place->origin))
		rc = err_set(err, ERR_DENIED, "security key: it was used on another page");
	else if (json_object_get(root, "crossOrigin") != NULL &&
		(!json_flag(root, "crossOrigin", &crosses) || crosses))
		rc = err_set(err, ERR_DENIED, "security key: it was used inside another page");
	json_decref(root);
	return rc;
}

/* The key as CTAP2 encodes it: COSE_Key (RFC 9052 section 7) with its labels in canonical order. */
static size_t cose_of(const struct public_key *key, uint8_t cose[COSE_BYTES_MAX])
{
	static const uint8_t ed25519[] = { 0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58,
		0x20 };
	static const uint8_t es256[] = { 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58,
		0x20 };
	static const uint8_t y[] = { 0x22, 0x58, 0x20 };
	const uint8_t *head = key->type == PUBLIC_KEY_ED25519 ? ed25519 : es256;

	static_assert(sizeof(ed25519) == sizeof(es256), "one length of both heads");
	static_assert(sizeof(es256) + 32 + sizeof(y) + 32 <= COSE_BYTES_MAX, "the longer one fits");
	memcpy(cose, head, sizeof(es256));
	if (key->type == PUBLIC_KEY_ED25519) {
		memcpy(cose + sizeof(es256), key->bytes, 32);
		return sizeof(es256) + 32;
	}
	memcpy(cose + sizeof(es256), key->bytes + 1, 32);
	memcpy(cose + sizeof(es256) + 32, y, sizeof(y));
	memcpy(cose + sizeof(es256) + 32 + sizeof(y), key->bytes + 33, 32);
	return sizeof(es256) + 32 + sizeof(y) + 32;
}

static enum err_kind check_credential(struct str authenticator, unsigned flags,
	const struct public_key *key, struct str *credential, struct err *err)
{
	const uint8_t *at = (const uint8_t *)authenticator.ptr;
	uint8_t cose[COSE_BYTES_MAX];
	size_t cose_len = cose_of(key, cose);

	if ((flags & FLAG_CREDENTIAL) == 0 || authenticator.len < CREDENTIAL_AT)
		return malformed(err);
	size_t len = (size_t)at[CREDENTIAL_AT - 2] << 8 | at[CREDENTIAL_AT - 1];

	if (len == 0 || len > WEBAUTHN_CREDENTIAL_BYTES_MAX ||
		authenticator.len - CREDENTIAL_AT < len + cose_len)
		return malformed(err);
	struct str after = str_skip(authenticator, CREDENTIAL_AT + len);

	if (memcmp(after.ptr, cose, cose_len) != 0)
		return err_set(
			err, ERR_INPUT, "security key: it made another key than the one given");
	/* Extensions stand behind, unread: nothing is decided by them. */
	if ((after.len > cose_len) != ((flags & FLAG_EXTENSIONS) != 0))
		return malformed(err);
	*credential = str_of(at + CREDENTIAL_AT, len);
	return OK;
}

enum err_kind webauthn_check_new(const struct webauthn_place *place, const struct sha256 *challenge,
	const struct public_key *key, const struct webauthn_said *said, struct str *credential,
	uint32_t *counter, struct err *err)
{
	unsigned flags = 0;
	enum err_kind rc = check_client(place, "webauthn.create", challenge, said->client, err);

	if (rc == OK)
		rc = check_head(place, said->authenticator, &flags, counter, err);
	return rc == OK ? check_credential(said->authenticator, flags, key, credential, err) : rc;
}

/* Section 7.2 step 19: the signed bytes are authenticatorData || SHA-256(clientDataJSON). */
static bool signature_holds(const struct public_key *key, const struct webauthn_said *said)
{
	uint8_t signed_bytes[WEBAUTHN_AUTHENTICATOR_BYTES_MAX + SHA256_BYTES];
	struct sha256 client = sha256_of(said->client);
	size_t len = said->authenticator.len;

	assert(len <= WEBAUTHN_AUTHENTICATOR_BYTES_MAX);
	memcpy(signed_bytes, said->authenticator.ptr, len);
	memcpy(signed_bytes + len, client.bytes, sizeof(client.bytes));
	return public_key_verify(
		key, str_of(signed_bytes, len + sizeof(client.bytes)), said->signature);
}

enum err_kind webauthn_check_assertion(const struct webauthn_place *place,
	const struct sha256 *challenge, const struct public_key *key,
	const struct webauthn_said *said, uint32_t *counter, struct err *err)
{
	unsigned flags = 0;
	uint32_t count = 0;
	enum err_kind rc = check_client(place, "webauthn.get", challenge, said->client, err);

	if (rc == OK)
		rc = check_head(place, said->authenticator, &flags, &count, err);
	if (rc != OK)
		return rc;
	if ((flags & FLAG_CREDENTIAL) != 0 ||
		(said->authenticator.len > HEAD_BYTES) != ((flags & FLAG_EXTENSIONS) != 0))
		return malformed(err);
	if (!signature_holds(key, said))
		return err_set(err, ERR_DENIED, "security key: the signature is not that key's");
	/* Step 21. Keys without a counter always say 0. */
	if ((count != 0 || *counter != 0) && count <= *counter)
		return err_set(err, ERR_DENIED,
			"security key: it has counted backwards, as a copy of it would; revoke it");
	*counter = count;
	return OK;
}
