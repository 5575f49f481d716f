#include "base/limit.h"
#include "format/json.h"
#include "format/json_text.h"

struct member {
	const char *key;
	const json_t *value;
};

/*
 * Order of UTF-16 code units on UTF-8 bytes. Bytewise order is the same but for one case: U+E000..U+FFFF (first
 * byte ee or ef) come after the surrogates of U+10000 and up (first byte f0 to f4). Two strings that differ in a
 * later byte of a character agree on its first, and continuation bytes are below c0.
 */
static unsigned unit_weight(unsigned char c)
{
	return c == 0xee || c == 0xef ? c + 0x10U : c;
}

static int member_order(const void *a, const void *b)
{
	const unsigned char *x = (const unsigned char *)((const struct member *)a)->key;
	const unsigned char *y = (const unsigned char *)((const struct member *)b)->key;

	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	unsigned left = unit_weight(*x), right = unit_weight(*y);

	return left < right ? -1 : left > right;
}

static enum err_kind put_value(
	const json_t *value, unsigned depth, struct out *out, struct err *err);

static enum err_kind put_string(struct str s, struct out *out, struct err *err)
{
	if (!json_text_put(out, s))
		return err_set(err, ERR_INPUT, "canonical JSON: a string is not UTF-8");
	return OK;
}

static enum err_kind put_object(
	const json_t *value, unsigned depth, struct out *out, struct err *err)
{
	json_t *object = (json_t *)(uintptr_t)value; /* iterating does not change it */
	size_t count = json_object_size(value), n = 0;
	struct member *members = arena_array(out->mem, struct member, count);

	if (members == NULL)
		return err_set(err, ERR_LIMIT, "canonical JSON: request memory used up");
	for (void *it = json_object_iter(object); it != NULL && n < count;
		it = json_object_iter_next(object, it))
		members[n++] = (struct member){ json_object_iter_key(it),
			json_object_iter_value(it) };
	qsort(members, n, sizeof(*members), member_order);

	out_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			out_char(out, ',');
		if (put_string(str_from(members[i].key), out, err) != OK)
			return err->kind;
		out_char(out, ':');
		if (put_value(members[i].value, depth, out, err) != OK)
			return err->kind;
	}
	out_char(out, '}');
	return OK;
}

static enum err_kind put_array(
	const json_t *value, unsigned depth, struct out *out, struct err *err)
{
	out_char(out, '[');
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			out_char(out, ',');
		if (put_value(json_array_get(value, i), depth, out, err) != OK)
			return err->kind;
	}
	out_char(out, ']');
	return OK;
}

static enum err_kind put_integer(int64_t v, struct out *out, struct err *err)
{
	if (v < -JSON_INT_MAX || v > JSON_INT_MAX)
		return err_set(err, ERR_INPUT,
			"canonical JSON: an integer that not every reader holds exactly");
	out_i64(out, v);
	return OK;
}

/* Recursion ends at LIMIT_JSON_DEPTH. */
static enum err_kind put_value(
	const json_t *value, unsigned depth, struct out *out, struct err *err)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		if (depth == LIMIT_JSON_DEPTH)
			return err_set(err, ERR_LIMIT,
				"canonical JSON: nested deeper than %d levels", LIMIT_JSON_DEPTH);
		return json_is_object(value) ? put_object(value, depth + 1, out, err)
					     : put_array(value, depth + 1, out, err);
	case JSON_STRING:
		return put_string(
			str_of(json_string_value(value), json_string_length(value)), out, err);
	case JSON_INTEGER:
		return put_integer(json_integer_value(value), out, err);
	case JSON_REAL:
		return err_set(err, ERR_INPUT, "canonical JSON: a number that is not an integer");
	case JSON_TRUE:
		out_put(out, STR("true"));
		break;
	case JSON_FALSE:
		out_put(out, STR("false"));
		break;
	case JSON_NULL:
		out_put(out, STR("null"));
		break;
	}
	return OK;
}

enum err_kind json_canonical(const json_t *value, struct out *out, struct err *err)
{
	enum err_kind rc = put_value(value, 0, out, err);

	if (rc == OK && out->failed)
		return err_set(
			err, ERR_LIMIT, "canonical JSON: longer than %zu bytes", out->cap_max);
	return rc;
}
