#include "base/utf8.h"

size_t utf8_decode(struct str s, uint32_t *code_point)
{
	const unsigned char *b = (const unsigned char *)s.ptr;
	size_t len;
	uint32_t cp, least;

	assert(s.len > 0);
	if (b[0] < 0x80) {
		*code_point = b[0];
		return 1;
	}
	if (b[0] >= 0xc2 && b[0] <= 0xdf) {
		len = 2;
		cp = b[0] & 0x1fU;
		least = 0x80;
	} else if ((b[0] & 0xf0) == 0xe0) {
		len = 3;
		cp = b[0] & 0x0fU;
		least = 0x800;
	} else if (b[0] >= 0xf0 && b[0] <= 0xf4) {
		len = 4;
		cp = b[0] & 0x07U;
		least = 0x10000;
	} else {
		return 0;
	}
	if (s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (b[i] & 0x3fU);
	}
	if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*code_point = cp;
	return len;
}

bool utf8_valid(struct str s)
{
	while (s.len > 0) {
		uint32_t cp;
		size_t n = utf8_decode(s, &cp);

		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

size_t utf8_encode(uint32_t cp, char bytes[4])
{
	assert(cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff));
	if (cp < 0x80) {
		bytes[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		bytes[0] = (char)(0xc0 | cp >> 6);
		bytes[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		bytes[0] = (char)(0xe0 | cp >> 12);
		bytes[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | cp >> 18);
	bytes[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool utf8_is_hidden(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, /* C0 */
		{ 0x7f, 0x9f }, /* DEL, C1 */
		{ 0xad, 0xad }, /* soft hyphen */
		{ 0x61c, 0x61c }, /* Arabic letter mark */
		{ 0x180e, 0x180e }, /* Mongolian vowel separator */
		{ 0x200b, 0x200f }, /* zero width, LRM, RLM */
		{ 0x2028, 0x202e }, /* separators, bidi embeddings and overrides */
		{ 0x2060, 0x206f }, /* word joiner, bidi isolates, deprecated controls */
		{ 0xfe00, 0xfe0f }, /* variation selectors */
		{ 0xfeff, 0xfeff }, /* byte order mark */
		{ 0xfff9, 0xfffb }, /* interlinear annotation */
		{ 0xe0000, 0xe0fff }, /* tags and more variation selectors */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

void out_shown(struct out *o, struct str name)
{
	while (name.len > 0) {
		uint32_t cp;
		size_t n = utf8_decode(name, &cp);

		if (n == 0) {
			out_printf(o, "\\x%02x", (unsigned)(unsigned char)name.ptr[0]);
			n = 1;
		} else if (utf8_is_hidden(cp)) {
			out_printf(o, "\\u{%x}", (unsigned)cp);
		} else if (cp == '\\') {
			out_put(o, STR("\\\\"));
		} else {
			out_put(o, str_head(name, n));
		}
		name = str_skip(name, n);
	}
}
