/*
 * Property: a code point that is decoded encodes to the same bytes; what out_shown shows is UTF-8 without hidden
 * characters, and different names are never shown alike (it can be undone).
 */
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned hex_digits(struct str s, uint32_t *value)
{
	unsigned n = 0;

	*value = 0;
	for (; n < s.len && n < 8; n++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, s.ptr[n]);

		if (s.ptr[n] == '\0' || at == NULL)
			break;
		*value = *value << 4 | (uint32_t)(at - digits);
	}
	return n;
}

/* The name that is shown so, into bytes; returns its length. */
static size_t undo(struct str shown, char *bytes)
{
	size_t n = 0;

	while (shown.len > 0) {
		uint32_t value;
		size_t used = 1;

		if (shown.ptr[0] != '\\') {
			bytes[n++] = shown.ptr[0];
		} else if (shown.ptr[1] == '\\') {
			bytes[n++] = '\\';
			used = 2;
		} else if (shown.ptr[1] == 'x') {
			hex_digits(str_head(str_skip(shown, 2), 2), &value);
			bytes[n++] = (char)value;
			used = 4;
		} else {
			used = 4 + hex_digits(str_skip(shown, 3), &value);
			n += utf8_encode(value, bytes + n);
		}
		shown = str_skip(shown, used);
	}
	return n;
}

static void check_shown(struct str shown)
{
	while (shown.len > 0) {
		uint32_t cp;
		size_t n = utf8_decode(shown, &cp);

		if (n == 0 || utf8_is_hidden(cp))
			abort();
		shown = str_skip(shown, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct out o;
	struct str in = str_of(data, size), shown;
	struct err err;
	char bytes[4];
	uint32_t cp;

	if (size > 4096)
		return 0;
	for (struct str s = in; s.len > 0;) {
		size_t n = utf8_decode(s, &cp);

		if (n > 0 && (utf8_encode(cp, bytes) != n || memcmp(bytes, s.ptr, n) != 0))
			abort();
		s = str_skip(s, n == 0 ? 1 : n);
	}
	arena_init(&mem, 1 << 20);
	out_init(&o, &mem, 10 * size);
	out_shown(&o, in);
	if (out_finish(&o, &shown, &err) != OK)
		abort();
	check_shown(shown);
	char *name = arena_alloc(&mem, shown.len + 4, 1);

	if (name == NULL || !str_eq(str_of(name, undo(shown, name)), in))
		abort();
	arena_reset(&mem);
	return 0;
}
