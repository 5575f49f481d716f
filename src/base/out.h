/*
 * out: a growing run of bytes whose failure is sticky. Append without checking, ask once at the end.
 *
 * Invariants
 *  - len <= cap <= cap_max; the buffer comes from the arena, which owns it;
 *  - after the first append that does not fit, failed stays true and nothing more is appended.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct out {
	struct arena *mem;
	char *buf;
	size_t len, cap, cap_max;
	bool failed;
};

void out_init(struct out *o, struct arena *mem, size_t cap_max);
void out_put(struct out *o, struct str s);
void out_char(struct out *o, char c);
void out_u64(struct out *o, uint64_t v);
void out_i64(struct out *o, int64_t v);
void out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Big-endian integers, for wire and disk. */
void out_be16(struct out *o, uint16_t v);
void out_be32(struct out *o, uint32_t v);
void out_be64(struct out *o, uint64_t v);
/* The bytes, borrowed from the arena and followed by a NUL that does not count. Errors: ERR_LIMIT. */
MUST_CHECK enum err_kind out_finish(struct out *o, struct str *bytes, struct err *err);

#endif
