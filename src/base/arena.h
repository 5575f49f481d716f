/*
 * arena: memory that lives exactly as long as one request, job or command.
 *
 * Invariants
 *  - every block comes from arena_alloc; nothing is freed singly;
 *  - bytes returned are zeroed and aligned for any type;
 *  - used_bytes <= limit_bytes, always; asking for more yields NULL;
 *  - arena_reset makes every pointer ever returned invalid; the arena may be used again.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used_bytes, limit_bytes;
};

void arena_init(struct arena *a, size_t limit_bytes);
/* NULL when count * size overflows, the limit is reached or the machine has no memory. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
void arena_reset(struct arena *a);
/* The same, and every byte is zeroed first: for arenas that held secrets or source. */
void arena_wipe(struct arena *a);

#define arena_array(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))

/* Copies; NULL-ptr str on failure is impossible: *out is set and true returned, or false. */
bool arena_copy(struct arena *a, struct str s, struct str *out);
/* NUL-terminated copy, or NULL. The bytes may themselves hold NUL: the caller checks where it matters. */
char *arena_cstr(struct arena *a, struct str s);
/* printf into the arena; NULL when it does not fit. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
