#include <string.h>

#include "span.h"

enum { DEPTH_MAX = 16 };

static bool value_at(struct span *rest, unsigned depth);

/* After the opening quote, up to and with the closing one. */
static bool text_at(struct span *rest)
{
	uint8_t code;
	uint32_t rune;

	while (rest->len > 0 && span_rune(rest, &rune) && rune >= 0x20) {
		if (rune == '"') return true;
		if (rune != '\\') continue;
		if (rest->len > 0 && rest->ptr[0] != '\0' && strchr("\"\\btnfr", rest->ptr[0]) != NULL) {
			*rest = (struct span){ rest->ptr + 1, rest->len - 1 };
			continue;
		}
		/* \u00xx only for what has no shorter escape, in lower case. */
		if (!span_take(rest, SPAN("u00")) || rest->len < 2 ||
			!span_hex((struct span){ rest->ptr, 2 }, &code, 1) || code >= 0x20 || code == 0 ||
			strchr("\b\t\n\f\r", code) != NULL)
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
	while (digits.len < rest->len && digits.ptr[digits.len] >= '0' && digits.ptr[digits.len] <= '9') digits.len++;
	*rest = (struct span){ rest->ptr + digits.len, rest->len - digits.len };
	return span_u64(digits, &value) && value < UINT64_C(1) << 53 && !(negative && value == 0);
}

static bool name_at(struct span *rest, struct span *name)
{
	if (!span_take(rest, SPAN("\"")) || !span_cut(rest, '"', name)) return false;
	for (size_t i = 0; i < name->len; i++)
		if (name->ptr[i] < 0x20 || name->ptr[i] > 0x7e || name->ptr[i] == '\\') return false;
	return span_take(rest, SPAN(":"));
}

static bool is_before(struct span a, struct span b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
	return order != 0 ? order < 0 : a.len < b.len;
}

/* After the opening bracket. Depth is bounded, so that the recursion is. */
static bool items_at(struct span *rest, bool named, unsigned depth)
{
	struct span close = named ? SPAN("}") : SPAN("]"), last = { NULL, 0 }, name;
	if (depth >= DEPTH_MAX) return false;
	if (span_take(rest, close)) return true;
	do {
		if (named && (!name_at(rest, &name) || (last.ptr != NULL && !is_before(last, name)))) return false;
		last = name;
		if (!value_at(rest, depth + 1)) return false;
	} while (span_take(rest, SPAN(",")));
	return span_take(rest, close);
}

static bool value_at(struct span *rest, unsigned depth)
{
	if (span_take(rest, SPAN("{"))) return items_at(rest, true, depth);
	if (span_take(rest, SPAN("["))) return items_at(rest, false, depth);
	if (span_take(rest, SPAN("\""))) return text_at(rest);
	return span_take(rest, SPAN("true")) || span_take(rest, SPAN("false")) || span_take(rest, SPAN("null")) ||
		number_at(rest);
}

bool canon_is(struct span text) { return value_at(&text, 0) && text.len == 0; }

bool canon_next(struct span *rest, struct span *name, struct span *value)
{
	if ((!span_take(rest, SPAN(",")) && !span_take(rest, SPAN("{"))) || !name_at(rest, name)) return false;
	value->ptr = rest->ptr;
	if (!value_at(rest, 0)) return false;
	value->len = (size_t)(rest->ptr - value->ptr);
	return true;
}

static bool unquote(struct span value, struct span *text)
{
	*text = (struct span){ value.ptr + 1, value.len - 2 };
	return value.ptr[0] == '"';
}

bool canon_object(struct span object, const char *names, struct span *values)
{
	struct span wanted = span_from(names), word, name, value;

	if (!canon_is(object)) return false;
	bool more = canon_next(&object, &name, &value);

	for (size_t i = 0; span_cut(&wanted, ' ', &word); i++) {
		bool optional = span_take(&word, SPAN("?")), text = word.ptr[word.len - 1] == '$';

		word.len -= text;
		values[i] = (struct span){ NULL, 0 };
		if (!more || !span_eq(word, name)) {
			if (!optional) return false;
			continue;
		}
		values[i] = value;
		if (text && !unquote(value, &values[i])) return false;
		more = canon_next(&object, &name, &value);
	}
	return !more && span_eq(object, SPAN("}"));
}

bool canon_text(struct span object, const char *name, struct span *text)
{
	struct span found, value;
	while (canon_next(&object, &found, &value))
		if (span_eq(found, span_from(name))) return unquote(value, text);
	return false;
}
