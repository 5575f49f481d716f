#include "glass/chars.h"

#include <stdio.h>

#include "base/utf8.h"

enum { PROBE_BYTES = 8192, ODD_PERCENT_MAX = 30 };

static void spell(struct char_cells *out, const char *format, unsigned value)
{
	char text[CHAR_CELLS_MAX + 1];
	int n = snprintf(text, sizeof(text), format, value);

	assert(n > 0 && n <= CHAR_CELLS_MAX);
	out->is_escape = true;
	out->count = (uint8_t)n;
	for (int i = 0; i < n; i++)
		out->cells[i] = (uint8_t)text[i];
}

void char_read(const struct coverage *coverage, struct str rest, struct char_cells *out)
{
	uint32_t code_point;

	assert(rest.len > 0);
	size_t n = utf8_decode(rest, &code_point);

	out->bytes = n == 0 ? 1 : (uint8_t)n;
	if (n == 0) {
		spell(out, "\\x%02x", (unsigned char)rest.ptr[0]);
	} else if (utf8_is_hidden(code_point)) {
		spell(out, "\\u{%x}", (unsigned)code_point);
	} else if (code_point != ' ' && !coverage_has(coverage, code_point)) {
		spell(out, "U+%04X", (unsigned)code_point);
	} else {
		out->is_escape = false;
		out->count = 1;
		out->cells[0] = code_point;
	}
}

bool chars_are_binary(struct str bytes)
{
	struct str probe = str_head(bytes, bytes.len < PROBE_BYTES ? bytes.len : PROBE_BYTES);
	size_t odd = 0;

	if (probe.len == 0)
		return false;
	if (memchr(probe.ptr, '\0', probe.len) != NULL)
		return true;
	for (size_t at = 0; at < probe.len;) {
		uint32_t code_point;
		size_t n = utf8_decode(str_skip(probe, at), &code_point);

		/* Tab to CR are text, and ESC begins a colour in a log. */
		if (n == 0 ||
			(code_point < ' ' && !(code_point >= '\t' && code_point <= '\r') &&
				code_point != 0x1b))
			odd++;
		at += n == 0 ? 1 : n;
	}
	return odd * 100 > probe.len * ODD_PERCENT_MAX;
}
