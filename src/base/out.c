#include "base/out.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void out_init(struct out *o, struct arena *mem, size_t cap_max)
{
	*o = (struct out){ .mem = mem, .cap_max = cap_max };
}

/* Room for `more` bytes and a NUL. */
static bool reserve(struct out *o, size_t more)
{
	if (o->failed || more > o->cap_max - o->len) {
		o->failed = true;
		return false;
	}
	if (o->buf != NULL && o->len + more < o->cap)
		return true;

	size_t cap = o->cap == 0 ? 256 : o->cap * 2;

	if (cap < o->len + more + 1)
		cap = o->len + more + 1;
	if (cap > o->cap_max + 1)
		cap = o->cap_max + 1;
	char *grown = arena_alloc(o->mem, cap, 1);

	if (grown == NULL) {
		o->failed = true;
		return false;
	}
	if (o->buf != NULL)
		memcpy(grown, o->buf, o->len);
	o->buf = grown;
	o->cap = cap;
	assert(o->len + more < o->cap);
	return true;
}

void out_put(struct out *o, struct str s)
{
	if (!reserve(o, s.len))
		return;
	memcpy(o->buf + o->len, s.ptr, s.len);
	o->len += s.len;
}

void out_char(struct out *o, char c)
{
	out_put(o, (struct str){ &c, 1 });
}

void out_u64(struct out *o, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	out_put(o, (struct str){ digits + at, sizeof(digits) - at });
}

void out_i64(struct out *o, int64_t v)
{
	if (v < 0) {
		out_char(o, '-');
		out_u64(o, (uint64_t)0 - (uint64_t)v);
		return;
	}
	out_u64(o, (uint64_t)v);
}

void out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		o->failed = true;
	else if (reserve(o, (size_t)n)) {
		vsnprintf(o->buf + o->len, (size_t)n + 1, fmt, again);
		o->len += (size_t)n;
	}
	va_end(again);
}

static void put_be(struct out *o, uint64_t v, size_t bytes)
{
	char be[8];

	for (size_t i = 0; i < bytes; i++)
		be[i] = (char)(v >> (8 * (bytes - 1 - i)));
	out_put(o, (struct str){ be, bytes });
}

void out_be16(struct out *o, uint16_t v)
{
	put_be(o, v, 2);
}

void out_be32(struct out *o, uint32_t v)
{
	put_be(o, v, 4);
}

void out_be64(struct out *o, uint64_t v)
{
	put_be(o, v, 8);
}

enum err_kind out_finish(struct out *o, struct str *bytes, struct err *err)
{
	if (!reserve(o, 0))
		return err_set(err, ERR_LIMIT,
			"output larger than %zu bytes, or request memory used up", o->cap_max);
	o->buf[o->len] = '\0';
	*bytes = (struct str){ o->buf, o->len };
	return OK;
}
