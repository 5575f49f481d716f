#include "format/json.h"

#include "base/limit.h"

/*
 * jansson recurses to 2048 levels before it refuses; we say where ours end before it starts. Only brackets
 * outside of strings count; whether they match is jansson's business.
 */
static enum err_kind check_depth(struct str text, struct err *err)
{
	unsigned depth = 0, line = 1;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\n')
			line++;
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > LIMIT_JSON_DEPTH)
				return err_set(err, ERR_LIMIT,
					"JSON line %u: nested deeper than %d levels", line,
					LIMIT_JSON_DEPTH);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return OK;
}

/* jansson's own text quotes what it read, which may be a secret; ours does not. */
static const char *reason(enum json_error_code code)
{
	switch (code) {
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "something follows the value";
	case json_error_duplicate_key:
		return "a key occurs twice in one object";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a string holds a NUL";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "not JSON";
	}
}

enum err_kind json_parse(struct str text, size_t bytes_max, json_t **root, struct err *err)
{
	json_error_t error;

	if (text.len > bytes_max)
		return err_set(err, ERR_LIMIT, "JSON longer than %zu bytes", bytes_max);
	if (check_depth(text, err) != OK)
		return err->kind;
	json_t *value = json_loadb(
		text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (value == NULL) {
		enum json_error_code code = json_error_code(&error);

		if (code == json_error_out_of_memory)
			return err_set(err, ERR_LIMIT, "no memory to read JSON");
		return err_set(err, ERR_INPUT, "JSON line %d, column %d: %s", error.line,
			error.column, reason(code));
	}
	*root = value;
	return OK;
}

bool json_str(const json_t *object, const char *key, struct str *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return false;
	*out = str_of(json_string_value(value), json_string_length(value));
	return true;
}

bool json_i64(const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		return false;
	*out = json_integer_value(value);
	return true;
}

bool json_flag(const json_t *object, const char *key, bool *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return false;
	*out = json_is_true(value);
	return true;
}

/* Past the string that begins at `at`, or at the end of a text that breaks off in it. */
static size_t skip_string(struct str text, size_t at)
{
	for (at++; at < text.len && text.ptr[at] != '"'; at++)
		at += text.ptr[at] == '\\';
	return at < text.len ? at + 1 : text.len;
}

/* At the comma or bracket that follows the value which begins at `at`. */
static size_t skip_value(struct str text, size_t at)
{
	unsigned depth = 0;

	while (at < text.len) {
		char c = text.ptr[at];

		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at++;
	}
	return at;
}

bool json_member(struct str object, const char *name, struct str *value)
{
	struct str wanted = str_from(name);
	size_t at = 1;

	if (object.len == 0 || object.ptr[0] != '{')
		return false;
	while (at < object.len && object.ptr[at] == '"') {
		size_t colon = skip_string(object, at);
		size_t to = skip_value(object, colon + 1);

		if (to >= object.len)
			return false;
		if (str_eq(str_of(object.ptr + at + 1, colon - at - 2), wanted)) {
			*value = str_of(object.ptr + colon + 1, to - colon - 1);
			return true;
		}
		at = to + 1;
	}
	return false;
}
