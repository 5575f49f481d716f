/* Our own vectors (tests/vectors/make_ledger_vectors.py): canonical JSON and DSSE's signed bytes. */
#include "base/limit.h"
#include "format/dsse.h"
#include "format/json.h"
#include "harness.h"

static struct arena mem;
static struct err err;
static json_t *vectors;

static int start(void **state)
{
	const char *file = getenv("VITRINE_VECTORS");

	(void)state;
	arena_init(&mem, 4 << 20);
	vectors = file == NULL ? NULL : json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
	return vectors != NULL ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	json_decref(vectors);
	arena_reset(&mem);
	return 0;
}

static enum err_kind canonical(struct str in, struct str *got)
{
	json_t *value;
	struct out o;

	assert_int_equal(json_parse(in, LIMIT_JSON_BYTES, &value, &err), OK);
	out_init(&o, &mem, LIMIT_JSON_BYTES);
	enum err_kind rc = json_canonical(value, &o, &err);

	json_decref(value);
	return rc == OK ? out_finish(&o, got, &err) : rc;
}

static void canonical_json(void **state)
{
	const json_t *cases = json_object_get(vectors, "canonical_json"), *v;
	struct str in = STR(""), want = in, got;
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(cases, "accepted")) > 10);
	json_array_foreach(json_object_get(cases, "accepted"), i, v)
	{
		assert_true(json_str(v, "in", &in) && json_str(v, "out", &want));
		assert_int_equal(canonical(in, &got), OK);
		assert_true(str_eq(got, want));
		/* What is canonical stays as it is. */
		assert_int_equal(canonical(want, &got), OK);
		assert_true(str_eq(got, want));
	}
	json_array_foreach(json_object_get(cases, "refused"), i, v)
		assert_int_equal(canonical(str_from(json_string_value(v)), &got), ERR_INPUT);
}

static void signed_bytes_of_envelopes(void **state)
{
	const json_t *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(vectors, "pae"), i, v)
	{
		struct str type = STR(""), body = type, want = type, got;
		struct out o;

		assert_true(json_str(v, "type", &type) && json_str(v, "body", &body) &&
			json_str(v, "pae", &want));
		out_init(&o, &mem, 4096);
		dsse_put_pae(&o, type, body);
		assert_int_equal(out_finish(&o, &got, &err), OK);
		assert_true(str_eq(got, want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_json),
		cmocka_unit_test(signed_bytes_of_envelopes),
	};

	return cmocka_run_group_tests_name("format_vectors", tests, start, stop);
}
