/* pack_store: the content store from inside. Private to store/pack*.c. */
#ifndef STORE_PACK_STORE_H
#define STORE_PACK_STORE_H

#include <pthread.h>

#include "base/limit.h"
#include "store/pack.h"
#include "store/pack_file.h"
#include "store/pack_table.h"

struct pack_store {
	int dir_fd, lock_fd;
	bool writable;
	pthread_mutex_t mutex; /* of files[] (not of what they hold), seen and appending */
	struct pack_file *files[LIMIT_PACKS + 1]; /* by number, from 1 */
	uint32_t last; /* highest number ever used since the start */
	struct pack_seen seen;

	bool appending;
	uint32_t current; /* pack that the next blob goes to, if it fits; 0: none */
	uint32_t batch_pack; /* current when the batch began, and how full it was */
	uint64_t batch_used;
	uint32_t batch_last; /* packs above it are of this batch */
	struct pack_table batch;
};

/* The pack for a blob of `len` bytes, made when the current one is full. */
MUST_CHECK enum err_kind pack_room(
	struct pack_store *store, uint64_t len, struct pack_file **f, struct err *err);
/* The bytes of a place, mapped and compared with its digest. Errors: ERR_CORRUPT names the digest. */
MUST_CHECK enum err_kind pack_bytes(struct pack_store *store, const struct pack_place *place,
	bool always_hash, struct str *bytes, struct err *err);
/* One row of "SELECT digest, pack, offset, len". Errors: ERR_CORRUPT. */
MUST_CHECK enum err_kind pack_place_of(struct stmt *s, struct pack_place *place, struct err *err);
/* Remove a pack's file and forget it. */
MUST_CHECK enum err_kind pack_drop(struct pack_store *store, uint32_t number, struct err *err);

#endif
