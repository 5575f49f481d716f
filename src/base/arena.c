#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most requests need no second block: a first one of this size is zeroed for each. */
enum { FIRST_BLOCK_BYTES = 4 * 1024, BLOCK_BYTES = 16 * 1024, ALIGN = alignof(max_align_t) };

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){ .limit_bytes = limit_bytes };
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t want;

	if (__builtin_mul_overflow(count, size, &want) || want > a->limit_bytes)
		return NULL;
	want = want == 0 ? ALIGN : (want + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (want > a->limit_bytes - a->used_bytes)
		return NULL;

	struct arena_block *b = a->head;

	if (b == NULL || want > b->cap - b->used) {
		size_t cap = b == NULL ? FIRST_BLOCK_BYTES : BLOCK_BYTES;

		if (cap < want)
			cap = want;
		b = calloc(1, sizeof(*b) + cap);
		if (b == NULL)
			return NULL;
		b->cap = cap;
		b->next = a->head;
		a->head = b;
	}
	void *p = b->bytes + b->used;

	b->used += want;
	a->used_bytes += want;
	assert(a->used_bytes <= a->limit_bytes);
	return p;
}

static void release(struct arena *a, bool wipe)
{
	while (a->head != NULL) {
		struct arena_block *next = a->head->next;

		if (wipe)
			explicit_bzero(a->head->bytes, a->head->used);
		free(a->head);
		a->head = next;
	}
	a->used_bytes = 0;
}

void arena_reset(struct arena *a)
{
	release(a, false);
}

void arena_wipe(struct arena *a)
{
	release(a, true);
}

bool arena_copy(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_alloc(a, s.len + 1, 1);

	if (p == NULL)
		return false;
	memcpy(p, s.ptr, s.len);
	*out = (struct str){ p, s.len };
	return true;
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1, 1);

	if (p != NULL)
		memcpy(p, s.ptr, s.len);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1, 1);

	if (p != NULL)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
