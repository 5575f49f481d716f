#include "format/dsse.h"

#include "base/hex.h"
#include "format/json.h"

static enum err_kind malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "DSSE envelope: %s", what);
}

/* Standard or URL-safe alphabet: the specification allows both. */
static enum err_kind decode(
	struct arena *mem, struct str base64, struct str *bytes, struct err *err)
{
	size_t len, cap = base64.len / 4 * 3 + 3;
	char *p = arena_alloc(mem, cap, 1);

	if (p == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	if (!base64_parse(base64, p, cap, &len)) {
		if (base64.len % 4 == 0)
			for (int pad = 0; pad < 2 && str_ends(base64, STR("=")); pad++)
				base64.len--;
		if (!base64url_parse(base64, p, cap, &len))
			return malformed(err, "not base64");
	}
	*bytes = str_of(p, len);
	return OK;
}

static enum err_kind copy(struct arena *mem, struct str s, struct str *to, struct err *err)
{
	return arena_copy(mem, s, to) ? OK : err_set(err, ERR_LIMIT, "request memory used up");
}

static enum err_kind read_signature(
	struct arena *mem, const json_t *object, struct dsse_signature *s, struct err *err)
{
	struct str base64, key_id = STR("");
	const json_t *hint = json_object_get(object, "keyid");

	if (hint != NULL && !json_is_null(hint) && !json_str(object, "keyid", &key_id))
		return malformed(err, "a keyid is not text");
	if (!json_str(object, "sig", &base64))
		return malformed(err, "a signature has no sig");
	if (copy(mem, key_id, &s->key_id, err) != OK || decode(mem, base64, &s->bytes, err) != OK)
		return err->kind;
	return s->bytes.len > 0 ? OK : malformed(err, "a signature is empty");
}

static enum err_kind read_envelope(
	struct arena *mem, const json_t *root, struct dsse *e, struct err *err)
{
	const json_t *list = json_object_get(root, "signatures");
	struct str payload, type;

	if (!json_str(root, "payloadType", &type) || type.len == 0 ||
		type.len > DSSE_TYPE_BYTES_MAX)
		return malformed(err, "no payloadType, or too long");
	if (!json_str(root, "payload", &payload))
		return malformed(err, "no payload");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return malformed(err, "no signatures");
	if (json_array_size(list) > DSSE_SIGNATURES_MAX)
		return err_set(err, ERR_LIMIT, "DSSE envelope: more than %d signatures",
			DSSE_SIGNATURES_MAX);
	if (copy(mem, type, &e->payload_type, err) != OK ||
		decode(mem, payload, &e->payload, err) != OK)
		return err->kind;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (read_signature(mem, json_array_get(list, i), &e->signatures[i], err) != OK)
			return err->kind;
		e->signature_count++;
	}
	return OK;
}

enum err_kind dsse_parse(struct arena *mem, struct str text, size_t bytes_max,
	struct dsse *envelope, struct err *err)
{
	struct dsse e = { .signature_count = 0 };
	json_t *root;

	if (json_parse(text, bytes_max, &root, err) != OK)
		return err->kind;
	enum err_kind rc = read_envelope(mem, root, &e, err);

	json_decref(root);
	if (rc == OK)
		*envelope = e;
	return rc;
}

void dsse_put_pae(struct out *o, struct str payload_type, struct str body)
{
	out_put(o, STR("DSSEv1 "));
	out_u64(o, payload_type.len);
	out_char(o, ' ');
	out_put(o, payload_type);
	out_char(o, ' ');
	out_u64(o, body.len);
	out_char(o, ' ');
	out_put(o, body);
}

enum err_kind dsse_verify(struct arena *mem, const struct dsse *envelope, size_t threshold,
	dsse_check_fn *check, void *arg, struct err *err)
{
	uint64_t signers = 0; /* a bit a key: a key that signs twice counts once */
	struct out o;
	struct str pae;

	assert(threshold > 0);
	/* Two numbers and the fixed text are below 64 bytes. */
	out_init(&o, mem, envelope->payload.len + envelope->payload_type.len + 64);
	dsse_put_pae(&o, envelope->payload_type, envelope->payload);
	if (out_finish(&o, &pae, err) != OK)
		return err->kind;
	for (size_t i = 0; i < envelope->signature_count; i++) {
		size_t key;

		if (!check(arg, pae, &envelope->signatures[i], &key))
			continue;
		assert(key < DSSE_KEYS_MAX);
		signers |= UINT64_C(1) << key;
	}
	size_t count = (size_t)__builtin_popcountll(signers);

	if (count < threshold)
		return err_set(err, ERR_DENIED, "DSSE envelope: %zu of %zu needed keys have signed",
			count, threshold);
	return OK;
}
