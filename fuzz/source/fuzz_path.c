/*
 * Property: a path that passes, put under a folder and resolved part by part, never rises above it; what is shown
 * of any path is valid UTF-8 without hidden characters and fits. The input is a path, a NUL, a link's target.
 */
#include <stdlib.h>

#include "base/limit.h"
#include "base/utf8.h"
#include "source/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(struct str path)
{
	char shown[PATH_SHOWN_BYTES];
	struct str text = str_from(path_shown(path, shown));

	if (text.len >= PATH_SHOWN_BYTES)
		abort();
	while (text.len > 0) {
		uint32_t code_point;
		size_t n = utf8_decode(text, &code_point);

		if (n == 0 || utf8_is_hidden(code_point))
			abort();
		text = str_skip(text, n);
	}
}

/* Lowest point below the start while following the parts; "" and "." stay. */
static long lowest(long depth, struct str path)
{
	long least = depth;
	size_t from = 0;

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.ptr[i] != '/')
			continue;
		size_t len = i - from;

		if (len == 2 && memcmp(path.ptr + from, "..", 2) == 0)
			depth--;
		else if (len > 0 && !(len == 1 && path.ptr[from] == '.'))
			depth++;
		least = depth < least ? depth : least;
		from = i + 1;
	}
	return least;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str path = str_of(data, size), target = STR("");
	struct err err;

	check_shown(path);
	str_cut(path, '\0', &path, &target);
	if (path_check(path, &err) != OK)
		return 0;
	if (path.len >= LIMIT_PATH_BYTES || lowest(0, path) < 0)
		abort();
	long depth = 0;

	for (size_t i = 0; i < path.len; i++)
		depth += path.ptr[i] == '/';
	if (path_link_check(path, target, &err) == OK &&
		(target.ptr[0] == '/' || lowest(depth, target) < 0))
		abort();
	return 0;
}
