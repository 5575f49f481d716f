#include "conformance.h"
#include "format/dsse.h"

static void the_protocol_document_s_vector(void **state)
{
	struct arena mem;
	struct err err;
	struct dsse envelope;
	struct out o;
	struct str pae;

	(void)state;
	arena_init(&mem, 1 << 20);
	json_t *v = conformance_json(&mem, "vectors.json");
	char *text = json_dumps(json_object_get(v, "envelope"), 0);

	assert_int_equal(dsse_parse(&mem, str_from(text), 4096, &envelope, &err), OK);
	free(text);
	assert_true(
		str_eq(envelope.payload, str_from(json_string_value(json_object_get(v, "body")))));
	assert_int_equal(envelope.signature_count, 1);
	assert_int_equal(envelope.signatures[0].bytes.len, 64);
	out_init(&o, &mem, 4096);
	dsse_put_pae(&o, envelope.payload_type, envelope.payload);
	assert_int_equal(out_finish(&o, &pae, &err), OK);
	assert_string_equal(pae.ptr, json_string_value(json_object_get(v, "pae")));
	json_decref(v);
	arena_reset(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_protocol_document_s_vector),
	};

	return conformance_run("dsse_vectors", "tlog/dsse", tests, 1, NULL, NULL);
}
