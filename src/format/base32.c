#include "format/base32.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base32_put(struct out *o, struct str bytes)
{
	unsigned bits = 0, bit_count = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | (unsigned char)bytes.ptr[i];
		bit_count += 8;
		while (bit_count >= 5) {
			bit_count -= 5;
			out_char(o, ALPHABET[bits >> bit_count & 31]);
		}
		bits &= (1U << bit_count) - 1;
	}
	if (bit_count > 0)
		out_char(o, ALPHABET[bits << (5 - bit_count) & 31]);
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

bool base32_parse(struct str text, void *bytes, size_t cap, size_t *len)
{
	unsigned char *b = bytes;
	unsigned bits = 0, bit_count = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.ptr[i]);

		if (value < 0)
			return false;
		bits = bits << 5 | (unsigned)value;
		bit_count += 5;
		if (bit_count >= 8) {
			bit_count -= 8;
			if (n == cap)
				return false;
			b[n++] = (unsigned char)(bits >> bit_count);
		}
		bits &= (1U << bit_count) - 1;
	}
	/* 5 bits or more left over: a digit that adds nothing. */
	if (bits != 0 || bit_count >= 5)
		return false;
	*len = n;
	return true;
}
