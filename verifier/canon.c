#include "canon.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

static bool value_at(struct span *rest, unsigned depth);

/* After the opening quote, up to and with the closing one. */
static bool text_at(struct span *rest)
{
	uint32_t rune;

	while (rest->len > 0) {
		if (!span_rune(rest, &rune) || rune < 0x20)
			return false;
		if (rune == '"')
			return true;
		if (rune != '\\')
			continue;
		if (rest->len == 0)
			return false;
		char escaped = *rest->ptr++;

		rest->len--;
		if (strchr("\"\\btnfr", escaped) != NULL && escaped != '\0')
			continue;
		uint8_t code;

		/* \u00xx only for what has no shorter escape, in lower case. */
		if (escaped != 'u' || !span_take(rest, SPAN("00")) || rest->len < 2 ||
			!span_hex((struct span){ rest->ptr, 2 }, &code, 1) || code >= 0x20 ||
			code == 0 || strchr("\b\t\n\f\r", code) != NULL)
			return false;
		*rest = (struct span){ rest->ptr + 2, rest->len - 2 };
	}
	return false;
}

static bool number_at(struct span *rest)
{
	bool negative = span_take(rest, SPAN("-"));
	struct span digits = { rest->ptr, 0 };
	uint64_t value;

	while (digits.len < rest->len && digits.ptr[digits.len] >= '0' &&
		digits.ptr[digits.len] <= '9')
		digits.len++;
	if (!span_u64(digits, &value) || value > (UINT64_C(1) << 53) - 1 ||
		(negative && value == 0))
		return false;
	*rest = (struct span){ rest->ptr + digits.len, rest->len - digits.len };
	return true;
}

static bool name_at(struct span *rest, struct span *name)
{
	if (!span_take(rest, SPAN("\"")) || !span_cut(rest, '"', name))
		return false;
	for (size_t i = 0; i < name->len; i++)
		if (name->ptr[i] < 0x20 || name->ptr[i] > 0x7e || name->ptr[i] == '\\')
			return false;
	return span_take(rest, SPAN(":"));
}

static bool before(struct span a, struct span b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order < 0 : a.len < b.len;
}

/* After the opening bracket; close says which. */
static bool items_at(struct span *rest, struct span close, bool named, unsigned depth)
{
	struct span last = { NULL, 0 }, name;

	if (depth >= DEPTH_MAX)
		return false;
	if (span_take(rest, close))
		return true;
	do {
		if (named && (!name_at(rest, &name) || (last.ptr != NULL && !before(last, name))))
			return false;
		if (named)
			last = name;
		if (!value_at(rest, depth + 1))
			return false;
	} while (span_take(rest, SPAN(",")));
	return span_take(rest, close);
}

/* Depth is bounded, so that the recursion is. */
static bool value_at(struct span *rest, unsigned depth)
{
	if (span_take(rest, SPAN("{")))
		return items_at(rest, SPAN("}"), true, depth);
	if (span_take(rest, SPAN("[")))
		return items_at(rest, SPAN("]"), false, depth);
	if (span_take(rest, SPAN("\"")))
		return text_at(rest);
	if (span_take(rest, SPAN("true")) || span_take(rest, SPAN("false")) ||
		span_take(rest, SPAN("null")))
		return true;
	return number_at(rest);
}

bool canon_is(struct span text)
{
	return value_at(&text, 0) && text.len == 0;
}

bool canon_next(struct span *rest, struct span *name, struct span *value)
{
	if (!span_take(rest, SPAN(",")) && !span_take(rest, SPAN("{")))
		return false;
	if (!name_at(rest, name))
		return false;
	value->ptr = rest->ptr;
	if (!value_at(rest, 0))
		return false;
	value->len = (size_t)(rest->ptr - value->ptr);
	return true;
}

bool canon_member(struct span object, struct span name, struct span *value)
{
	struct span found;

	while (canon_next(&object, &found, value))
		if (span_eq(found, name))
			return true;
	return false;
}

bool canon_object(struct span object, const char *names, struct span *values)
{
	struct span wanted = { names, strlen(names) }, name, value;
	bool more = canon_next(&object, &name, &value);

	for (size_t i = 0; wanted.len > 0; i++) {
		struct span word;

		if (!span_cut(&wanted, ' ', &word)) {
			word = wanted;
			wanted.len = 0;
		}
		bool optional = span_take(&word, SPAN("?"));

		values[i] = (struct span){ NULL, 0 };
		if (more && span_eq(word, name)) {
			values[i] = value;
			more = canon_next(&object, &name, &value);
		} else if (!optional) {
			return false;
		}
	}
	return !more && span_eq(object, SPAN("}"));
}

bool canon_text(struct span value, struct span *text)
{
	if (value.len < 2 || value.ptr[0] != '"')
		return false;
	*text = (struct span){ value.ptr + 1, value.len - 2 };
	return true;
}

bool canon_text_of(struct span object, struct span name, struct span *text)
{
	struct span value;

	return canon_member(object, name, &value) && canon_text(value, text);
}
