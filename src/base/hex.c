#include "base/hex.h"

static const char HEX_DIGITS[] = "0123456789abcdef";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_format(const void *bytes, size_t len, char *digits)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < len; i++) {
		digits[2 * i] = HEX_DIGITS[b[i] >> 4];
		digits[2 * i + 1] = HEX_DIGITS[b[i] & 15];
	}
	digits[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool hex_parse(struct str digits, void *bytes, size_t len)
{
	unsigned char *b = bytes;

	if (digits.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(digits.ptr[2 * i]), low = hex_value(digits.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		b[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void out_hex(struct out *o, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	char digits[2 * 64 + 1];

	for (size_t i = 0; i < len; i += 64) {
		size_t n = len - i < 64 ? len - i : 64;

		hex_format(b + i, n, digits);
		out_put(o, (struct str){ digits, 2 * n });
	}
}

static void put_base64(struct out *o, struct str s, const char *alphabet, bool padded)
{
	const unsigned char *b = (const unsigned char *)s.ptr;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t left = s.len - i < 3 ? s.len - i : 3;
		uint32_t v = (uint32_t)b[i] << 16;

		if (left > 1)
			v |= (uint32_t)b[i + 1] << 8;
		if (left > 2)
			v |= b[i + 2];
		char four[4] = { alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63],
			alphabet[v & 63] };

		out_put(o, (struct str){ four, left + 1 });
		if (padded)
			out_put(o, (struct str){ "==", 3 - left });
	}
}

void out_base64(struct out *o, struct str bytes)
{
	put_base64(o, bytes, BASE64, true);
}

void out_base64url(struct out *o, struct str bytes)
{
	put_base64(o, bytes, BASE64URL, false);
}

static bool parse_base64(
	struct str text, const char *alphabet, void *bytes, size_t cap, size_t *len)
{
	unsigned char *b = bytes;
	uint32_t bits = 0;
	unsigned bit_count = 0;
	size_t n = 0;

	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.ptr[i] == '\0' ? NULL : strchr(alphabet, text.ptr[i]);

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			if (n == cap)
				return false;
			b[n++] = (unsigned char)(bits >> bit_count);
			bits &= (1U << bit_count) - 1;
		}
	}
	if (bits != 0)
		return false;
	*len = n;
	return true;
}

bool base64_parse(struct str text, void *bytes, size_t cap, size_t *len)
{
	if (text.len % 4 != 0)
		return false;
	for (int pad = 0; pad < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; pad++)
		text.len--;
	return parse_base64(text, BASE64, bytes, cap, len);
}

bool base64url_parse(struct str text, void *bytes, size_t cap, size_t *len)
{
	return parse_base64(text, BASE64URL, bytes, cap, len);
}
