/*
 * Property: a path that a row fits is that row's pattern with its parameters put back in; a parameter that is
 * one segment is not empty and holds no slash.
 */
#include <stdlib.h>

#include "base/out.h"
#include "web/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct route_match match;
	struct arena mem;
	struct out out;
	struct str path, rebuilt;
	struct err err;
	size_t param = 0;

	if (size < 1 || size > 4096)
		return 0;
	path = str_of(data + 1, size - 1);
	if (!route_find(data[0] & 1 ? HTTP_POST : HTTP_GET, path, &match))
		return 0;
	arena_init(&mem, 1 << 16);
	out_init(&out, &mem, 8192);
	for (const char *c = match.route->path; *c != '\0'; c++) {
		if (*c != ':' && *c != '*') {
			out_char(&out, *c);
			continue;
		}
		struct str value = match.params[param++];

		if (value.len == 0 || (*c == ':' && memchr(value.ptr, '/', value.len) != NULL))
			abort();
		out_put(&out, value);
		c += strcspn(c, "/") - 1;
	}
	if (param != match.param_count || out_finish(&out, &rebuilt, &err) != OK ||
		!str_eq(rebuilt, path))
		abort();
	arena_reset(&mem);
	return 0;
}
