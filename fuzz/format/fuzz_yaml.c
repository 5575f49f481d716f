/*
 * Property: what yaml_parse accepts is a tree that JSON can write (bounded depth, no NUL, UTF-8); and where that
 * JSON is read as YAML again, it is refused (YAML allows fewer characters) or is the same tree.
 */
#include "base/limit.h"
#include "format/json.h"
#include "format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct out o;
	struct str text;
	struct err err;
	json_t *value, *as_json, *as_yaml;
	struct jw w;

	if (yaml_parse(str_of(data, size), LIMIT_JSON_BYTES, &value, &err) != OK)
		return 0;
	arena_init(&mem, 16 << 20);
	out_init(&o, &mem, 8 * LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_value(&w, value);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	if (json_parse(text, 8 * LIMIT_JSON_BYTES, &as_json, &err) != OK ||
		!json_equal(value, as_json))
		abort();
	if (yaml_parse(text, 8 * LIMIT_JSON_BYTES, &as_yaml, &err) == OK) {
		if (!json_equal(value, as_yaml))
			abort();
		json_decref(as_yaml);
	}
	json_decref(as_json);
	json_decref(value);
	arena_reset(&mem);
	return 0;
}
