#include "span.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Where the judgement under way goes back to. The program has one thread. */
static struct {
	jmp_buf back;
	enum verdict verdict;
	struct why why;
	bool open;
} judgement;

enum verdict judge(void (*work)(void *arg), void *arg, struct why *why)
{
	judgement.verdict = HOLDS;
	judgement.why.text[0] = '\0';
	judgement.open = true;
	if (setjmp(judgement.back) == 0) work(arg);
	judgement.open = false;
	*why = judgement.why;
	return judgement.verdict;
}

void refuse(enum verdict verdict, const char *format, ...)
{
	va_list args;
	if (!judgement.open || verdict == HOLDS) abort();
	va_start(args, format);
	vsnprintf(judgement.why.text, sizeof(judgement.why.text), format, args);
	va_end(args);
	judgement.verdict = verdict;
	longjmp(judgement.back, 1);
}

struct span span_from(const char *text) { return (struct span){ text, strlen(text) }; }

bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_cut(struct span *rest, char at, struct span *head)
{
	const char *found = rest->len == 0 ? NULL : memchr(rest->ptr, at, rest->len);
	if (found == NULL) return false;
	*head = (struct span){ rest->ptr, (size_t)(found - rest->ptr) };
	*rest = (struct span){ found + 1, rest->len - head->len - 1 };
	return true;
}

bool span_take(struct span *rest, struct span text)
{
	if (rest->len < text.len || memcmp(rest->ptr, text.ptr, text.len) != 0) return false;
	*rest = (struct span){ rest->ptr + text.len, rest->len - text.len };
	return true;
}

bool span_rune(struct span *rest, uint32_t *rune)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n == 0 || rest->len < n) return false;
	uint32_t v = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) return false;
		v = v << 6 | (p[i] & 0x3fU);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10ffff)) || (v >= 0xd800 && v < 0xe000))
		return false;
	*rune = v;
	*rest = (struct span){ rest->ptr + n, rest->len - n };
	return true;
}

bool span_u64(struct span s, uint64_t *value)
{
	if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0')) return false;
	*value = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
		if (digit > 9 || *value > (UINT64_MAX - digit) / 10) return false;
		*value = 10 * *value + digit;
	}
	return true;
}

bool span_hex(struct span s, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; s.len == 2 * n && i < s.len; i++) {
		char c = s.ptr[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0) return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | digit);
	}
	return s.len == 2 * n;
}

bool span_base64(struct span s, uint8_t *bytes, size_t max, size_t *n)
{
	/* libsodium takes a byte above 0x7f for the digit that it is without its highest bit. */
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] & 0x80) != 0) return false;
	return sodium_base642bin(bytes, max, s.ptr, s.len, NULL, n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool span_base64_n(struct span s, uint8_t *bytes, size_t n)
{
	size_t got;
	return span_base64(s, bytes, n, &got) && got == n;
}

bool span_time(struct span s, char sortable[27])
{
	static const char form[] = "0000-00-00T00:00:00.000000";
	if (s.len < 20 || s.len > 27 || s.len == 21 || s.ptr[s.len - 1] != 'Z') return false;
	memcpy(sortable, form, sizeof(form));
	for (size_t i = 0; i < s.len - 1; i++) {
		if (form[i] == '0' ? s.ptr[i] < '0' || s.ptr[i] > '9' : s.ptr[i] != form[i]) return false;
		sortable[i] = s.ptr[i];
	}
	return true;
}

void span_print(struct span s, size_t max)
{
	for (; s.len > 0 && max > 0; max--) {
		struct span before = s;
		uint32_t rune;
		/* Beyond ASCII only what lies in the planes of alphabets: no direction marks, nothing private. */
		if (span_rune(&s, &rune) && ((rune >= 0x20 && rune < 0x7f) || (rune > 0xad && rune < 0x2000))) {
			fwrite(before.ptr, 1, before.len - s.len, stdout);
			continue;
		}
		printf("\\x%02x", (unsigned)(unsigned char)before.ptr[0]);
		s = (struct span){ before.ptr + 1, before.len - 1 };
	}
	if (s.len > 0) printf("... (%zu bytes more)", s.len);
}
