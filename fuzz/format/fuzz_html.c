/*
 * Property: escaped text never holds a byte that opens markup or ends an attribute, every & begins one of our
 * entities, and all is UTF-8 without control characters; an escaped URL is made of unreserved bytes and %XX.
 */
#include "base/utf8.h"
#include "format/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_entity(struct str s)
{
	return str_starts(s, STR("&amp;")) || str_starts(s, STR("&lt;")) ||
		str_starts(s, STR("&gt;")) || str_starts(s, STR("&quot;")) ||
		str_starts(s, STR("&#39;"));
}

static void check_text(struct str page)
{
	if (!utf8_valid(page))
		abort();
	for (size_t i = 0; i < page.len; i++) {
		unsigned char c = (unsigned char)page.ptr[i];

		if (c == '<' || c == '>' || c == '"' || c == '\'' || c == 0x7f)
			abort();
		if (c < 0x20 && c != '\t' && c != '\n')
			abort();
		if (c == '&' && !is_entity(str_skip(page, i)))
			abort();
	}
}

static void check_url(struct str page)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";

	for (size_t i = 0; i < page.len; i++)
		if (memchr(allowed, page.ptr[i], sizeof(allowed) - 1) == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct html text, url;
	struct err err;
	struct str page;

	if (size > 4096)
		return 0;
	arena_init(&mem, 1 << 20);
	/* Six bytes an input byte always suffice. */
	out_init(&text.o, &mem, 6 * size);
	html_text(&text, str_of(data, size));
	if (out_finish(&text.o, &page, &err) != OK)
		abort();
	check_text(page);
	out_init(&url.o, &mem, 3 * size);
	html_url(&url, str_of(data, size));
	if (out_finish(&url.o, &page, &err) != OK)
		abort();
	check_url(page);
	arena_reset(&mem);
	return 0;
}
