/*
 * Property: what json_parse accepts, jw_value writes so that it reads back equal; its canonical text is a
 * fixed point of parse and canonical, and json_member finds each member in it that json_parse found. On any bytes
 * json_member stays inside them.
 */
#include "base/limit.h"
#include "format/json.h"

#define CONTROLS                                                                                       \
	"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17" \
	"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool canonical(struct arena *mem, const json_t *value, struct str *text)
{
	struct out o;
	struct err err;

	out_init(&o, mem, 8 * LIMIT_JSON_BYTES);
	if (json_canonical(value, &o, &err) == OK && out_finish(&o, text, &err) == OK)
		return true;
	/* Only numbers are refused: reals, and integers above 2^53. */
	if (err.kind != ERR_INPUT)
		abort();
	return false;
}

static json_t *parse_or_abort(struct str text)
{
	json_t *value;
	struct err err;

	if (json_parse(text, 8 * LIMIT_JSON_BYTES, &value, &err) != OK)
		abort();
	return value;
}

static void reads_back(struct arena *mem, const json_t *value)
{
	struct out o;
	struct jw w;
	struct str text;
	struct err err;

	out_init(&o, mem, 8 * LIMIT_JSON_BYTES);
	jw_init(&w, &o);
	jw_value(&w, value);
	if (out_finish(&o, &text, &err) != OK)
		abort();
	json_t *again = parse_or_abort(text);

	if (!json_equal(value, again))
		abort();
	json_decref(again);
}

/* Names that JSON would write with an escape are not looked for. */
static void finds_members(struct str text, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		struct str found;

		if (strpbrk(name, "\"\\") != NULL || name[strcspn(name, CONTROLS)] != '\0')
			continue;
		if (!json_member(text, name, &found))
			abort();
		json_t *again = parse_or_abort(found);

		if (!json_equal(value, again))
			abort();
		json_decref(again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct str text, again;
	struct err err;
	json_t *value;

	if (json_member(str_of(data, size), "a", &text) &&
		(text.ptr < (const char *)data || text.ptr + text.len > (const char *)data + size))
		abort();
	if (json_parse(str_of(data, size), LIMIT_JSON_BYTES, &value, &err) != OK)
		return 0;
	arena_init(&mem, 16 << 20);
	reads_back(&mem, value);
	if (canonical(&mem, value, &text)) {
		json_t *second = parse_or_abort(text);

		if (!json_equal(value, second))
			abort();
		if (!canonical(&mem, second, &again) || !str_eq(text, again))
			abort();
		json_decref(second);
		finds_members(text, value);
	}
	json_decref(value);
	arena_reset(&mem);
	return 0;
}
