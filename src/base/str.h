/*
 * str: a borrowed run of bytes. Never owns; not NUL-terminated; ptr is non-NULL even when len is 0.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *ptr;
	size_t len;
};

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline struct str str_from(const char *c_string)
{
	return c_string == NULL ? STR("") : (struct str){ c_string, strlen(c_string) };
}

static inline struct str str_of(const void *ptr, size_t len)
{
	return len == 0 ? STR("") : (struct str){ (const char *)ptr, len };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
		memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

/* The bytes from `from` on; from may equal len. */
static inline struct str str_skip(struct str s, size_t from)
{
	assert(from <= s.len);
	return (struct str){ s.ptr + from, s.len - from };
}

static inline struct str str_head(struct str s, size_t len)
{
	assert(len <= s.len);
	return (struct str){ s.ptr, len };
}

/*
 * Cut at the first `sep`: *head gets what precedes it, *rest what follows.
 * Returns false and leaves both untouched when `sep` is absent.
 */
static inline bool str_cut(struct str s, char sep, struct str *head, struct str *rest)
{
	const char *at = s.len == 0 ? NULL : memchr(s.ptr, sep, s.len);

	if (at == NULL)
		return false;
	size_t n = (size_t)(at - s.ptr);

	*head = (struct str){ s.ptr, n };
	*rest = (struct str){ at + 1, s.len - n - 1 };
	assert(head->len + 1 + rest->len == s.len);
	return true;
}

/* Bytewise order, shorter first when one is a prefix of the other. */
int str_cmp(struct str a, struct str b);

/* Without the spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/* Decimal digits only, no sign, no leading zeros but "0" itself; false on overflow or anything else. */
bool str_to_u64(struct str s, uint64_t *out);

#endif
