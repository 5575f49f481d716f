/* Property: a form that is accepted holds UTF-8 without NUL, and encoded again it reads back the same. */
#include "base/limit.h"
#include "base/utf8.h"
#include "format/form.h"
#include "format/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str s)
{
	if (!utf8_valid(s) || memchr(s.ptr, '\0', s.len) != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct form first, second;
	struct html h;
	struct str text;
	struct err err;

	arena_init(&mem, 16 << 20);
	if (form_parse(&mem, str_of(data, size), LIMIT_JSON_BYTES, &first, &err) == OK) {
		out_init(&h.o, &mem, 8 * LIMIT_JSON_BYTES);
		for (size_t i = 0; i < first.count; i++) {
			check(first.pairs[i].name);
			check(first.pairs[i].value);
			if (i > 0)
				HTML(&h, "&");
			html_url(&h, first.pairs[i].name);
			HTML(&h, "=");
			html_url(&h, first.pairs[i].value);
		}
		if (out_finish(&h.o, &text, &err) != OK)
			abort();
		if (form_parse(&mem, text, 8 * LIMIT_JSON_BYTES, &second, &err) != OK ||
			second.count != first.count)
			abort();
		for (size_t i = 0; i < first.count; i++)
			if (!str_eq(first.pairs[i].name, second.pairs[i].name) ||
				!str_eq(first.pairs[i].value, second.pairs[i].value))
				abort();
	}
	arena_reset(&mem);
	return 0;
}
