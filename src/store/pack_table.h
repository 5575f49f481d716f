/* pack_table: two hash tables of the content store: places by digest, and the set of places read before. */
#ifndef STORE_PACK_TABLE_H
#define STORE_PACK_TABLE_H

#include "store/pack.h"

/* Places of one ingest, by digest. Zeroed is empty. */
struct pack_table {
	struct pack_place *slots; /* pack 0: free; packs count from 1 */
	size_t count, cap;
};

const struct pack_place *pack_table_find(const struct pack_table *t, const struct sha256 *digest);
MUST_CHECK enum err_kind pack_table_add(
	struct pack_table *t, const struct pack_place *place, struct err *err);
void pack_table_reset(struct pack_table *t);

/* Places whose bytes were hashed since the start. Zeroed is empty. */
struct pack_seen {
	uint64_t *slots; /* 0: free */
	size_t count, cap;
};

bool pack_seen_has(const struct pack_seen *s, uint32_t pack, uint64_t offset);
/* Failing to remember is harmless: the bytes are hashed once more. */
void pack_seen_add(struct pack_seen *s, uint32_t pack, uint64_t offset);
void pack_seen_reset(struct pack_seen *s);

#endif
