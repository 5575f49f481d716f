#include "format/html.h"

#include "base/utf8.h"

void html_lit(struct html *h, const char *literal)
{
	out_put(&h->o, str_from(literal));
}

/* What stands for an ASCII byte; NULL: the byte itself. */
static const char *replacement(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
		return NULL;
	default:
		return c < 0x20 || c == 0x7f ? "" : NULL;
	}
}

void html_text(struct html *h, struct str untrusted)
{
	size_t from = 0, at = 0;

	/* Runs that need no change are copied whole. */
	while (at < untrusted.len) {
		unsigned char c = (unsigned char)untrusted.ptr[at];
		const char *instead = NULL;
		size_t n = 1;

		if (c < 0x80) {
			instead = replacement(c);
		} else {
			uint32_t code_point;

			n = utf8_decode(str_skip(untrusted, at), &code_point);
			if (n == 0) {
				instead = "\xef\xbf\xbd";
				n = 1;
			}
		}
		if (instead != NULL) {
			out_put(&h->o, str_of(untrusted.ptr + from, at - from));
			out_put(&h->o, str_from(instead));
			from = at + n;
		}
		at += n;
	}
	out_put(&h->o, str_of(untrusted.ptr + from, at - from));
}

void html_u64(struct html *h, uint64_t v)
{
	out_u64(&h->o, v);
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '.' || c == '_' || c == '~';
}

void html_url(struct html *h, struct str untrusted)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < untrusted.len; i++) {
		unsigned char c = (unsigned char)untrusted.ptr[i];
		char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (is_unreserved((char)c))
			out_char(&h->o, (char)c);
		else
			out_put(&h->o, str_of(escape, sizeof(escape)));
	}
}
