#include "span.h"

#include <stdarg.h>
#include <string.h>

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_cut(struct span *rest, char at, struct span *head)
{
	const char *found = rest->len == 0 ? NULL : memchr(rest->ptr, at, rest->len);

	if (found == NULL)
		return false;
	*head = (struct span){ rest->ptr, (size_t)(found - rest->ptr) };
	*rest = (struct span){ found + 1, rest->len - head->len - 1 };
	return true;
}

bool span_take(struct span *rest, struct span text)
{
	if (rest->len < text.len || memcmp(rest->ptr, text.ptr, text.len) != 0)
		return false;
	rest->ptr += text.len;
	rest->len -= text.len;
	return true;
}

bool span_rune(struct span *rest, uint32_t *rune)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t n = p[0] < 0x80 ? 1
		: p[0] < 0xc2  ? 0
		: p[0] < 0xe0  ? 2
		: p[0] < 0xf0  ? 3
		: p[0] < 0xf5  ? 4
			       : 0;
	uint32_t v;

	if (n == 0 || rest->len < n)
		return false;
	v = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
		v = v << 6 | (p[i] & 0x3fU);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10ffff)) ||
		(v >= 0xd800 && v < 0xe000))
		return false;
	*rune = v;
	rest->ptr += n;
	rest->len -= n;
	return true;
}

bool span_is_text(struct span s)
{
	uint32_t rune;

	while (s.len > 0)
		if (!span_rune(&s, &rune) || (rune < 0x20 && rune != '\n'))
			return false;
	return true;
}

bool span_u64(struct span s, uint64_t *value)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 20 || (s.len > 1 && s.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = 10 * v + digit;
	}
	*value = v;
	return true;
}

bool span_hex(struct span s, uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	if (s.len != 2 * n)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *digit = memchr(digits, s.ptr[i], 16);

		if (digit == NULL)
			return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - digits));
	}
	return true;
}

bool span_base64(struct span s, uint8_t *bytes, size_t max, size_t *n)
{
	size_t padding = s.len < 4 || s.ptr[s.len - 1] != '=' ? 0 : s.ptr[s.len - 2] != '=' ? 1 : 2;
	uint32_t bits = 0;

	*n = 0;
	if (s.len % 4 != 0 || s.len / 4 * 3 - padding > max)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *digit = i < s.len - padding ? memchr(base64_digits, s.ptr[i], 64)
							: base64_digits;

		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - base64_digits);
		uint8_t byte = (uint8_t)(bits >> (6 - 2 * (i % 4)));

		if (i % 4 != 0 && i < s.len - padding)
			bytes[(*n)++] = byte;
		else if (i % 4 != 0 && byte != 0)
			return false;
	}
	return true;
}

bool span_base64_n(struct span s, uint8_t *bytes, size_t n)
{
	size_t got;

	return span_base64(s, bytes, n, &got) && got == n;
}

bool span_time(struct span s, char sortable[27])
{
	static const char form[] = "0000-00-00T00:00:00";
	const size_t whole = sizeof(form) - 1;

	if (s.len < whole + 1 || s.len > whole + 8 || s.ptr[s.len - 1] != 'Z')
		return false;
	memcpy(sortable, "0000-00-00T00:00:00.000000", 27);
	for (size_t i = 0; i < s.len - 1; i++) {
		bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';

		if (i < whole                ? (form[i] == '0' ? !digit : s.ptr[i] != form[i])
				: i == whole ? s.ptr[i] != '.'
					     : !digit)
			return false;
		sortable[i] = s.ptr[i];
	}
	return s.len != whole + 2;
}

void span_print(FILE *to, struct span s, size_t max)
{
	for (; s.len > 0 && max > 0; max--) {
		struct span before = s;
		uint32_t rune;

		/* Beyond ASCII only what lies in the planes of alphabets: no direction marks, nothing private. */
		if (span_rune(&s, &rune) &&
			((rune >= 0x20 && rune < 0x7f) || (rune > 0xad && rune < 0x2000))) {
			fwrite(before.ptr, 1, (size_t)(s.ptr - before.ptr), to);
			continue;
		}
		fprintf(to, "\\x%02x", (unsigned)(unsigned char)before.ptr[0]);
		s = (struct span){ before.ptr + 1, before.len - 1 };
	}
	if (s.len > 0)
		fprintf(to, "... (%zu bytes more)", s.len);
}

enum verdict because(struct why *why, enum verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return verdict;
}
