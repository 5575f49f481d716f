#include "format/form.h"

#include "base/utf8.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static enum err_kind decode(struct arena *mem, struct str text, bool plus_is_space,
	struct str *decoded, struct err *err)
{
	char *bytes = arena_alloc(mem, text.len, 1);
	size_t n = 0;

	if (bytes == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '+' && plus_is_space) {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return err_set(err, ERR_INPUT, "a percent escape is not %%XX");
			c = (char)(high << 4 | low);
			i += 2;
		}
		bytes[n++] = c;
	}
	struct str s = str_of(bytes, n);

	if (memchr(s.ptr, '\0', s.len) != NULL || !utf8_valid(s))
		return err_set(err, ERR_INPUT, "a form's text is not UTF-8, or holds a NUL");
	*decoded = s;
	return OK;
}

static size_t count_pieces(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '&';
	return n;
}

enum err_kind form_parse(
	struct arena *mem, struct str text, size_t bytes_max, struct form *form, struct err *err)
{
	struct form f = { .count = 0 };
	struct str rest = text;
	bool more = true;

	if (text.len > bytes_max)
		return err_set(err, ERR_LIMIT, "form longer than %zu bytes", bytes_max);
	if (count_pieces(text) > FORM_PAIRS_MAX)
		return err_set(err, ERR_LIMIT, "form with more than %d fields", FORM_PAIRS_MAX);
	f.pairs = arena_array(mem, struct form_pair, count_pieces(text));
	if (f.pairs == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	while (more) {
		struct str piece = rest, name, value = STR("");
		struct form_pair *pair = &f.pairs[f.count];

		more = str_cut(rest, '&', &piece, &rest);
		if (piece.len == 0)
			continue;
		name = piece;
		str_cut(piece, '=', &name, &value);
		if (decode(mem, name, true, &pair->name, err) != OK ||
			decode(mem, value, true, &pair->value, err) != OK)
			return err->kind;
		f.count++;
	}
	*form = f;
	return OK;
}

bool form_get(const struct form *form, const char *name, struct str *value)
{
	const struct form_pair *found = NULL;

	for (size_t i = 0; i < form->count; i++) {
		if (!str_eq(form->pairs[i].name, str_from(name)))
			continue;
		if (found != NULL)
			return false;
		found = &form->pairs[i];
	}
	if (found == NULL)
		return false;
	*value = found->value;
	return true;
}

enum err_kind form_decode_segment(
	struct arena *mem, struct str text, struct str *decoded, struct err *err)
{
	return decode(mem, text, false, decoded, err);
}
