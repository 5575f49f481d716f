/*
 * Property: an envelope that is accepted is bounded, and written out again it reads back the same; the signed
 * bytes hold the payload as their end.
 */
#include "base/hex.h"
#include "base/limit.h"
#include "format/dsse.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str base64(struct arena *mem, struct str bytes)
{
	struct out o;
	struct str text;
	struct err err;

	out_init(&o, mem, 2 * bytes.len + 4);
	out_base64(&o, bytes);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	return text;
}

static struct str write_again(struct arena *mem, const struct dsse *e)
{
	struct out o;
	struct jw w;
	struct str text;
	struct err err;

	out_init(&o, mem, 8 * LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_object(&w);
	jw_kstr(&w, "payloadType", e->payload_type);
	jw_kstr(&w, "payload", base64(mem, e->payload));
	jw_key(&w, "signatures");
	jw_array(&w);
	for (size_t i = 0; i < e->signature_count; i++) {
		jw_object(&w);
		jw_kstr(&w, "keyid", e->signatures[i].key_id);
		jw_kstr(&w, "sig", base64(mem, e->signatures[i].bytes));
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	return text;
}

static void same(const struct dsse *a, const struct dsse *b)
{
	if (!str_eq(a->payload_type, b->payload_type) || !str_eq(a->payload, b->payload) ||
		a->signature_count != b->signature_count)
		abort();
	for (size_t i = 0; i < a->signature_count; i++)
		if (!str_eq(a->signatures[i].key_id, b->signatures[i].key_id) ||
			!str_eq(a->signatures[i].bytes, b->signatures[i].bytes))
			abort();
}

static bool nobody(void *arg, struct str pae, const struct dsse_signature *signature, size_t *key)
{
	const struct dsse *e = arg;

	(void)signature;
	(void)key;
	if (!str_starts(pae, STR("DSSEv1 ")) || !str_ends(pae, e->payload))
		abort();
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct dsse first, second;
	struct err err;

	arena_init(&mem, 16 << 20);
	if (dsse_parse(&mem, str_of(data, size), LIMIT_JSON_BYTES, &first, &err) == OK) {
		if (first.signature_count == 0 || first.signature_count > DSSE_SIGNATURES_MAX)
			abort();
		if (dsse_parse(&mem, write_again(&mem, &first), 8 * LIMIT_JSON_BYTES, &second,
			    &err) != OK)
			abort();
		same(&first, &second);
		if (dsse_verify(&mem, &first, 1, nobody, &first, &err) != ERR_DENIED)
			abort();
	}
	arena_reset(&mem);
	return 0;
}
