#include "app/kind_reader.h"

#include <stdarg.h>

#include "base/limit.h"
#include "base/utf8.h"

void kr_fail(struct kind_reader *r, const char *fmt, ...)
{
	char what[ERR_MSG_BYTES_MAX];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(r->err, ERR_INPUT, "%.*s: %s%s%s%s%s", (int)(r->file.len < 64 ? r->file.len : 64),
		r->file.ptr, r->kind != NULL ? r->kind : "", r->kind != NULL ? ": " : "",
		r->part != NULL ? r->part : "", r->part != NULL ? ": " : "", what);
}

void *kr_alloc(struct kind_reader *r, size_t size)
{
	void *p = arena_alloc(r->mem, 1, size);

	if (p == NULL)
		kr_fail(r, "the kinds together are too large");
	return p;
}

bool kr_is_among(const char *words, struct str word)
{
	struct str rest = str_from(words), head;

	while (str_cut(rest, ' ', &head, &rest)) {
		if (str_eq(head, word))
			return true;
	}
	return str_eq(rest, word);
}

void kr_only(struct kind_reader *r, const json_t *object, const char *keys)
{
	const char *key;
	json_t *value;

	if (r->failed)
		return;
	if (!json_is_object(object)) {
		kr_fail(r, "must be keys with values");
		return;
	}
	json_object_foreach((json_t *)object, key, value)
	{
		if (!kr_is_among(keys, str_from(key)))
			kr_fail(r, "unknown key '%.40s'; known are: %s", key, keys);
	}
}

bool kr_is_name(struct str s)
{
	if (s.len == 0 || s.len > KR_NAME_BYTES_MAX || s.ptr[0] < 'a' || s.ptr[0] > 'z')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

/* One line that may stand on a page: nothing that cannot be seen. */
static bool is_shown_line(struct str s)
{
	if (s.len == 0 || s.len > LIMIT_LINE_BYTES)
		return false;
	while (s.len > 0) {
		uint32_t code_point;
		size_t n = utf8_decode(s, &code_point);

		if (n == 0 || utf8_is_hidden(code_point))
			return false;
		s = str_skip(s, n);
	}
	return true;
}

static const char *checked_text(
	struct kind_reader *r, const json_t *value, const char *key, enum kr_text what)
{
	struct str s = json_is_string(value)
		? str_of(json_string_value(value), json_string_length(value))
		: STR("");

	if (what == KR_NAME && !kr_is_name(s))
		kr_fail(r, "%s: must be a name: a-z, 0-9 and _, at most %d", key,
			KR_NAME_BYTES_MAX);
	if (what == KR_WORDS && !is_shown_line(s))
		kr_fail(r, "%s: must be one line of text of at most %d bytes", key,
			LIMIT_LINE_BYTES);
	const char *copy = r->failed ? NULL : arena_cstr(r->mem, s);

	if (copy == NULL)
		kr_fail(r, "the kinds together are too large");
	return copy != NULL ? copy : "";
}

const char *kr_text(struct kind_reader *r, const json_t *object, const char *key, enum kr_text what,
	const char *absent)
{
	const json_t *value = json_object_get(object, key);

	if (r->failed)
		return "";
	if (value == NULL && absent == NULL)
		kr_fail(r, "%s: is missing", key);
	if (value == NULL)
		return absent != NULL ? absent : "";
	return checked_text(r, value, key, what);
}

bool kr_flag(struct kind_reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value != NULL && !json_is_boolean(value))
		kr_fail(r, "%s: must be true or false", key);
	return json_is_true(value);
}

int64_t kr_i64(struct kind_reader *r, const json_t *object, const char *key, int64_t absent)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return absent;
	if (!json_is_integer(value) || json_integer_value(value) > JSON_INT_MAX ||
		json_integer_value(value) < -JSON_INT_MAX)
		kr_fail(r, "%s: must be a whole number", key);
	return json_integer_value(value);
}

int kr_word(struct kind_reader *r, const json_t *object, const char *key, const char *const *words,
	int absent)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL && absent >= 0)
		return absent;
	for (int i = 0; json_is_string(value) && words[i] != NULL; i++) {
		if (strcmp(words[i], json_string_value(value)) == 0)
			return i;
	}
	if (value == NULL)
		kr_fail(r, "%s: is missing", key);
	else if (json_is_string(value))
		kr_fail(r, "%s: unknown word '%.40s'", key, json_string_value(value));
	else
		kr_fail(r, "%s: must be a word", key);
	return 0;
}

size_t kr_names(struct kind_reader *r, const json_t *object, const char *key, const char **names,
	size_t max)
{
	const json_t *list = json_object_get(object, key);
	size_t count = json_array_size(list);

	if (r->failed || list == NULL)
		return 0;
	if (!json_is_array(list) || count > max) {
		kr_fail(r, "%s: must be a list of at most %zu names", key, max);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = checked_text(r, json_array_get(list, i), key, KR_NAME);
		for (size_t k = 0; k < i; k++) {
			if (!r->failed && strcmp(names[k], names[i]) == 0)
				kr_fail(r, "%s: '%s' stands there twice", key, names[i]);
		}
	}
	return r->failed ? 0 : count;
}

const json_t *kr_list(
	struct kind_reader *r, const json_t *object, const char *key, size_t max, bool required)
{
	const json_t *list = json_object_get(object, key);

	if (r->failed || (list == NULL && !required))
		return NULL;
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > max) {
		kr_fail(r, "%s: must be a list of 1 to %zu", key, max);
		return NULL;
	}
	return list;
}

const json_t *kr_object(struct kind_reader *r, const json_t *object, const char *key, bool required)
{
	const json_t *value = json_object_get(object, key);

	if (r->failed || (value == NULL && !required))
		return NULL;
	if (!json_is_object(value)) {
		kr_fail(r, value == NULL ? "%s: is missing" : "%s: must be keys with values", key);
		return NULL;
	}
	return value;
}
