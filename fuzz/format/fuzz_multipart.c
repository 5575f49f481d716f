/*
 * Property: what is taken lies inside the body, its names and values are text without NUL, and no part holds the delimiter;
 * fields written out again by the rules are read again the same.
 *
 * Input: the content type up to the first LF, then the body.
 */
#include <stdlib.h>

#include "base/limit.h"
#include "base/utf8.h"
#include "format/multipart.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_in(struct str inner, struct str outer)
{
	return inner.len == 0 ||
		(inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str content_type, body, again;
	struct multipart_file file;
	struct form form;
	struct arena mem;
	struct err err;
	struct out o;

	if (!str_cut(str_of(data, size), '\n', &content_type, &body))
		return 0;
	arena_init(&mem, 4 << 20);
	if (multipart_parse(&mem, content_type, body, &form, &file, &err) != OK) {
		arena_reset(&mem);
		return 0;
	}
	require(multipart_is(content_type));
	require(form.count <= MULTIPART_FIELDS_MAX);
	require(lies_in(file.name, body) && lies_in(file.bytes, body));
	/* A boundary that no value can hold: it ends in a byte sequence that the body does not have. */
	out_init(&o, &mem, 2 << 20);
	for (size_t i = 0; i < form.count; i++) {
		const struct form_pair *pair = &form.pairs[i];

		require(lies_in(pair->name, body) && lies_in(pair->value, body));
		require(pair->name.len > 0 && pair->value.len <= LIMIT_TEXT_BYTES);
		require(utf8_valid(pair->name) && utf8_valid(pair->value));
		out_put(&o, STR("--zzzz-boundary-zzzz\r\nContent-Disposition: form-data; name=\""));
		out_put(&o, pair->name);
		out_put(&o, STR("\"\r\n\r\n"));
		out_put(&o, pair->value);
		out_put(&o, STR("\r\n"));
	}
	out_put(&o, STR("--zzzz-boundary-zzzz--\r\n"));
	require(out_finish(&o, &again, &err) == OK);
	if (memmem(body.ptr, body.len, "zzzz-boundary-zzzz", 18) == NULL) {
		struct multipart_file none;
		struct form second;
		enum err_kind rc = multipart_parse(&mem,
			STR("multipart/form-data; boundary=zzzz-boundary-zzzz"), again, &second,
			&none, &err);

		/* A name may hold what ends a parameter: then it is refused, never read otherwise. */
		for (size_t i = 0; rc == OK && i < form.count; i++)
			require(str_eq(second.pairs[i].value, form.pairs[i].value));
	}
	arena_reset(&mem);
	return 0;
}
